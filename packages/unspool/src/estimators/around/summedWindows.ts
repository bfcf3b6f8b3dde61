/**
 * Several windows of an estimator as one estimate: theta stands still while they run, and their gradients are added up, or
 * averaged. Of all windows of a trajectory it is what the estimator says of a whole trajectory; of a few, an update
 * that is rarer and less noisy.
 *
 *     g = Σ_w g_w     or     g = 1/W Σ_w g_w
 */
import { type Key, type Tensor, random, tree } from "../../array/index.ts";
import {
  NonFiniteError,
  OptionError,
  requireInteger,
  requireKnownOptions,
  requireOneOf,
} from "../../errors.ts";
import type { EstimateMetrics, GradientEstimator, Recurrence } from "../estimator.ts";
import { estimatesProgram, takeEstimates, windowsRunner } from "../takeEstimates.ts";

export interface SummedWindowsOptions {
  /** Estimates that one estimate is made of, W. */
  windows: number;
  /**
   * The sum of the windows' losses and gradients, or their mean. Say what the estimator was told: sums of sums are sums over all
   * steps, means of means are means. Default: the estimator's own, where it says it, else "mean".
   */
  objective?: "sum" | "mean";
}

/** What has been added up, float64. */
interface Sum {
  gradient: unknown;
  loss: Tensor;
}

/**
 * `windows` estimates of `estimator` as one. Their keys are `foldIn(key, 0)`, `foldIn(key, 1)`, …; where the executor can, they
 * are one call. Throws `OptionError` where the estimator was told another objective. Cost: that of the estimates.
 *
 * @example
 * // One estimate per trajectory of 100 steps, from windows of 10.
 * const estimator = summedWindows(pes(problem, { truncation: 10 }), { windows: 10 });
 */
export function summedWindows<Theta, State>(
  estimator: GradientEstimator<Theta, State>,
  options: SummedWindowsOptions,
): GradientEstimator<Theta, State> {
  const where = "summedWindows";
  requireKnownOptions(where, options, ["windows", "objective"]);
  if (typeof (estimator as { estimate?: unknown } | undefined)?.estimate !== "function") {
    throw new OptionError(where, "the first argument", estimator, "a gradient estimator, as pes(problem, …)");
  }
  const own = estimator.madeFor?.options["objective"];
  const { windows, objective = own === "sum" ? own : "mean" } = options ?? ({} as SummedWindowsOptions);
  requireInteger(where, "windows", windows, 1);
  requireOneOf(where, "objective", objective, ["sum", "mean"]);
  if ((own === "sum" || own === "mean") && own !== objective) {
    const hint = "Give both the same.";
    throw new OptionError(where, "objective", objective, `${own}, which ${estimator.name} was told`, hint);
  }
  const { recurrence } = estimator;
  const run = windowsRunner(recurrence) && recurrence && inARow(recurrence, windows);
  const scale = objective === "sum" ? 1 : 1 / windows;
  const name = `${where}(${estimator.name})`;
  return {
    name,
    ...(estimator.madeFor && { madeFor: estimator.madeFor }),
    init: (theta, key) => estimator.init(theta, key),
    estimate(theta, state, key) {
      const summed = run?.(theta, state, key);
      // What became NaN, and where, is the estimator's to say: it is asked window by window.
      const isFinite = summed !== undefined && tree.isFinite([summed.sum.gradient, summed.sum.loss]);
      const made = isFinite ? summed : oneByOne(estimator, theta, state, key, windows);
      const { sum, metrics } = made;
      if (!isFinite && !tree.isFinite([sum.gradient, sum.loss])) {
        throw new NonFiniteError(name, "the sum of the windows' gradients is not finite.", { windows });
      }
      const gradient = tree.map(
        (g: Tensor, leaf: Tensor) => g.mul(scale).astype(leaf.dtype),
        sum.gradient,
        theta as unknown,
      );
      return {
        loss: sum.loss.item() * scale,
        gradient: gradient as Theta,
        state: made.state as State,
        metrics,
      };
    },
  };
}

interface Made {
  sum: Sum;
  state: unknown;
  metrics: EstimateMetrics;
}

const nothing = (theta: unknown): Sum => ({
  gradient: tree.zerosLike(theta, "float64"),
  loss: tree.scalar(0, "float64"),
});

const plus = (sum: Sum, { gradient, loss }: { gradient: unknown; loss: Tensor }): Sum => ({
  gradient: tree.add(sum.gradient, tree.astype(gradient, "float64")),
  loss: sum.loss.add(loss.astype("float64")),
});

/** All windows as few calls as the executor has room for. */
function inARow(recurrence: Recurrence, windows: number): (theta: unknown, state: unknown, key: Key) => Made {
  const program = estimatesProgram<Sum, { loss: Tensor }>(recurrence, (estimate, { theta, own }) => ({
    theta,
    own: plus(own, estimate),
    record: { loss: estimate.loss },
  }));
  return (theta, state, key) => {
    const from = { theta, own: nothing(theta), key, step: 0, estimatorState: state };
    while (from.step < windows) {
      const { own, estimatorState, count } = takeEstimates(recurrence, program, from, windows - from.step);
      Object.assign(from, { own, estimatorState, step: from.step + count });
    }
    return {
      sum: from.own,
      state: from.estimatorState,
      metrics: { innerSteps: windows * recurrence.innerSteps },
    };
  };
}

function oneByOne<Theta, State>(
  estimator: GradientEstimator<Theta, State>,
  theta: Theta,
  first: State,
  key: Key,
  windows: number,
): Made {
  let sum = nothing(theta);
  let state = first;
  let innerSteps = 0;
  for (let window = 0; window < windows; window++) {
    const estimate = estimator.estimate(theta, state, random.foldIn(key, window));
    sum = plus(sum, { gradient: estimate.gradient, loss: tree.scalar(estimate.loss, "float64") });
    state = estimate.state;
    innerSteps += estimate.metrics.innerSteps;
  }
  return { sum, state, metrics: { innerSteps } };
}
