/**
 * Observations brought to mean 0 and deviation 1 by what has been seen so far, in two ways:
 *
 *     running   a batch of k rows with mean m_b and deviation s_b (n - 1; 0 of one row) is merged with rho = n / (n + k):
 *               mean' = rho mean + (1 - rho) m_b
 *               var'  = rho (std² + (mean' - mean)²) + (1 - rho) (s_b² + (mean' - m_b)²),   clipped to ±10
 *               (Zeroth-Order Actor-Critic, code of Lei et al., arXiv 2209.04854; not the deviation of all rows, quite)
 *     ARS V2    mean of all rows, deviation with n - 1; what has not moved gives 0. Not clipped.
 *               (Mania, Guy and Recht, arXiv 1803.07055, algorithm 2 and its code)
 */
import { type Tensor, np } from "../../array/index.ts";
import type { Policy } from "./environment.ts";
import type { RunningMoments } from "./runningMoments.ts";

/** Plain numbers, [observation] row by row. */
export interface MeanAndDeviation {
  mean: readonly number[];
  std: readonly number[];
}

/** The running filter's memory. */
export interface RunningFilter extends MeanAndDeviation {
  /** Rows seen. */
  count: number;
}

/** The running filter before it has seen anything: mean 0, deviation 1. */
export function emptyRunningFilter(size: number): RunningFilter {
  const each = (value: number) => Array.from({ length: size }, () => value);
  return { count: 0, mean: each(0), std: each(1) };
}

/** With a batch more: `moments` are of its rows. */
export function updateRunningFilter(filter: RunningFilter, moments: RunningMoments): RunningFilter {
  if (moments.count === 0) return filter;
  const rho = filter.count / (filter.count + moments.count);
  const mix = (old: number, added: number) => rho * old + (1 - rho) * added;
  const mean = filter.mean.map((old, i) => mix(old, moments.mean[i]!));
  const std = filter.std.map((old, i) => {
    const batch = moments.count > 1 ? moments.squares[i]! / (moments.count - 1) : 0;
    const [away, batchAway] = [mean[i]! - filter.mean[i]!, mean[i]! - moments.mean[i]!];
    return Math.sqrt(mix(old ** 2 + away ** 2, batch + batchAway ** 2));
  });
  return { count: filter.count + moments.count, mean, std };
}

/** Below this a coordinate has not moved: ARS's code divides it by infinity. */
const leastArsDeviation = 1e-7;

/** ARS's mean and deviation of all that was seen. Of one row the deviation is the row's size; of none, 1. */
export function arsFilter({ count, mean, squares }: RunningMoments): MeanAndDeviation {
  const std = squares.map((sum, i) => {
    if (count === 0) return 1;
    const own = count > 1 ? Math.sqrt(sum / (count - 1)) : Math.abs(mean[i]!);
    return own < leastArsDeviation ? Infinity : own;
  });
  return { mean, std };
}

/** As tensors: part of the parameters of a policy. */
export type Filter = { mean: Tensor; std: Tensor };

/** A filter as it is now, for episodes that are played with it: until the next one all see the same. */
export function filterOf(
  { mean, std }: MeanAndDeviation,
  options: { dtype?: "float32" | "float64" } = {},
): Filter {
  const { dtype = "float32" } = options;
  return { mean: np.array([...mean], { dtype }), std: np.array([...std], { dtype }) };
}

/** What a filter makes of an observation: (x - mean) / (std + 1e-8), not beyond ±`clip`. */
export function applyFilter({ mean, std }: Filter, observation: Tensor, clip: number = Infinity): Tensor {
  const scaled = observation.sub(mean).div(std.add(1e-8));
  if (clip === Infinity) return scaled;
  return np.minimum(np.maximum(scaled, -clip), clip) as Tensor;
}

/** The same as plain numbers. */
export function plainFilter({ mean, std }: Filter): MeanAndDeviation {
  return { mean: Array.from(mean.data), std: Array.from(std.data) };
}

/** Where a theta has its filter. It follows what is seen, and is neither perturbed nor trained. */
export interface PolicyFilter<Theta> {
  /** Filtered observations are not beyond ±`clip`. */
  readonly clip: number;
  get(theta: Theta): Filter;
  /** `theta` with another filter. */
  set(theta: Theta, filter: Filter): Theta;
  /** What is trained. */
  rest(theta: Theta): unknown;
}

export type FilteredTheta<Theta> = { filter: Filter; policy: Theta };

export interface FilteredPolicyOptions {
  /** Numbers of an observation. */
  observationSize: number;
  /** Default Infinity, as ARS; the running filter has 10. */
  clip?: number;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

/** A policy that sees filtered observations; the filter stands beside its parameters and is not trained. */
export function filteredPolicy<Theta>(
  policy: Policy<Theta>,
  options: FilteredPolicyOptions,
): Policy<FilteredTheta<Theta>> {
  const { observationSize, clip = Infinity, dtype = "float32" } = options;
  return {
    name: `filtered ${policy.name}`,
    filter: {
      clip,
      get: ({ filter }) => filter,
      set: (theta, filter) => ({ ...theta, filter }),
      rest: ({ policy: own }) => own,
    },
    init: (key) => ({
      filter: filterOf(emptyRunningFilter(observationSize), { dtype }),
      policy: policy.init(key),
    }),
    act: (theta, observation, key) =>
      policy.act(theta.policy, applyFilter(theta.filter, observation, clip), key),
  };
}
