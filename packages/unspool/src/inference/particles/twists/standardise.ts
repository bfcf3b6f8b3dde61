/**
 * What the network of a twist sees, brought to mean 0 and standard deviation 1: with raw numbers of size 10 a small network
 * needs ten to a hundred times the steps. The moments are those of *simulated* trajectories, and no gradient goes into them.
 */
import { type Tensor, lax, np } from "../../../array/index.ts";
import { OptionError } from "../../../errors.ts";
import type { ObservedSeries } from "../series.ts";

/** Means and standard deviations of states [T, dx] and observations [T, dy], by step; or what broadcasts to them. */
export type TwistMoments = {
  stateMean: Tensor;
  stateSd: Tensor;
  observationMean: Tensor;
  observationSd: Tensor;
};

/**
 * Where moments come from: "running" averages over the trajectories that the twist is trained on, or a function of the
 * model's parameters where they are known.
 */
export type Standardise<Model> = "running" | ((model: Model, steps: number) => TwistMoments);

/** Moments that change nothing: where running averages begin. */
export function unitMoments(steps: number, stateSize: number, observationSize: number): TwistMoments {
  return {
    stateMean: np.zeros([steps, stateSize]),
    stateSd: np.ones([steps, stateSize]),
    observationMean: np.zeros([steps, observationSize]),
    observationSd: np.ones([steps, observationSize]),
  };
}

/** Throws `OptionError` for what is no way to standardise. */
export function requireStandardise(where: string, given: unknown): void {
  if (given === undefined || given === "running" || typeof given === "function") return;
  throw new OptionError(where, "standardise", given, '"running" or a function of the model\'s parameters');
}

/** Moments for a series, without derivatives; undefined where nothing is standardised. */
export function momentsOf<Model>(
  standardise: Standardise<Model> | undefined,
  running: TwistMoments | undefined,
  model: Model,
  steps: number,
): TwistMoments | undefined {
  if (standardise === undefined) return undefined;
  const given = standardise === "running" ? running! : standardise(model, steps);
  const fixed = (x: Tensor): Tensor => lax.stopGradient(x) as Tensor;
  return {
    stateMean: fixed(given.stateMean),
    stateSd: fixed(given.stateSd),
    observationMean: fixed(given.observationMean),
    observationSd: fixed(given.observationSd),
  };
}

/** The series with standardised observations; what is not observed stays 0. */
export function standardisedSeries(
  series: ObservedSeries,
  moments: TwistMoments | undefined,
): ObservedSeries {
  if (moments === undefined) return series;
  const y = series.y.sub(moments.observationMean).div(moments.observationSd);
  const { observed } = series;
  return { ...series, y: observed === undefined ? y : (np.where(observed.reshape([-1, 1]), y, 0) as Tensor) };
}

/** Moments after trajectories x [M, T, dx] and y [M, T, dy]: (1 - rate) old + rate new, of means and of variances. */
export function runningMoments(
  old: TwistMoments,
  { x, y }: { x: Tensor; y: Tensor },
  rate: number,
): TwistMoments {
  const mixed = (mean: Tensor, sd: Tensor, drawn: Tensor): { mean: Tensor; sd: Tensor } => {
    const own = drawn.mean(0);
    const deviation = drawn.sub(own);
    const variance = deviation.mul(deviation).mean(0);
    const mix = (from: Tensor, to: Tensor): Tensor => from.mul(1 - rate).add(to.mul(rate));
    return {
      mean: mix(mean, own),
      sd: np.sqrt(np.maximum(mix(sd.mul(sd), variance), leastVariance) as Tensor) as Tensor,
    };
  };
  const state = mixed(old.stateMean, old.stateSd, x);
  const observation = mixed(old.observationMean, old.observationSd, y);
  return {
    stateMean: state.mean,
    stateSd: state.sd,
    observationMean: observation.mean,
    observationSd: observation.sd,
  };
}

/** Numbers that do not vary are not blown up. */
const leastVariance = 1e-8;
