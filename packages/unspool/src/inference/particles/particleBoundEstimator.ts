/** The gradient of a particle bound over a data set, for `descent`: model, proposal and (where asked) twist learn together. */
import { type Key, type Tensor, lax, np, random, tree, valueAndGrad, vmap } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import type { Estimate, GradientEstimator } from "../../estimators/index.ts";
import { compiled } from "../../unroll/index.ts";
import { throwFirstNonFinite } from "./firstNonFinite.ts";
import { type ParticleBound, particleBound } from "./particleBound.ts";
import { type ParticleBoundOptions, particleBoundOptions } from "./particleBoundOptions.ts";
import type { ParticleTheta } from "./particleSweep.ts";
import { type ObservedSeries, seriesShape } from "./series.ts";

/** Parts of theta. */
export type ParticlePart = "model" | "proposal" | "twist";

export interface ParticleBoundEstimatorOptions<
  Model,
  ProposalParams,
  TwistParams,
> extends ParticleBoundOptions<Model, ProposalParams, TwistParams> {
  /** One series, y [T, dy], or several, y [N, T, dy], padded to one T where they differ (`steps`). */
  data: ObservedSeries;
  /** Series of an estimate, drawn with replacement. Default: all of them, each once. */
  batch?: number;
  /** What learns; the gradient of the rest is 0. Default model and proposal. A twist learns by density ratios (`sixo`), or here. */
  learns?: readonly ParticlePart[];
  /**
   * Lets a twist learn with `resamplingGradient: "none"`, whose derivative by it has the wrong sign in small exact cases: for
   * comparisons. Default false.
   */
  allowsBiasedTwistGradient?: boolean;
}

/** Nothing persists. */
export type ParticleBoundEstimatorState = Record<string, never>;

/**
 * The estimator. The loss is minus the mean of log Z over the series of the batch. Metric `logEvidence` is that mean.
 *
 * Throws `OptionError` for options that do not fit, `ShapeError` for data that do not, and `NonFiniteError`, which names the
 * step and the series at which numbers ended.
 *
 * Cost: batch · particles · T inner steps, forward and backward.
 *
 * @example
 * const bound = { model, proposal: affineProposal({ steps: 10, stateSize: 1 }), particles: 10, criterion: "always" };
 * setup: (_, key) => ({
 *   theta: particleBound(bound).init(key),
 *   estimator: particleBoundEstimator({ ...bound, data, batch: 32 }),
 *   optimizer: adam({ learningRate: 1e-3 }),
 *   steps: 4000,
 * })
 */
export function particleBoundEstimator<Model, ProposalParams = object, TwistParams = object>(
  options: ParticleBoundEstimatorOptions<Model, ProposalParams, TwistParams>,
): GradientEstimator<ParticleTheta<Model, ProposalParams, TwistParams>, ParticleBoundEstimatorState> {
  const where = "particleBoundEstimator";
  requireKnownOptions(where, options, [
    ...particleBoundOptions,
    "data",
    "batch",
    "learns",
    "allowsBiasedTwistGradient",
  ]);
  type Theta = ParticleTheta<Model, ProposalParams, TwistParams>;
  const { data, batch, learns = ["model", "proposal"], allowsBiasedTwistGradient = false, ...own } = options;
  const bound = particleBound(own);
  requireLearns(where, learns, bound, allowsBiasedTwistGradient);
  const program = boundGradient(where, bound, data, batch, learns);
  return {
    name: `${bound.settings.bound} bound`,
    init: () => ({}),
    estimate(theta, state, key): Estimate<Theta, ParticleBoundEstimatorState> {
      const { loss, gradient } = program.run(theta, key);
      const value = loss.item();
      if (!Number.isFinite(value) || !tree.isFinite(gradient)) program.locate(theta, key);
      return {
        loss: value,
        gradient,
        state,
        metrics: { innerSteps: program.innerSteps, ...{ logEvidence: -value } },
      };
    },
  };
}

/** A compiled gradient over data, and what finds the first number of it that is not finite. */
export interface BoundGradient<Theta> {
  readonly innerSteps: number;
  /** Traced: for programs of whole steps. */
  traced(theta: Theta, data: ObservedSeries, key: Key): { loss: Tensor; gradient: Theta };
  run(theta: Theta, key: Key): { loss: Tensor; gradient: Theta };
  locate(theta: Theta, key: Key): void;
}

/** Checks data and batch. The parts that do not learn are constants. */
export function boundGradient<Model, ProposalParams, TwistParams>(
  where: string,
  bound: ParticleBound<Model, ProposalParams, TwistParams>,
  data: ObservedSeries,
  batch: number | undefined,
  learns: readonly ParticlePart[],
): BoundGradient<ParticleTheta<Model, ProposalParams, TwistParams>> {
  type Theta = ParticleTheta<Model, ProposalParams, TwistParams>;
  const { model, particles } = bound.settings;
  const { count, length } = seriesShape(where, data, model.observationSize);
  if (batch !== undefined) requireInteger(where, "batch", batch, 1);
  if (batch !== undefined && count === undefined && batch !== 1)
    throw new OptionError(where, "batch", batch, "left out where there is one series");
  const drawn = count === undefined ? undefined : batch;
  const constant = <Part>(part: Part): Part => tree.map((x: Tensor) => lax.stopGradient(x) as Tensor, part);
  const learned = (theta: Theta): Theta => ({
    model: learns.includes("model") ? theta.model : constant(theta.model),
    proposal: learns.includes("proposal") ? theta.proposal : constant(theta.proposal),
    twist: learns.includes("twist") ? theta.twist : constant(theta.twist),
  });
  const traced = (theta: Theta, all: ObservedSeries, key: Key): { loss: Tensor; gradient: Theta } => {
    const { series, keys } = batchOf(all, drawn, count, key);
    const lossAt = (at: Theta): Tensor => {
      const own = learned(at);
      const evidence = (one: ObservedSeries, seed: Key): Tensor => bound.logEvidence(own, one, seed);
      return (count === undefined ? evidence(series, keys) : vmap(evidence)(series, keys).mean()).neg();
    };
    const [loss, gradient] = valueAndGrad(lossAt)(theta);
    return { loss, gradient: gradient as Theta };
  };
  const run = compiled(`${bound.settings.bound}.gradient`, traced);
  const sweeps = compiled(`${bound.settings.bound}.sweeps`, (theta: Theta, all: ObservedSeries, key: Key) => {
    const { series, keys } = batchOf(all, drawn, count, key);
    const weights = (one: ObservedSeries, seed: Key): Tensor => bound.sweep(theta, one, seed).logWeights;
    return count === undefined ? weights(series, keys) : vmap(weights)(series, keys);
  });
  return {
    innerSteps: (drawn ?? count ?? 1) * particles * length,
    traced,
    run: (theta, key) => run(theta, data, key),
    locate: (theta, key) => throwFirstNonFinite(where, sweeps(theta, data, key)),
  };
}

/** Series and keys of one estimate: all of them, or a draw; without an axis for a single series. */
function batchOf(
  data: ObservedSeries,
  batch: number | undefined,
  count: number | undefined,
  key: Key,
): { series: ObservedSeries; keys: Tensor } {
  const own = random.foldIn(key, "sweeps");
  if (count === undefined) return { series: data, keys: own };
  if (batch === undefined) return { series: data, keys: random.split(own, count) };
  const ids = random.randint(random.foldIn(key, "batch"), [batch], 0, count);
  const series = tree.map((leaf: Tensor) => np.take(leaf, ids, 0) as Tensor, data);
  return { series, keys: random.split(own, batch) };
}

function requireLearns<Model, ProposalParams, TwistParams>(
  where: string,
  learns: readonly ParticlePart[],
  { settings }: ParticleBound<Model, ProposalParams, TwistParams>,
  allowsBias: boolean,
): void {
  const parts = ["model", "proposal", "twist"];
  const isList = Array.isArray(learns) && learns.length > 0 && learns.every((one) => parts.includes(one));
  if (!isList) throw new OptionError(where, "learns", learns, 'a list of "model", "proposal" and "twist"');
  if (!learns.includes("twist")) return;
  if (settings.twist?.isTrained !== true) {
    const given = settings.twist === undefined ? "no twist" : `twist "${settings.twist.name}"`;
    throw new OptionError(where, "learns", given, 'without "twist" where there is none with parameters');
  }
  if (settings.resamplingGradient !== "none" || allowsBias) return;
  throw new OptionError(
    where,
    "resamplingGradient",
    "none",
    '"scoreFunctionRaoBlackwell" or "scoreFunction" where a twist learns by the bound',
    "With none the derivative by a twist has the wrong sign even in small exact cases. For a comparison, set " +
      "allowsBiasedTwistGradient: true; to learn a twist by density ratios there is sixo.",
  );
}
