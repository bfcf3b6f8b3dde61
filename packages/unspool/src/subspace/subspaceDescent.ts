/**
 * The method that learns a principal subspace: one outer step is an estimate of `principalSubspace` and an update of an
 * optimizer, compiled together, and many steps in a row are one program.
 */
import { type Key, type Tensor, type Tensors, type Tree, np, random, scan, tree } from "../array/index.ts";
import { OptionError, ShapeError, requireInteger, requireKnownOptions } from "../errors.ts";
import {
  type Json,
  type Method,
  type MethodSteps,
  loggedThetaSize,
  programFingerprint,
  requireFiniteLoss,
  requireFiniteMetrics,
  requireFiniteValues,
  shapes,
} from "../methods/index.ts";
import { type Optimizer, allFinite, requireOptimizer } from "../optimizers/index.ts";
import { compiled } from "../unroll/index.ts";
import { type SubspaceDiagnosis, diagnoseFeatures } from "./diagnostics/diagnoseFeatures.ts";
import { finiteMatrix } from "./diagnostics/doubles.ts";
import { targetBasis } from "./diagnostics/subspaceMetrics.ts";
import { type SubspaceEstimator, type SubspaceTheta, weightMetrics } from "./principalSubspace.ts";

export interface SubspaceDescentOptions {
  /**
   * Outer steps between measurements of the features over all rows, which go into the metrics of the step (see
   * `diagnoseFeatures`): conditioning, LISSA's bias, the J that would be enough. Default 0: none.
   */
  measureEvery?: number;
  /** The subspace [S, d] that is sought, where it is known: measurements have `subspaceDistance` too. */
  target?: Tensor;
}

export interface SubspaceDescentState {
  optimizer: Tree;
}

/** Steps of one program, the longest first. What is left over is taken one by one. */
const lengths = [64, 16, 4];

interface Outcome<Params> {
  theta: SubspaceTheta<Params>;
  optimizer: Tree;
  record: StepRecordTensors;
}

interface StepRecordTensors {
  loss: Tensor;
  isFinite: Tensor;
  gradientNorm: Tensor;
  metrics: Record<string, Tensor>;
  thetas: unknown;
}

/**
 * Descends the representation loss of `estimator` by `optimizer`, which moves the features and, of "explicit", the weights
 * of all columns (an optimizer with moments does d T work in every step). Metrics are those of the estimator and
 * `gradientNorm`. Throws `NonFiniteError` for a loss, a theta or a state of the optimizer that is not finite.
 *
 * @example
 * const estimator = principalSubspace(matrix, { dimensions: 16, batch: 128, inverseSamples: 128, weightBatch: 128 });
 * setup: (_, key) => ({
 *   theta: { features: initTable(key, 784, 16) },
 *   method: subspaceDescent(estimator, adam({ learningRate: 5e-3 })),
 *   steps: 12_000,
 * })
 */
export function subspaceDescent<Params>(
  estimator: SubspaceEstimator<Params>,
  optimizer: Optimizer,
  options: SubspaceDescentOptions = {},
): Method<SubspaceTheta<Params>, SubspaceDescentState> {
  const where = "subspaceDescent";
  const given: unknown = estimator;
  if (typeof given !== "object" || given === null || !("featuresPerStep" in given)) {
    const hint = "Write subspaceDescent(principalSubspace(matrix, { dimensions }), adam()).";
    throw new OptionError(where, "the first argument", estimator, "an estimator of principalSubspace", hint);
  }
  requireOptimizer(where, optimizer, "the second argument");
  requireKnownOptions(where, options, ["measureEvery", "target"]);
  const { measureEvery = 0, target } = options;
  requireInteger(where, "measureEvery", measureEvery, 0);
  requireMeasurable(where, estimator, options);
  type Theta = SubspaceTheta<Params>;
  const once = (theta: Theta, state: Tree, key: Key): Outcome<Params> => {
    const { loss, gradient, weights } = estimator.update(theta, key);
    const next = optimizer.update(gradient as Tensors<Theta>, state, theta);
    const gradientNorm = tree.norm(gradient);
    const scalars = [loss, gradientNorm].map((x) => np.isfinite(x) as Tensor);
    const parts = [...scalars, allFinite(next.theta), allFinite(next.state)];
    const isFinite = parts.reduce((all, part) => np.logicalAnd(all, part) as Tensor);
    const thetas = tree.size(theta) <= loggedThetaSize ? next.theta : {};
    const record = { loss, isFinite, gradientNorm, metrics: weightMetrics(weights), thetas };
    return { theta: next.theta, optimizer: next.state, record };
  };
  const single = compiled(where, once);
  const programs = new Map(lengths.map((length) => [length, row(once, length)] as const));

  const measured = (theta: Theta): Record<string, number> => {
    const { options: of, features, allRows } = estimator;
    const { kappa, inverseSamples } = of;
    const phi = features(theta.features, allRows!);
    const diagnosis: SubspaceDiagnosis = diagnoseFeatures(phi, {
      ...{ kappa, inverseSamples },
      ...(target && { target }),
    });
    return { ...diagnosis };
  };
  /** Steps from `done` on up to the next that is measured, which is taken alone. */
  const unmeasured = (done: number): number =>
    measureEvery === 0 ? Infinity : measureEvery - 1 - (done % measureEvery);

  return {
    name: where,
    recipe: (theta, state) => ({
      estimator: { name: estimator.name, method: estimator.options.method, measureEvery },
      optimizer: { name: optimizer.name, state: shapes(state.optimizer) },
      step: fingerprint(once, theta, state.optimizer),
    }),
    init(theta) {
      estimator.requireTheta(theta);
      return { optimizer: optimizer.init(theta) };
    },
    step(theta, state, key) {
      const { theta: next, optimizer: after, record } = single(theta, state.optimizer, key);
      const { loss, isFinite, gradientNorm, metrics } = record;
      if (isFinite.item() !== 1) requireFinite(where, { loss, gradientNorm }, next, after);
      const done = stepsOf(after);
      const isMeasured = measureEvery > 0 && done % measureEvery === 0;
      return {
        theta: next,
        state: { optimizer: after },
        loss: loss.item(),
        metrics: {
          innerSteps: estimator.featuresPerStep,
          gradientNorm: gradientNorm.item(),
          ...Object.fromEntries(Object.entries(metrics).map(([name, x]) => [name, x.item()])),
          ...(isMeasured && measured(next)),
        },
      };
    },
    several(theta, state, key, from, count): MethodSteps<Theta, SubspaceDescentState> | undefined {
      const most = Math.min(count, unmeasured(stepsOf(state.optimizer)));
      const length = lengths.find((one) => one <= most);
      if (length === undefined) return undefined;
      const done = programs.get(length)!(theta, state.optimizer, key, tree.scalar(from, "int32"));
      const { loss, isFinite, gradientNorm, metrics, thetas } = done.record;
      return {
        theta: done.theta,
        state: { optimizer: done.optimizer },
        steps: length,
        ...{ loss, isFinite, thetas },
        innerSteps: estimator.featuresPerStep,
        metrics: { gradientNorm, ...metrics },
      };
    },
    evaluationTheta: (theta, state) => optimizer.evaluationTheta?.(state.optimizer, theta) ?? theta,
  };
}

/** `length` steps as one program: keys are `foldIn(key, from + i)`. */
function row<Params>(
  once: (theta: SubspaceTheta<Params>, state: Tree, key: Key) => Outcome<Params>,
  length: number,
): (theta: SubspaceTheta<Params>, state: Tree, key: Key, from: Tensor) => Outcome<Params> {
  return compiled("subspaceDescent", (theta, state, key, from) => {
    type Carry = { theta: SubspaceTheta<Params>; optimizer: Tree };
    const step = (at: Carry, _: undefined, i: Tensor): [Carry, StepRecordTensors] => {
      const { record, ...next } = once(at.theta, at.optimizer, random.foldIn(key, from.add(i)));
      return [next, record];
    };
    const start: Carry = { theta, optimizer: state };
    const [end, record] = scan(step, start, undefined, { length });
    return { ...end, record };
  });
}

/** Updates that the optimizer has made. */
const stepsOf = (state: Tree): number => (state as { step: Tensor }).step.item();

/** Says what is not finite. */
function requireFinite(
  where: string,
  { loss, gradientNorm }: Pick<StepRecordTensors, "loss" | "gradientNorm">,
  theta: unknown,
  state: unknown,
): void {
  requireFiniteLoss(where, loss.item());
  requireFiniteMetrics(where, { gradientNorm: gradientNorm.item() });
  requireFiniteValues(where, "theta", theta);
  requireFiniteValues(where, "optimizer's state", state, "optimizerState");
}

function requireMeasurable<Params>(
  where: string,
  { allRows, options: { dimensions } }: SubspaceEstimator<Params>,
  { measureEvery = 0, target }: SubspaceDescentOptions,
): void {
  if (measureEvery > 0 && allRows === undefined)
    throw new OptionError(
      where,
      "measureEvery",
      measureEvery,
      "0 for a matrix without `allRows`, over which features are measured",
    );
  if (target === undefined) return;
  const rows = allRows?.shape[0];
  if (target.ndim === 2 && target.shape[0] === rows && target.shape[1]! >= 1) {
    targetBasis(where, finiteMatrix(where, "the target", target));
    if (measureEvery > 0) return;
    const hint = "Measurements compare with the target: say every how many steps, as measureEvery: 100.";
    throw new OptionError(where, "measureEvery", measureEvery, "above 0 with a target", hint);
  }
  throw new ShapeError(
    where,
    `target must be [${rows ?? "rows"}, ${dimensions}], an orthonormal basis over all rows, got ${target.toString()}.`,
  );
}

/** The first step as a program, with the numbers in it: options, and entries that are closed over. */
function fingerprint(once: (...args: never[]) => unknown, theta: unknown, state: Tree): Record<string, Json> {
  try {
    const { program, numbers } = programFingerprint("subspaceDescent", once, [theta, state, random.key(0)]);
    return { program, numbers };
  } catch {
    // What cannot be traced will say so when the run takes its first step.
    return {};
  }
}
