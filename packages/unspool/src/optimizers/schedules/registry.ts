/** The schedules by name: one line each. A config file writes `{ schedule: "cosineDecay", from: 0.1, steps: 1000 }`. */
import { requireOneOf } from "../../errors.ts";
import type { Schedule } from "../optimizer.ts";
import { constantSchedule, constantScheduleDefaults } from "./constantSchedule.ts";
import { cosineDecay, cosineDecayDefaults } from "./cosineDecay.ts";
import { exponentialDecay, exponentialDecayDefaults } from "./exponentialDecay.ts";
import { inverseTimeDecay, inverseTimeDecayDefaults } from "./inverseTimeDecay.ts";
import { linearSchedule, linearScheduleDefaults } from "./linearSchedule.ts";
import { piecewiseConstant, piecewiseConstantDefaults } from "./piecewiseConstant.ts";
import { polynomialSchedule, polynomialScheduleDefaults } from "./polynomialSchedule.ts";
import { warmupCosineDecay, warmupCosineDecayDefaults } from "./warmupCosineDecay.ts";

export interface ScheduleEntry {
  readonly name: string;
  /** One line for lists. */
  readonly summary: string;
  /** All options with their defaults. */
  readonly defaults: Readonly<Record<string, unknown>>;
  create(options: Record<string, unknown>): Schedule;
}

function entry<Options extends object>(
  name: string,
  create: (options: Options) => Schedule,
  defaults: Required<Options>,
  summary: string,
): ScheduleEntry {
  // The factory checks names and values of what it is given.
  return { name, summary, defaults: { ...defaults }, create: (options) => create(options as Options) };
}

// prettier-ignore
export const schedules: readonly ScheduleEntry[] = [
  entry("constantSchedule", constantSchedule, constantScheduleDefaults, "the same value at every step"),
  entry("linearSchedule", linearSchedule, linearScheduleDefaults, "a straight line"),
  entry("polynomialSchedule", polynomialSchedule, polynomialScheduleDefaults, "a power of what is left"),
  entry("exponentialDecay", exponentialDecay, exponentialDecayDefaults, "the same factor every so many steps"),
  entry("inverseTimeDecay", inverseTimeDecay, inverseTimeDecayDefaults, "like 1 / step"),
  entry("cosineDecay", cosineDecay, cosineDecayDefaults, "half a cosine"),
  entry("warmupCosineDecay", warmupCosineDecay, warmupCosineDecayDefaults, "a line up, half a cosine down"),
  entry("piecewiseConstant", piecewiseConstant, piecewiseConstantDefaults, "a staircase"),
];

export const scheduleNames: readonly string[] = schedules.map(({ name }) => name);

/** A schedule by name. Throws `OptionError` for names and options that it does not know, with the nearest one. */
export function createSchedule(name: string, options: Record<string, unknown> = {}): Schedule {
  requireOneOf("createSchedule", "name", name, scheduleNames);
  return schedules.find((candidate) => candidate.name === name)!.create(options);
}
