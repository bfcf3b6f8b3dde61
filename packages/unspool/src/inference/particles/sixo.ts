/**
 * Smoothing inference with twisted objectives, by density ratios, as a method (Lawson, Raventós, Warrington and Linderman,
 * NeurIPS 2022, Algorithm 1). Two parties in turn, whose optimizers keep their states:
 *
 *     N_r times   simulate pairs of trajectories from p_theta,   psi   <- opt(grad of the density-ratio loss by psi)
 *     N_m times   draw series of the data,                       theta <- opt(grad of -log Z by model and proposal, psi fixed)
 *
 * One outer step is one of these updates; several of one party in a row are one program.
 */
import { type Key, type Tensor, type Tensors, type Tree, random, tree } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import {
  type Json,
  type Method,
  type MethodStep,
  type MethodSteps,
  programFingerprint,
  requireFiniteLoss,
  requireFiniteValues,
  requireWholeState,
  shapes,
} from "../../methods/index.ts";
import { type Optimizer, adam, requireOptimizer } from "../../optimizers/index.ts";
import { compiled } from "../../unroll/index.ts";
import { type DensityRatioSettings, densityRatio, trajectoryPairs } from "./densityRatio.ts";
import { particleBound } from "./particleBound.ts";
import { boundGradient } from "./particleBoundEstimator.ts";
import { type ParticleBoundOptions, particleBoundOptions } from "./particleBoundOptions.ts";
import type { ParticleTheta } from "./particleSweep.ts";
import { type PartOptimizers, partsOptimizer } from "./partsOptimizer.ts";
import { requireSamplers, requireTrainable } from "./requireTrainable.ts";
import { type ObservedSeries, seriesShape } from "./series.ts";
import { sixoRow } from "./sixoRow.ts";
import { classifierColumns, classifierMetrics } from "./twistTrainer.ts";

export interface SixoOptions<Model, ProposalParams, TwistParams> extends ParticleBoundOptions<
  Model,
  ProposalParams,
  TwistParams
> {
  /** One series, y [T, dy], or several, y [N, T, dy]. All have the steps of the first that are observed, for the simulations. */
  data: ObservedSeries;
  /** Series of a model step, drawn with replacement: of more than there are, some several times. Default: each once. */
  batch?: number;
  /** Pairs of trajectories of a twist step, M. Default 64. */
  twistBatch?: number;
  /** Updates of model and proposal in a row, N_m. Default 100. */
  modelSteps?: number;
  /** Updates of the twist in a row, N_r, which come first. Default 100. */
  twistSteps?: number;
  /** Default `adam({ learningRate: 1e-3 })` for model and twist; the proposal moves with the model's unless it has its own. */
  optimizers?: PartOptimizers;
  /** What learns besides the twist. Default both. */
  learns?: readonly ("model" | "proposal")[];
  /** Which simulated trajectories the twist learns from; see `twistTrainer`. Default: all. */
  isUsable?(x: Tensor, y: Tensor): Tensor;
}

/** Both optimizers' states, and where in the alternation the method is. */
export interface SixoState {
  /** Outer steps done, int32. */
  step: Tensor;
  model: Tree;
  twist: Tree;
}

const where = "sixo";
const own = [
  "data",
  "batch",
  "twistBatch",
  "modelSteps",
  "twistSteps",
  "optimizers",
  "learns",
  "isUsable",
] as const;

/**
 * The method. Theta is that of `particleBound(options).init(key)`: `{ model, proposal, twist }`. The loss is minus the mean of
 * log Z in the steps of the model (metric `logEvidence`), and null in those of the twist, which have `twistLoss`, `accuracy`,
 * `precision`, `recall`, `f1` and `logProb` of the classifier. `gradientNorm` is of either.
 *
 * Gradients are of mode "none", and the twist is a constant in them: no derivative of the bound reaches it, and none of the
 * density-ratio loss reaches the model.
 *
 * Throws `OptionError` for options that do not fit, a twist that learns nothing, and a model that cannot be simulated;
 * `NonFiniteError`, with the step at which numbers ended.
 *
 * Cost of a model step: batch · particles · T inner steps, forward and backward; of a twist step: 2 · twistBatch · T.
 *
 * @example
 * const options = { model, proposal, twist: quadraticMlpTwist({ steps: 10, stateSize: 1, observationSize: 1 }), data };
 * setup: (_, key) => ({ theta: particleBound(options).init(key), method: sixo(options), steps: 8000 })
 */
export function sixo<Model, ProposalParams, TwistParams>(
  options: SixoOptions<Model, ProposalParams, TwistParams>,
): Method<ParticleTheta<Model, ProposalParams, TwistParams>, SixoState> {
  type Theta = ParticleTheta<Model, ProposalParams, TwistParams>;
  type Learned = { model: Model; proposal: ProposalParams };
  requireKnownOptions(where, options, [...particleBoundOptions, ...own]);
  const {
    data,
    batch,
    twistBatch = 64,
    modelSteps = 100,
    twistSteps = 100,
    optimizers = {},
    ...others
  } = options;
  const { learns = ["model", "proposal"], isUsable, ...boundOptions } = others;
  requireTrainable(where, options);
  for (const [name, value] of Object.entries({ twistBatch, modelSteps, twistSteps }))
    requireInteger(where, name, value, 1);
  const bound = particleBound(boundOptions);
  const { settings } = bound;
  if (settings.resamplingGradient !== "none")
    throw new OptionError(where, "resamplingGradient", settings.resamplingGradient, '"none" here');
  requireKnownOptions(`${where}.optimizers`, optimizers, ["model", "proposal", "twist"]);
  const usual = adam({ learningRate: 1e-3 });
  const both: Optimizer = optimizers.model ?? usual;
  const ofModel: Optimizer =
    optimizers.proposal === undefined ? both : partsOptimizer({ model: both, proposal: optimizers.proposal });
  const ofTwist: Optimizer = optimizers.twist ?? usual;
  requireOptimizer(where, both, "optimizers.model");
  requireOptimizer(where, ofTwist, "optimizers.twist");
  const { length } = seriesShape(where, data, settings.model.observationSize);
  requireInteger(where, "the number of steps of the data", length, 2);
  const twist = options.twist!;
  const ratios: DensityRatioSettings<Model, TwistParams> = {
    ...{ model: settings.model, twist, steps: length, batch: twistBatch },
    ...(data.observed && { observed: firstRow(data.observed) }),
    ...(isUsable && { isUsable }),
  };
  const objective = boundGradient(where, bound, data, batch, learns);

  const modelStep = (theta: Theta, state: Tree, series: ObservedSeries, key: Key) => {
    const { loss, gradient } = objective.traced(theta, series, key);
    const part: Learned = { model: gradient.model, proposal: gradient.proposal };
    const at: Learned = { model: theta.model, proposal: theta.proposal };
    const next = ofModel.update(part as Tensors<Learned>, state, at);
    return {
      ...{ loss, theta: { ...theta, ...next.theta }, state: next.state, gradientNorm: tree.norm(part) },
      seen: {},
    };
  };
  const twistStep = (theta: Theta, state: Tree, _: object, key: Key) => {
    const pairs = trajectoryPairs(ratios, theta.model, key);
    const { loss, gradient, scores } = densityRatio(ratios, theta.twist, theta.model, pairs);
    const next = ofTwist.update(gradient as Tensors<TwistParams>, state, theta.twist);
    const moved = twist.observe?.(next.theta, pairs) ?? next.theta;
    const gradientNorm = tree.norm(gradient);
    return { loss, seen: scores, theta: { ...theta, twist: moved }, state: next.state, gradientNorm };
  };
  const runModel = compiled("sixo.model", modelStep);
  const runTwist = compiled("sixo.twist", twistStep);
  const modelRow = sixoRow("sixo.model.row", modelStep);
  const twistRow = sixoRow("sixo.twist.row", twistStep);
  const twistCost = 2 * twistBatch * length;
  const names = { modelSteps, twistSteps, twistBatch, batch: batch ?? "all", learns: [...learns] };

  return {
    name: where,
    recipe: (theta, state) => ({
      bound: { ...settings.names },
      sixo: names,
      optimizers: { model: ofModel.name, twist: ofTwist.name, state: shapes(state) },
      modelStep: fingerprint(modelStep, [theta, state.model, data, random.key(0)]),
      twistStep: fingerprint(twistStep, [theta, state.twist, {}, random.key(0)]),
    }),
    init(theta) {
      requireSamplers(where, settings.model, theta.model);
      const learned: Learned = { model: theta.model, proposal: theta.proposal };
      const step = tree.scalar(0, "int32");
      return { step, model: ofModel.init(learned), twist: ofTwist.init(theta.twist) };
    },
    step(theta, state, key): MethodStep<Theta, SixoState> {
      requireWholeState(where, state, "step");
      const place = state.step.item() % (twistSteps + modelSteps);
      const step = state.step.add(tree.scalar(1, "int32"));
      if (place < twistSteps) {
        const made = runTwist(theta, state.twist, {}, key);
        const loss = made.loss.item();
        requireFiniteLoss(where, loss);
        requireFiniteValues(where, "the twist", made.theta.twist);
        const gradientNorm = made.gradientNorm.item();
        return {
          theta: made.theta,
          state: { ...state, step, twist: made.state },
          loss: null,
          metrics: {
            innerSteps: twistCost,
            ...{ twistLoss: loss, gradientNorm, ...classifierMetrics(loss, made.seen) },
          },
        };
      }
      const made = runModel(theta, state.model, data, key);
      const loss = made.loss.item();
      if (!Number.isFinite(loss) || !tree.isFinite(made.theta)) {
        objective.locate(theta, key);
        requireFiniteLoss(where, loss);
        requireFiniteValues(where, "theta", made.theta);
      }
      return {
        theta: made.theta,
        state: { ...state, step, model: made.state },
        loss,
        metrics: {
          innerSteps: objective.innerSteps,
          ...{ logEvidence: -loss, gradientNorm: made.gradientNorm.item() },
        },
      };
    },
    several(theta, state, key, from, count): MethodSteps<Theta, SixoState> | undefined {
      requireWholeState(where, state, "step");
      const place = state.step.item() % (twistSteps + modelSteps);
      const after = (steps: number): Tensor => state.step.add(tree.scalar(steps, "int32"));
      if (place < twistSteps) {
        const at = { theta, state: state.twist, data: {}, key, from };
        const row = twistRow(at, Math.min(count, twistSteps - place));
        if (row === undefined) return undefined;
        const { loss, gradientNorm, seen, isFinite, thetas } = row.records;
        return {
          ...{ theta: row.theta, steps: row.steps, isFinite, thetas, loss: null, innerSteps: twistCost },
          state: { ...state, step: after(row.steps), twist: row.state },
          metrics: { twistLoss: loss, gradientNorm, ...classifierColumns(loss, seen) },
        };
      }
      const at = { theta, state: state.model, data, key, from };
      const row = modelRow(at, Math.min(count, twistSteps + modelSteps - place));
      if (row === undefined) return undefined;
      const { loss, gradientNorm, isFinite, thetas } = row.records;
      return {
        ...{ theta: row.theta, steps: row.steps, isFinite, thetas, loss, innerSteps: objective.innerSteps },
        state: { ...state, step: after(row.steps), model: row.state },
        metrics: { logEvidence: loss.neg(), gradientNorm },
      };
    },
  };
}

/** Of a stack, that of its first series. */
function firstRow(observed: NonNullable<ObservedSeries["observed"]>): Tensor {
  return observed.ndim === 2 ? observed.slice(0) : observed;
}

/** The step as data; what cannot be traced will say so when the run takes its first one. */
function fingerprint(step: (...args: never[]) => unknown, args: unknown[]): Record<string, Json> {
  try {
    const { program, numbers } = programFingerprint(where, step, args);
    return { program, numbers };
  } catch {
    return {};
  }
}
