/**
 * Direct environment and policy search as a method: the gradient of `depsEstimator`, a step of each optimizer, and the
 * projection of the design onto its box, one program a step.
 *
 *     theta ← Adam(theta),   psi ← clamp(Adam(psi), low, high)
 *
 * Bolland, Boukas, Berger and Ernst, JAIR 73, 2022, Algorithm 1.
 */
import { type Key, type Tensor, random, tree } from "../../array/index.ts";
import { requireKnownOptions, requireOneOf } from "../../errors.ts";
import {
  type Json,
  type Method,
  programFingerprint,
  requireFiniteLoss,
  requireFiniteValues,
  shapes,
} from "../../methods/index.ts";
import { compiled } from "../../unroll/index.ts";
import { nonFiniteFinder, tracedEstimate } from "./depsEstimator.ts";
import { type DepsEstimatorOptions, depsEstimatorOptions, depsSettings } from "./depsOptions.ts";
import { outsideBox, requireDesign, requireTraceable } from "./designChecks.ts";
import { designNumbers } from "./designMetrics.ts";
import {
  type DesignOptimizers,
  type DesignUpdateState,
  type Learned,
  designUpdate,
  projectDesign,
} from "./designUpdate.ts";
import type { DesignTheta } from "./trajectories.ts";

export interface DepsOptions<State, Theta> extends DepsEstimatorOptions<State, Theta> {
  /** Default `adam({ learningRate: 0.005 })` for both. */
  optimizers?: DesignOptimizers;
  /** What is moved: "policy" is control at a fixed design. Default "both". */
  learn?: Learned;
  /** Told of a first design outside of its box, which is then projected. */
  onWarning?(message: string): void;
}

export interface DepsState {
  /** Steps done, int32. */
  step: Tensor;
  optimizers: DesignUpdateState;
}

const where = "deps";

/**
 * The method. Theta is `{ design, policy }`; the loss is minus the mean return of the batch, before the update. Metrics are those
 * of `depsEstimator`, `gradientNorm`, and of each number of the design `design.NAME` after the update and `raw.NAME` before its
 * projection.
 *
 * Throws as `depsEstimator` does. Cost: batch · horizon inner steps, forward and backward.
 *
 * @example
 * const task = massSpringDamper();
 * const policy = categoricalPolicy({ observations: 3, actions: 5 });
 * const method = deps({ task, policy });
 * const theta = { design: np.array([1, 1, 0, 0, 0]), policy: policy.init(random.key(0)) };
 */
export function deps<State, Theta>(
  options: DepsOptions<State, Theta>,
): Method<DesignTheta<Theta>, DepsState> {
  requireKnownOptions(where, options, [...depsEstimatorOptions, "optimizers", "learn", "onWarning"]);
  const { optimizers, learn = "both", onWarning, ...own } = options;
  const settings = depsSettings(where, own);
  const { task, policy, batch, rule } = settings;
  requireOneOf(where, "learn", learn, ["both", "design", "policy"]);
  const update = designUpdate(where, task, optimizers, learn);
  const traced = (given: DesignTheta<Theta>, state: DepsState, key: Key) => {
    const theta = { ...given, design: projectDesign(task, given.design) };
    const { gradient, meanReturn, isFinite, ...more } = tracedEstimate(settings, theta, state.step, key);
    const next = update.update(gradient, state.optimizers, theta);
    const moved: DepsState = { step: state.step.add(tree.scalar(1, "int32")), optimizers: next.state };
    const gradientNorm = tree.norm(gradient);
    const metrics = { ...more, gradientNorm };
    return { theta: next.theta, state: moved, raw: next.raw, meanReturn, isFinite, metrics };
  };
  const run = compiled("deps.step", traced);
  const locate = nonFiniteFinder(where, settings);
  return {
    name: where,
    recipe: (theta, state) => ({
      task: { name: task.name, horizon: task.horizon, low: [...task.low], high: [...task.high] },
      policy: policy.name,
      deps: { batch, learn, ...settings.credit, ...rule, ...settings.entropy },
      optimizers: { ...update.names, state: shapes(state.optimizers) },
      step: fingerprint(traced, [theta, state, random.key(0)]),
    }),
    init(theta) {
      requireDesign(where, task, theta?.design);
      const message = outsideBox(where, task, theta.design);
      if (message !== undefined) onWarning?.(message);
      requireTraceable(where, task, policy, theta, rule);
      return { step: tree.scalar(0, "int32"), optimizers: update.init(theta) };
    },
    step(theta, state, key) {
      const made = run(theta, state, key);
      const loss = -made.meanReturn.item();
      if (made.isFinite.item() !== 1 || !tree.isFinite(made.theta)) {
        locate({ ...theta, design: projectDesign(task, theta.design) }, key);
        requireFiniteLoss(where, loss);
        requireFiniteValues(where, "theta", made.theta);
      }
      const metrics = Object.entries(made.metrics).map(([name, value]) => [name, value.item()] as const);
      return {
        theta: made.theta,
        state: made.state,
        loss,
        metrics: {
          innerSteps: batch * task.horizon,
          meanReturn: -loss,
          ...Object.fromEntries(metrics),
          ...designNumbers("design", task, made.theta.design),
          ...designNumbers("raw", task, made.raw),
        },
      };
    },
  };
}

/** The step as data; what cannot be traced will say so when the run takes its first one. */
export function fingerprint(step: (...args: never[]) => unknown, args: unknown[]): Record<string, Json> {
  try {
    const { program, numbers } = programFingerprint("design", step, args);
    return { program, numbers };
  } catch {
    return {};
  }
}
