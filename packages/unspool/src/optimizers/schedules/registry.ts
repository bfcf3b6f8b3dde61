/** The schedules by name: one line each. A config file writes `{ schedule: "cosineDecay", from: 0.1, steps: 1000 }`. */
import { type Registry, registry } from "../../registry.ts";
import type { Schedule } from "../optimizer.ts";
import { constantSchedule, constantScheduleDefaults } from "./constantSchedule.ts";
import { cosineDecay, cosineDecayDefaults } from "./cosineDecay.ts";
import { cosineRestarts, cosineRestartsDefaults } from "./cosineRestarts.ts";
import { exponentialDecay, exponentialDecayDefaults } from "./exponentialDecay.ts";
import { inverseSquareRoot, inverseSquareRootDefaults } from "./inverseSquareRoot.ts";
import { inverseTimeDecay, inverseTimeDecayDefaults } from "./inverseTimeDecay.ts";
import { linearSchedule, linearScheduleDefaults } from "./linearSchedule.ts";
import { oneCycle, oneCycleDefaults } from "./oneCycle.ts";
import { piecewiseConstant, piecewiseConstantDefaults } from "./piecewiseConstant.ts";
import { polynomialSchedule, polynomialScheduleDefaults } from "./polynomialSchedule.ts";
import { warmup, warmupDefaults } from "./warmup.ts";
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
  const make = (options: Record<string, unknown>): Schedule => create(withInnerSchedule(options) as Options);
  return { name, summary, defaults: { ...defaults }, create: make };
}

/** A record `of` that names a schedule becomes that schedule. */
function withInnerSchedule(options: Record<string, unknown>): Record<string, unknown> {
  const { of } = options;
  if (typeof of !== "object" || of === null || !("schedule" in of)) return options;
  const { schedule, ...rest } = of as Record<string, unknown>;
  return { ...options, of: createSchedule(String(schedule), rest) };
}

// prettier-ignore
const registered: Registry<ScheduleEntry> = registry("createSchedule", [
  entry("constantSchedule", constantSchedule, constantScheduleDefaults, "the same value at every step"),
  entry("linearSchedule", linearSchedule, linearScheduleDefaults, "a straight line"),
  entry("polynomialSchedule", polynomialSchedule, polynomialScheduleDefaults, "a power of what is left"),
  entry("exponentialDecay", exponentialDecay, exponentialDecayDefaults, "the same factor every so many steps"),
  entry("inverseTimeDecay", inverseTimeDecay, inverseTimeDecayDefaults, "like 1 / step"),
  entry("cosineDecay", cosineDecay, cosineDecayDefaults, "half a cosine"),
  entry("cosineRestarts", cosineRestarts, cosineRestartsDefaults, "half cosines, longer and longer"),
  entry("oneCycle", oneCycle, oneCycleDefaults, "up once, and down to next to nothing"),
  entry("inverseSquareRoot", inverseSquareRoot, inverseSquareRootDefaults, "like 1 / √step"),
  entry("warmup", warmup, warmupDefaults, "a gentle start of any other schedule"),
  entry("warmupCosineDecay", warmupCosineDecay, warmupCosineDecayDefaults, "a line up, half a cosine down"),
  entry("piecewiseConstant", piecewiseConstant, piecewiseConstantDefaults, "a staircase"),
]);

export const schedules: readonly ScheduleEntry[] = registered.entries;

export const scheduleNames: readonly string[] = registered.names;

/** A schedule by name. Throws `OptionError` for names and options that it does not know, with the nearest one. */
export function createSchedule(name: string, options: Record<string, unknown> = {}): Schedule {
  return registered.create(name, options);
}
