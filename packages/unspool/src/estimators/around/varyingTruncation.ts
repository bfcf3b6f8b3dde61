/**
 * Windows of several lengths: each estimate takes another truncation, drawn or by a schedule, on the same trajectories. Short
 * windows give updates often, long ones less noise and, for estimators that truncate, less bias; of random lengths no
 * step of a trajectory always lies at the end of a window.
 *
 * A window never reaches over the end of a trajectory: of the truncations that are left the one that is wanted is
 * taken, or the longest that fits.
 */
import { type Key, random } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import type { GradientEstimator } from "../estimator.ts";

export interface VaryingTruncationOptions<Theta, State> {
  /** Steps of a trajectory, T. */
  horizon: number;
  /** Window lengths: divisors of the horizon, each a multiple of the shortest. */
  truncations: readonly number[];
  /** The estimator of a window length, called once for each; all with the same other options, and resets in lockstep. */
  create(truncation: number): GradientEstimator<Theta, State>;
  /** "random" (default): with equal probabilities among those that fit. Or the length that is wanted after so many estimates. */
  schedule?: "random" | ((estimates: number) => number);
}

/** Plain data, as every state of an estimator. */
export interface VaryingTruncationState<State> {
  estimates: number;
  /** Steps done on the present trajectory. */
  t: number;
  /** The state of the estimators, which they share. */
  inner: State;
}

/**
 * An estimator whose window length changes. The gradient of each window is what the estimator of that length makes of it, so
 * that an unbiased one stays it for the objective "sum". Cost: that of the window.
 *
 * @example
 * const estimator = varyingTruncation({
 *   horizon: 1000,
 *   truncations: [10, 50, 100],
 *   create: (truncation) => pes(problem, { truncation, objective: "sum" }),
 * });
 */
export function varyingTruncation<Theta, State>(
  options: VaryingTruncationOptions<Theta, State>,
): GradientEstimator<Theta, VaryingTruncationState<State>> {
  const where = "varyingTruncation";
  requireKnownOptions(where, options, ["horizon", "truncations", "create", "schedule"]);
  const { horizon, create, schedule = "random" } = options;
  const truncations = options.truncations.toSorted((a, b) => a - b);
  requireLengths(where, horizon, truncations);
  if (schedule !== "random" && typeof schedule !== "function") {
    throw new OptionError(
      where,
      "schedule",
      schedule,
      '"random" or a function of the number of estimates made',
    );
  }
  const estimators = new Map(
    truncations.map((truncation) => [
      truncation,
      requireWindow(where, horizon, truncation, create(truncation)),
    ]),
  );
  const shortest = truncations[0]!;
  const { madeFor } = estimators.get(shortest)!;
  const at = (truncation: number): GradientEstimator<Theta, State> => estimators.get(truncation)!;

  function truncationAt({ estimates, t }: { estimates: number; t: number }, key: Key): number {
    const fitting = truncations.filter((truncation) => t + truncation <= horizon);
    if (schedule === "random") {
      return fitting[random.randint(random.foldIn(key, "truncation"), [], 0, fitting.length).item()]!;
    }
    const wanted = schedule(estimates);
    if (!truncations.includes(wanted)) {
      throw new OptionError(where, `schedule(${estimates})`, wanted, `one of ${truncations.join(", ")}`);
    }
    return fitting.findLast((truncation) => truncation <= wanted)!;
  }

  return {
    name: `${where}(${at(shortest).name})`,
    ...(madeFor && { madeFor }),
    init: (theta, key) => ({ estimates: 0, t: 0, inner: at(shortest).init(theta, key) }),
    estimate(theta, state, key) {
      const truncation = truncationAt(state, key);
      const estimate = at(truncation).estimate(theta, state.inner, key);
      return {
        ...estimate,
        state: {
          estimates: state.estimates + 1,
          t: (state.t + truncation) % horizon,
          inner: estimate.state,
        },
      };
    },
  };
}

/** What `create` makes, where it says what it was made for: of these windows, and of a problem of this horizon. */
function requireWindow<Theta, State>(
  where: string,
  horizon: number,
  truncation: number,
  made: GradientEstimator<Theta, State>,
): GradientEstimator<Theta, State> {
  const { problem, options } = made.madeFor ?? {};
  const own = options?.["truncation"];
  if (typeof own === "number" && own !== truncation) {
    const hint = "Hand the argument of `create` on as the option `truncation`.";
    throw new OptionError(where, `the truncation of create(${truncation})`, own, `${truncation}`, hint);
  }
  if (problem !== undefined && problem.horizon !== horizon) {
    throw new OptionError(
      where,
      "horizon",
      horizon,
      `${problem.horizon}, that of the problem of ${made.name}`,
    );
  }
  return made;
}

/** With multiples of the shortest, which divides the horizon, what is left of a trajectory always has a window. */
function requireLengths(where: string, horizon: number, truncations: readonly number[]): void {
  requireInteger(where, "horizon", horizon, 1);
  if (truncations.length === 0) {
    throw new OptionError(where, "truncations", truncations, "at least one window length");
  }
  const [shortest] = truncations as [number, ...number[]];
  truncations.forEach((truncation) => {
    requireInteger(where, "truncations", truncation, 1);
    if (horizon % truncation === 0 && truncation % shortest === 0) return;
    const allowed = `divisors of the horizon ${horizon} and multiples of the shortest, ${shortest}`;
    throw new OptionError(where, "truncations", truncation, allowed);
  });
}
