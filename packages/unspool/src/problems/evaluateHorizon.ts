/**
 * How an optimizer fares beyond the number of steps that it was made for: one training run of the longest horizon from
 * each of several seeds, of which the shorter ones are beginnings. An optimizer that is not stable climbs there (Harrison,
 * Metz and Sohl-Dickstein, NeurIPS 2022, Figure 3).
 */
import { type Key, type Tensor, np } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../errors.ts";
import { type LearnedOptimizer, type Optimizer, requireOptimizer } from "../optimizers/index.ts";
import { unroll } from "../unroll/index.ts";
import { metaTraining } from "./metaTraining.ts";
import type { TaskFamily } from "./task.ts";

export interface EvaluateHorizonOptions {
  /** Source of tasks, parameters and batches: the same for all optimizers. */
  key: Key;
  /** Steps that the optimizer was made for, T. Default 100. */
  horizon?: number;
  /** Multiples of the horizon to judge at, the smallest first. Default [1,2,10]. */
  factors?: readonly number[];
  /** Training runs. Default 16. */
  runs?: number;
  /** Steps at the end of each horizon whose mean is its final loss. Default 20, or all if there are fewer. */
  last?: number;
}

/** Losses up to one horizon; above the family's ceiling, or no numbers, they count as the ceiling. */
export interface HorizonLosses {
  /** Of the horizon. */
  factor: number;
  /** Training steps. */
  steps: number;
  /** Mean over steps and runs. */
  mean: number;
  /** Mean over the last steps and over runs. */
  final: number;
  /** The same of each run. */
  finals: readonly number[];
  /** Runs whose final loss is above their own at the first of the horizons. */
  climbed: number;
}

export interface HorizonEvaluation {
  /** One for each factor. */
  horizons: readonly HorizonLosses[];
  /** Loss before each step of each run, [steps, runs], float64. */
  losses: Tensor;
}

/**
 * Trains parameters of float32 on tasks of a family. Cost: `runs` times the longest horizon.
 *
 * @throws OptionError for factors that do not rise from above 0, or horizons of less than one step.
 *
 * @example
 * const { horizons } = evaluateHorizon(pretrainedOptimizer("star-mnist"), family, { key: random.key(0) });
 * horizons.at(-1)!.climbed; // of 16 runs, after 1000 steps
 */
export function evaluateHorizon<Config, Parameters, Batch>(
  optimizer: Optimizer,
  family: TaskFamily<Config, Parameters, Batch>,
  options: EvaluateHorizonOptions,
): HorizonEvaluation {
  const where = "evaluateHorizon";
  requireKnownOptions(where, options, ["key", "horizon", "factors", "runs", "last"]);
  requireOptimizer(where, optimizer);
  const { key, horizon = 100, factors = [1, 2, 10], runs = 16, last = 20 } = options;
  requireInteger(where, "horizon", horizon, 1);
  requireInteger(where, "runs", runs, 1);
  requireInteger(where, "last", last, 1);
  const rises = factors.every((factor, i) => factor > (factors[i - 1] ?? 0) && Number.isFinite(factor));
  if (factors.length === 0 || !rises || Math.round(factors[0]! * horizon) < 1) {
    throw new OptionError(where, "factors", factors, "numbers that rise, the first of a step or more");
  }
  const lengths = factors.map((factor) => Math.round(factor * horizon));
  const steps = lengths.at(-1)!;
  const problem = metaTraining(fixed(optimizer), family, { horizon: steps });
  const { losses } = unroll(problem, { none: np.zeros([]) }, { key, particles: runs });
  const averages = (from: number, to: number): number[] =>
    Array.from({ length: runs }, (_, run) => {
      let sum = 0;
      for (let t = from; t < to; t++) sum += losses.data[t * runs + run]!;
      return sum / (to - from);
    });
  const finalsOf = (length: number): number[] => averages(Math.max(0, length - last), length);
  const first = finalsOf(lengths[0]!);
  const horizons = lengths.map((length, i): HorizonLosses => {
    const finals = finalsOf(length);
    return {
      factor: factors[i]!,
      steps: length,
      mean: meanOf(averages(0, length)),
      final: meanOf(finals),
      finals,
      climbed: finals.filter((loss, run) => loss > first[run]!).length,
    };
  });
  return { horizons, losses };
}

/** An optimizer as one with nothing to learn. */
function fixed(optimizer: Optimizer): LearnedOptimizer<{ none: Tensor }> {
  return { name: optimizer.name, init: () => ({ none: np.zeros([]) }), optimizer: () => optimizer };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}
