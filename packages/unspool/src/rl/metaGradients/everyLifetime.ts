/**
 * Every lifetime that a small task can have, with its probability: what turns expectations and variances of
 * estimators into sums. M batches per update and T updates make M^T lifetimes, run as units of one program.
 */
import { type Tensor, np, random, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { defaultExecutor } from "../../unroll/index.ts";
import { type ErasedTask, type Enumeration, inTypeOf } from "../environments/learningTask.ts";
import { type LifetimeProgram, type LifetimeShared, lifetimeProgram } from "./lifetimeProgram.ts";
import { settingsOf, sharedOf } from "./metaGradient.ts";
import type { CheckedSwitches } from "./metaGradientOptions.ts";

/** More would take minutes. */
const mostLifetimes = 400_000;

export interface EveryLifetime {
  /** Probability of each lifetime (and start of its window); they sum to 1. */
  probability: Float64Array;
  /** [lifetimes, |eta|]: gradient of the surrogate, not yet divided by the window. */
  gradient: Float64Array;
  /** [lifetimes, |eta|]: gradient of the weighted log-probabilities of all updates, c after the last. */
  score: Float64Array;
  /** Sum of the returns that count. */
  objective: Float64Array;
}

const programs = new WeakMap<ErasedTask, Map<string, LifetimeProgram>>();

/** Runs every lifetime of `task` at eta, in each window that the switches allow. */
export function everyLifetime(
  where: string,
  task: ErasedTask,
  eta: unknown,
  switches: CheckedSwitches,
  mean: number,
): EveryLifetime {
  const table = tableOf(where, task, eta);
  const starts = startsOf(task, switches);
  const rows = table.logChance.size;
  const count = rows ** task.updates * starts.length;
  if (count > mostLifetimes) {
    throw new OptionError(where, "task", `${count} lifetimes`, `one of at most ${mostLifetimes} lifetimes`);
  }
  const shared: LifetimeShared = {
    ...sharedOf(eta, random.key(0), switches, np.array([mean], { dtype: "float64" })),
    table,
  };
  const result = defaultExecutor().forward(
    programOf(task, switches),
    shared,
    unitsOf(rows, task.updates, starts),
  );
  const { gradient, score, objective, logProb } = result.each;
  const probability = Float64Array.from(logProb.data, (value) => Math.exp(value) / starts.length);
  const sum = probability.reduce((total, p) => total + p, 0);
  if (!(Math.abs(sum - 1) < (tree.floatType(eta) === "float64" ? 1e-9 : 1e-3))) {
    throw new OptionError(where, "task.enumerate", sum, "batches whose probabilities sum to 1");
  }
  const floats = (x: Tensor) => x.data as Float64Array;
  return { probability, gradient: floats(gradient), score: floats(score), objective: floats(objective) };
}

function tableOf(where: string, task: ErasedTask, eta: unknown) {
  if (task.enumerate === undefined) {
    throw new OptionError(
      where,
      "task",
      task.name,
      "enumerable",
      "Give it `enumerate`; a bandit has it with given arms and rewardNoise 0.",
    );
  }
  const world = inTypeOf(eta, task.world(random.key(0)));
  const { data, logChance }: Enumeration = task.enumerate(world);
  return { data: inTypeOf(eta, data), logChance: np.array([...logChance], { dtype: "float64" }), world };
}

function startsOf({ updates }: ErasedTask, { start, window }: CheckedSwitches): number[] {
  if (start === "whole") return [0];
  const stride = start === "contiguous" ? window : 1;
  return Array.from({ length: Math.floor((updates - window) / stride) + 1 }, (_, i) => i * stride);
}

function unitsOf(rows: number, updates: number, starts: readonly number[]) {
  const sequences = rows ** updates;
  const sequence = new Int32Array(sequences * starts.length * updates);
  const start = new Int32Array(sequences * starts.length);
  for (let unit = 0; unit < start.length; unit++) {
    start[unit] = starts[Math.floor(unit / sequences)]!;
    for (let t = 0, rest = unit % sequences; t < updates; t++, rest = Math.floor(rest / rows)) {
      sequence[unit * updates + t] = rest % rows;
    }
  }
  return { sequence: np.array(sequence, { shape: [start.length, updates] }), start: np.array(start) };
}

/** One program for all values of the numbers among the switches. */
function programOf(task: ErasedTask, switches: CheckedSwitches): LifetimeProgram {
  const start = switches.start === "contiguous" ? "uniform" : switches.start;
  const make = () => lifetimeProgram(settingsOf(task, { ...switches, start }, task.updates, 1));
  if (typeof switches.baseline === "function") return make();
  const { hessian, decay, form, objective, baseline } = switches;
  const signature = [hessian, decay, form, start, objective, baseline === "constant"].join();
  const known = programs.get(task) ?? new Map<string, LifetimeProgram>();
  programs.set(task, known);
  const program = known.get(signature) ?? make();
  known.set(signature, program);
  return program;
}
