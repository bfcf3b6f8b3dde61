/**
 * Lower bounds of log p(y) by sequential Monte Carlo, as one function with options:
 *
 *     E[log Z] <= log E[Z] = log p(y)
 *
 * - "elbo": one trajectory of the proposal
 * - "iwae": K of them, weighted at the end (Burda, Grosse and Salakhutdinov, ICLR 2016)
 * - "fivo": K particles, resampled by what they explain so far (Maddison et al., NeurIPS 2017; VSMC, AESMC)
 * - "sixo": resampled with a look ahead, by a twist (Lawson et al., NeurIPS 2022); tight where the twist is proportional to
 *   p(y_{t+1} … y_{T-1} | x_t) and the proposal is p(x_t | x_{t-1}, y), for every K
 */
import { type Key, type Tensor, random } from "../../array/index.ts";
import { compiledOutside } from "./compiledOutside.ts";
import {
  type ParticleBoundOptions,
  type ParticleBoundSettings,
  particleBoundSettings,
} from "./particleBoundOptions.ts";
import { type ParticleTheta, type Sweep, particleSweep } from "./particleSweep.ts";
import { creditedEvidence } from "./resamplingScore.ts";
import { type ObservedSeries, requireOneSeries } from "./series.ts";

/** A bound. Its functions are compiled where they are called by themselves, and part of whatever trace they are called in. */
export interface ParticleBound<Model, ProposalParams, TwistParams> {
  readonly settings: ParticleBoundSettings<Model, ProposalParams, TwistParams>;
  /** Where learning starts: parameters of model, proposal and twist (`{}` without one). */
  init(key: Key): ParticleTheta<Model, ProposalParams, TwistParams>;
  /** One sweep over one series, with all that it has seen: what `smooth` and `effectiveSizes` read. */
  sweep(theta: ParticleTheta<Model, ProposalParams, TwistParams>, series: ObservedSeries, key: Key): Sweep;
  /** log Z of one sweep, scalar, with the derivatives that `resamplingGradient` says. */
  logEvidence(
    theta: ParticleTheta<Model, ProposalParams, TwistParams>,
    series: ObservedSeries,
    key: Key,
  ): Tensor;
}

/**
 * The bound. Throws `OptionError` for options that do not fit each other: a twist without "sixo", "sixo" without a twist,
 * fewer than one particle. Its functions throw for a stack of series, for names that data do not have, for observations that are
 * not finite, and for `steps` that are no whole number from 1 to T.
 *
 * Cost of a sweep: T · K draws and densities; of its gradient about three times that.
 *
 * @example
 * const bound = particleBound({ model, proposal: bootstrap(), particles: 64 });
 * const theta = bound.init(random.key(0));
 * bound.logEvidence(theta, { y }, random.key(1)).item();
 */
export function particleBound<Model, ProposalParams = object, TwistParams = object>(
  options: ParticleBoundOptions<Model, ProposalParams, TwistParams>,
): ParticleBound<Model, ProposalParams, TwistParams> {
  const settings = particleBoundSettings("particleBound", options);
  const { model, proposal, twist, resamplingGradient } = settings;
  type Theta = ParticleTheta<Model, ProposalParams, TwistParams>;
  const sweep = (theta: Theta, series: ObservedSeries, key: Key): Sweep =>
    particleSweep(settings, theta, series, key);
  const logEvidence = (theta: Theta, series: ObservedSeries, key: Key): Tensor =>
    creditedEvidence(sweep(theta, series, key), resamplingGradient);
  /** Data are looked at before a trace hides their values. */
  const checked =
    <Result>(run: (theta: Theta, series: ObservedSeries, key: Key) => Result): typeof run =>
    (theta, series, key) => {
      requireOneSeries("particleBound", series, model.observationSize);
      return run(theta, series, key);
    };
  return {
    settings,
    init: (key) => ({
      model: model.init(random.foldIn(key, "model")),
      proposal: proposal.init(random.foldIn(key, "proposal")),
      twist: (twist?.init(random.foldIn(key, "twist")) ?? {}) as TwistParams,
    }),
    sweep: checked(compiledOutside(`${settings.bound}.sweep`, sweep)),
    logEvidence: checked(compiledOutside(`${settings.bound}.evidence`, logEvidence)),
  };
}
