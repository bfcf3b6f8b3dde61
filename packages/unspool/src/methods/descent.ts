/** The common method: an estimator estimates a gradient of theta, an optimizer takes a step with it. */
import { type Key, type Tensor, type Tree, np, tree } from "../array/index.ts";
import { ResumeError } from "../errors.ts";
import type { EstimateMetrics, MadeFor, Recurrence } from "../estimators/index.ts";
import { type LossObservation, type Optimizer, requireOptimizer } from "../optimizers/index.ts";
import { compiled } from "../unroll/index.ts";
import {
  type DescentProgram,
  descentProgram,
  descentWindows,
  skippedUpdates,
  takeDescents,
} from "./descentSteps.ts";
import { euclideanNorm, requireFiniteLoss, requireFiniteValues } from "./finiteValues.ts";
import type { Json } from "../json.ts";
import type { Method, MethodStep, MethodWindows } from "./method.ts";
import { programFingerprint } from "./programFingerprint.ts";
import { shapes } from "./shapes.ts";

/** A `GradientEstimator` of theta, whatever its state: a method only hands the state from one call to the next. */
export interface AnyEstimator<Theta = unknown> {
  readonly name: string;
  readonly madeFor?: MadeFor;
  init(theta: Theta, key: Key): unknown;
  estimate(
    theta: Theta,
    state: unknown,
    key: Key,
  ): { loss: number; gradient: unknown; state: unknown; metrics: EstimateMetrics };
  /** The parameters to evaluate and to keep, where an estimator holds them and the optimizer has none of its own. */
  evaluationTheta?(state: unknown, theta: Theta): Theta;
  readonly recurrence?: Recurrence | undefined;
  recurrenceAt?(state: unknown): { recurrence: Recurrence; estimates: number } | undefined;
}

/** The states of both parts. */
export interface DescentState {
  estimator: unknown;
  optimizer: Tree;
}

/**
 * One outer step is a gradient of `estimator` and a step of `optimizer`. The loss is that of the estimate; metrics are
 * those of the estimate, of the optimizer (`Optimizer.metrics`), and `gradientNorm` (Euclidean, over all leaves, in float64), and `skippedUpdates` where the
 * optimizer left the update out.
 *
 * Several steps are one program where the estimate is one (`recurrence`) and its executor has a way to run it so.
 *
 * Throws `NonFiniteError` if the loss, the gradient, the new theta or the new state of the optimizer is not finite. A
 * gradient that is not is the optimizer's where that can leave it out (`lossScale`).
 */
export function descent<Theta>(
  estimator: AnyEstimator<Theta>,
  optimizer: Optimizer,
): Method<Theta, DescentState> {
  requireOptimizer("descent", optimizer, "the second argument");
  const which = `the gradient of "${estimator.name}"`;
  /** Compiled, the update knows trees only. */
  const update = compiled("update", (gradient: unknown, state: Tree, theta: unknown, observed: object) =>
    optimizer.update(gradient, state, theta, observed),
  );
  const programs = new WeakMap<Recurrence, DescentProgram>();
  const programOf = (recurrence: Recurrence): DescentProgram => {
    const program = programs.get(recurrence) ?? descentProgram(recurrence, optimizer);
    programs.set(recurrence, program);
    return program;
  };

  const windows = (theta: Theta, state: DescentState): MethodWindows<Theta, DescentState> | undefined => {
    const next = estimatesAt(estimator, state.estimator);
    if (next?.recurrence.executor.outer === undefined) return undefined;
    const { recurrence, estimates } = next;
    return descentWindows(recurrence, programOf(recurrence), theta, state, estimates);
  };

  return {
    name: "descent",
    ...(estimator.madeFor && { madeFor: estimator.madeFor }),
    recipe: (theta, state) => ({
      estimator: { name: estimator.name, state: shapes(state.estimator) },
      optimizer: { name: optimizer.name, ...updateFingerprint(optimizer, theta, state.optimizer) },
    }),
    init: (theta, key) => ({ estimator: estimator.init(theta, key), optimizer: optimizer.init(theta) }),
    step(theta, state, key): MethodStep<Theta, DescentState> {
      const estimate = estimator.estimate(theta, state.estimator, key);
      const { loss, metrics, gradient } = estimate;
      tree.requireSame("train", which, theta, gradient);
      const gradientNorm = euclideanNorm(gradient);
      const isSkipped = !tree.isFinite(gradient) && optimizer.canSkip?.(state.optimizer).item() === 1;
      if (!isSkipped) {
        requireFiniteLoss("descent", loss);
        if (!Number.isFinite(gradientNorm)) requireFiniteValues("descent", "gradient", gradient);
      }
      const next = update(gradient, state.optimizer, theta, observedBy(optimizer, loss));
      requireFiniteValues("descent", "theta", next.theta);
      requireFiniteValues("descent", "optimizer's state", next.state, "optimizerState");
      const told = Object.entries(optimizer.metrics?.(next.state) ?? {});
      const own = Object.fromEntries(told.map(([name, value]) => [name, value.item()]));
      const skipped = skippedUpdates(next.state).item() - skippedUpdates(state.optimizer).item();
      return {
        theta: next.theta as Theta,
        state: { estimator: estimate.state, optimizer: next.state },
        loss,
        metrics: { ...metrics, ...own, gradientNorm, skippedUpdates: skipped },
      };
    },
    several(theta, state, key, from, count) {
      const next = windows(theta, state);
      return next && takeDescents(next, key, from, Math.min(count, next.most));
    },
    windows,
    evaluationTheta: (theta, state) =>
      optimizer.evaluationTheta?.(state.optimizer, theta) ??
      estimator.evaluationTheta?.(state.estimator, theta) ??
      theta,
    requireState(theta, state) {
      const given = (state as Partial<DescentState> | null)?.optimizer;
      const [wanted, found] = [optimizer.init(theta), given].map((one) => JSON.stringify(sorted(one)));
      if (wanted === found) return;
      throw new ResumeError(
        "descent",
        `its optimizer state is not one of "${optimizer.name}", which the experiment uses now: ${found}, expected ${wanted}. ` +
          "Start a new run.",
      );
    },
  };
}

/** The loss, for an optimizer that looks at it: others compute the same without. */
function observedBy({ usesLoss = false }: Optimizer, loss: number): LossObservation {
  return usesLoss ? { loss: np.array(loss, { dtype: "float64" }) } : {};
}

/** The recurrence of the next estimates, and of how many of them at most. */
function estimatesAt(
  estimator: Pick<AnyEstimator, "recurrence" | "recurrenceAt">,
  state: unknown,
): { recurrence: Recurrence; estimates: number } | undefined {
  if (estimator.recurrenceAt !== undefined) return estimator.recurrenceAt(state);
  const { recurrence } = estimator;
  return recurrence && { recurrence, estimates: Infinity };
}

function updateFingerprint(optimizer: Optimizer, theta: unknown, state: Tree): Record<string, Json> {
  try {
    const update = (gradient: Tensor, own: Tree, at: Tensor, observed: object) =>
      optimizer.update(gradient, own, at, observed);
    const given = [theta, state, theta, observedBy(optimizer, 0)];
    const { program, numbers } = programFingerprint("optimizer", update, given);
    return { program, numbers };
  } catch {
    // What cannot be traced will say so when the run takes its first step.
    return {};
  }
}

function sorted(state: unknown): Json {
  return Object.entries(shapes(state) as Record<string, Json>).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
