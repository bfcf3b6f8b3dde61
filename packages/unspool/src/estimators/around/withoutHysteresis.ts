/**
 * A windowed estimator whose trajectory was run with the present theta from its beginning: before each window the windows
 * before it are run again, with the keys that they had. While theta is learned, states and accumulated
 * perturbations of a windowed estimator come from earlier thetas (hysteresis), and it is unbiased only for a theta that
 * stands still; this one is for every theta. It tells what hysteresis does to a run (research code of
 * google/learned_optimization; Vicol, Metz, Sohl-Dickstein 2021 name the bias), at a price that grows with the window.
 *
 *     estimate w:   s_0 -> s_1 -> … -> s_{w-1} -> g_w,   all with the theta of now
 */
import { type Key, type Tensor, np, tree } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import type { GradientEstimator } from "../estimator.ts";

export interface WithoutHysteresisOptions {
  /** Windows of a trajectory: its horizon over the truncation. */
  windows: number;
}

/** Plain data, as every state of an estimator. */
export interface WithoutHysteresisState<State> {
  /** The estimator's state at the start of the present trajectory. */
  start: State;
  /** Keys of the windows that are done, uint32 [windows, 2]; zeros behind them. */
  keys: Tensor;
  /** How many they are. */
  done: number;
}

/**
 * The estimator, with its past of the present trajectory run again. Trajectories must begin together ("lockstep"), and end
 * after `windows` estimates. At a theta that stands still it gives the bits of the estimator itself. Cost: (w - 1)
 * estimates more for window w, half a trajectory on average.
 *
 * @example
 * const estimator = withoutHysteresis(pes(problem, { truncation: 10 }), { windows: problem.horizon / 10 });
 */
export function withoutHysteresis<Theta, State>(
  estimator: GradientEstimator<Theta, State>,
  options: WithoutHysteresisOptions,
): GradientEstimator<Theta, WithoutHysteresisState<State>> {
  const where = "withoutHysteresis";
  requireKnownOptions(where, options, ["windows"]);
  const { windows } = options;
  requireInteger(where, "windows", windows, 1);
  const noKeys = np.zeros([windows, 2], { dtype: "uint32" });
  return {
    name: `${where}(${estimator.name})`,
    ...(estimator.madeFor && { madeFor: estimator.madeFor }),
    init: (theta, key) => ({ start: estimator.init(theta, key), keys: noKeys, done: 0 }),
    estimate(theta, { start, keys, done }, key) {
      let state = start;
      let innerSteps = 0;
      for (let window = 0; window < done; window++) {
        const past = estimator.estimate(theta, state, keyAt(keys, window));
        state = past.state;
        innerSteps += past.metrics.innerSteps;
      }
      const estimate = estimator.estimate(theta, state, key);
      const hasEnded = done + 1 === windows;
      if (hasEnded) requireStarts(where, windows, estimate.state);
      return {
        ...estimate,
        state: hasEnded
          ? { start: estimate.state, keys: noKeys, done: 0 }
          : { start, keys: withKey(keys, done, key), done: done + 1 },
        metrics: { ...estimate.metrics, innerSteps: innerSteps + estimate.metrics.innerSteps },
      };
    },
  };
}

const keyAt = (keys: Tensor, window: number): Key => keys.slice(window);

function withKey(keys: Tensor, window: number, key: Key): Tensor {
  const data = keys.data.slice();
  data.set(key.data, 2 * window);
  return np.array(data, { shape: keys.shape, dtype: "uint32" });
}

/** Throws unless all units stand at the start of a trajectory, where the state says where they stand. */
function requireStarts(where: string, windows: number, state: unknown): void {
  const times = tree
    .entries((state as { units?: unknown }).units ?? {})
    .filter(([path]) => path === "clock.t")
    .flatMap(([, leaf]) => [...leaf.data]);
  if (times.every((t) => t === 0)) return;
  throw new OptionError(
    where,
    "windows",
    windows,
    'the number of windows after which all trajectories begin anew (horizon / truncation, resets "lockstep")',
    `After as many the first stand at steps ${times.slice(0, 4).join(", ")}.`,
  );
}
