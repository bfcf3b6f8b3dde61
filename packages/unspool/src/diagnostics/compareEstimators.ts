/**
 * Bias, variance and cost of gradient estimators on one problem at fixed theta.
 *
 * Each estimator is run over whole trajectories with the same keys (common random numbers: the same trajectories, data
 * and, pair by pair and window by window, perturbations), and what it says of a trajectory is one sample. All spend the
 * same number of inner steps. Vuorio et al. 2022 and Vicol, Metz, Sohl-Dickstein 2021 draw such figures.
 */
import { type Key, random, tree } from "../array/index.ts";
import { OptionError, UnspoolError, requireInteger, requireOneOf, requireKnownOptions } from "../errors.ts";
import { type ComparedEstimator, type EstimatorOptions, estimatorEntry } from "../estimators/index.ts";
import { type Problem, requireHorizon } from "../unroll/index.ts";
import { measuredHorizon } from "./measuredHorizon.ts";
import { type EstimatorMeasurement, measureEstimator } from "./measureEstimator.ts";
import { type ReferenceGradient, isDeterministic, referenceGradient } from "./referenceGradient.ts";

export interface CompareOptions {
  /** Names or aliases of registered estimators. */
  estimators: readonly string[];
  /** Estimators of this problem that no registry holds, measured beside them. Default: none. */
  others?: readonly ComparedEstimator[] | undefined;
  /** Handed to all of them: sigma, pairs, truncation, objective. */
  options?: EstimatorOptions;
  /** Inner steps that each estimator may spend, and a quarter of that at other truncations. Default: 32 trajectories of all particles. */
  innerSteps?: number | undefined;
  /** Steps of a trajectory; needed where the problem's is infinite (default 500 there). */
  horizon?: number | undefined;
  /** Windows for which the comparison is repeated; default a few divisors of the horizon; [] for none. */
  truncations?: readonly number[] | undefined;
  /** What is held to be true where `exactGradient` is not given: "auto" takes backpropagation in float64 where it can be trusted, and full ES elsewhere. Default "auto". */
  reference?: "auto" | "bptt" | "fullEs" | undefined;
  /** The gradient of the objective over a whole trajectory, where it is known in closed form. */
  exactGradient?: ((theta: never, horizon: number) => unknown) | undefined;
  /** Of all draws. Default `random.key(0)`. */
  key?: Key | undefined;
  /** Told what is measured next. */
  onProgress?: ((what: string) => void) | undefined;
}

/** An estimator that could not be measured, and why. */
export interface FailedMeasurement {
  name: string;
  truncation: number;
  error: string;
}

export interface Comparison {
  horizon: number;
  truncation: number;
  /** Paths and sizes of theta's leaves, in the order of the vectors. */
  leaves: readonly { path: string; size: number }[];
  isDeterministic: boolean;
  reference: ReferenceGradient;
  estimators: readonly EstimatorMeasurement[];
  /** The same at other truncations, for estimators that have windows. */
  byTruncation: readonly EstimatorMeasurement[];
  failed: readonly FailedMeasurement[];
}

const trajectoriesByDefault = 32;
const sweepShare = 1 / 4;

/** Measures `estimators` on `problem` at `theta`. */
export function compareEstimators<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  theta: Theta,
  given: CompareOptions,
): Comparison {
  requireKnownOptions("compareEstimators", given, [
    "estimators",
    "others",
    "options",
    "innerSteps",
    "horizon",
    "truncations",
    "reference",
    "exactGradient",
    "key",
    "onProgress",
  ]);
  const where = "compareEstimators";
  const { estimators, others: unregistered = [], key = random.key(0), onProgress = () => {} } = given;
  if (estimators.length + unregistered.length === 0)
    throw new OptionError(where, "estimators", [], "at least one name");
  const entries: Named[] = [
    ...estimators.map((name) => ({ name, entry: estimatorEntry(name) })),
    ...unregistered.map((entry) => ({ name: entry.name, entry })),
  ];
  requireOneOf(where, "reference", given.reference ?? "auto", ["auto", "bptt", "fullEs"]);
  const horizon = given.horizon ?? measuredHorizon(problem);
  requireInteger(where, "horizon", horizon, 1);
  requireHorizon(where, "horizon", horizon);
  // Bias is that of gradients, not of gradients divided by something that they depend on.
  const options = { objective: "mean" as const, ...given.options, isDividedByStd: false };
  const truncation = options.truncation ?? Math.min(10, horizon);
  requireDivisor(where, truncation, horizon);
  const others = given.truncations ?? someDivisors(horizon);
  for (const other of others) requireDivisor(where, other, horizon, "truncations");
  const finite: Problem<Theta, State, Batch> = { ...problem, horizon };
  const isFixed = isDeterministic(finite, theta, key);
  const particles = 2 * (options.pairs ?? 16);
  const innerSteps = given.innerSteps ?? trajectoriesByDefault * particles * horizon;
  requireInteger(where, "innerSteps", innerSteps, 1);

  onProgress("reference");
  const reference =
    exactReference(given, theta, horizon) ??
    referenceGradient(finite, theta, {
      options,
      key,
      innerSteps,
      isDeterministic: isFixed,
      method: given.reference,
    });
  const context = { problem: finite, theta, options, key, innerSteps, reference, isFixed };
  const failed: FailedMeasurement[] = [];
  const attempt = ({ name, entry }: Named, at: number, share = 1): EstimatorMeasurement[] => {
    try {
      const limited = { ...context, innerSteps: innerSteps * share };
      return [measureEstimator(limited, name, entry, at)];
    } catch (error) {
      if (!(error instanceof UnspoolError)) throw error;
      failed.push({ name, truncation: at, error: error.message });
      return [];
    }
  };
  onProgress(`truncation ${truncation}`);
  const measured = entries.flatMap((one) => attempt(one, truncation));
  const swept = entries.filter(
    ({ name, entry }) => !entry.isWhole && !failed.some((failure) => failure.name === name),
  );
  const byTruncation = others.flatMap((at) => {
    if (at === truncation) return measured.filter(({ name }) => swept.some((one) => one.name === name));
    if (swept.length > 0) onProgress(`truncation ${at}`);
    return swept.flatMap((one) => attempt(one, at, sweepShare));
  });
  const leaves = tree.entries(theta).map(([path, leaf]) => ({ path: path || "theta", size: leaf.size }));
  return {
    horizon,
    truncation,
    leaves,
    isDeterministic: isFixed,
    reference,
    estimators: measured,
    byTruncation,
    failed,
  };
}

interface Named {
  name: string;
  entry: ComparedEstimator;
}

function exactReference(
  { exactGradient, options = {} }: CompareOptions,
  theta: unknown,
  horizon: number,
): ReferenceGradient | undefined {
  if (exactGradient === undefined) return undefined;
  // It is of the theta that the comparison is given, whose type its options do not repeat.
  const gradient = tree.flatten(exactGradient(theta as never, horizon));
  return {
    method: "exact",
    description: `closed form, the ${options.objective ?? "mean"} over a trajectory`,
    gradient,
    standardError: new Float64Array(gradient.length),
    trajectories: 0,
    innerSteps: 0,
  };
}

function requireDivisor(where: string, truncation: number, horizon: number, option = "truncation"): void {
  requireInteger(where, option, truncation, 1);
  if (horizon % truncation === 0) return;
  throw new OptionError(where, option, truncation, `a divisor of the horizon ${horizon}`);
}

/** 1, the horizon, and divisors near even steps of the logarithm between them. */
function someDivisors(horizon: number): number[] {
  const small = Array.from({ length: Math.floor(Math.sqrt(horizon)) }, (_, i) => i + 1).filter(
    (i) => horizon % i === 0,
  );
  const divisors = [...new Set([...small, ...small.map((i) => horizon / i)])];
  const wanted = [0, 1 / 4, 1 / 2, 3 / 4, 1].map((share) => horizon ** share);
  const nearest = (to: number): number =>
    divisors.reduce((best, one) =>
      Math.abs(Math.log(one / to)) < Math.abs(Math.log(best / to)) ? one : best,
    );
  return [...new Set(wanted.map(nearest))];
}

/** A vector of theta's numbers by the paths of its leaves. */
export function byLeaf(
  { leaves }: Pick<Comparison, "leaves">,
  values: Float64Array,
): Record<string, number[]> {
  let at = 0;
  return Object.fromEntries(
    leaves.map(({ path, size }): [string, number[]] => [path, [...values.slice(at, (at += size))]]),
  );
}
