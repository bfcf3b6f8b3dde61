/**
 * The bootstrap particle filter (Gordon, Salmond and Smith 1993): particles move by the transition and are weighed by the
 * emission; they are drawn anew, multinomially, at the start of the step after one in which their effective number
 * 1 / Σ w² had fallen to half.
 */
import { type Tensor, np, random, tree } from "../../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../../errors.ts";
import { compiled } from "../../../unroll/index.ts";
import { observationLogProb } from "../../stateSpace/observations.ts";
import type { StateSpaceModel } from "../../stateSpace/stateSpaceModel.ts";
import type { FilterStep, OnlineFilter } from "../onlineFilter.ts";
import { requireObservation, requireSameTheta, thetaShapes } from "../requireStream.ts";
import { requireFiniteTargets } from "../targetChecks.ts";
import { type Seen, asFloat64 } from "./ensembleKalman.ts";

export interface BootstrapFilterOptions<Theta> {
  /** How the state moves, and what is observed of it. */
  model: StateSpaceModel<Theta>;
  /** Particles, N. Default 10,000; the paper takes a million. */
  particles?: number;
}

export interface BootstrapFilterState {
  t: number;
  theta: Record<string, string>;
  /** [N, dx], float64. */
  particles: Tensor;
  /** Normalised, [N]. */
  logWeights: Tensor;
  /** The estimate of log p(y_0 … y_{t-1}). */
  logEvidence: number;
}

const where = "bootstrapFilter";

/** The filter. Metrics: `innerSteps`, `effectiveParticles`. Cost of a step: N transitions and emissions, and a sort of N. */
export function bootstrapFilter<Theta>(
  options: BootstrapFilterOptions<Theta>,
): OnlineFilter<Theta, BootstrapFilterState> {
  requireKnownOptions(where, options, ["model", "particles"]);
  const { model, particles: count = 10_000 } = options;
  if (typeof model?.transition !== "function")
    throw new OptionError(where, "model", model, "a state-space model");
  requireInteger(where, "particles", count, 2);
  const weighed = (theta: Theta, x: Tensor, logWeights: Tensor, { y, observed, t }: Seen) => {
    const grown = logWeights.add(asFloat64(observationLogProb(model.emission(theta, x, t), y, observed)));
    const increment = logSumExp(grown);
    const next = grown.sub(increment);
    const weights = np.exp(next).reshape([count, 1]) as Tensor;
    const mean = x.mul(weights).sum(0);
    const gap = x.sub(mean);
    return {
      ...{ particles: x, logWeights: next, mean, increment },
      sd: np.sqrt(gap.mul(gap).mul(weights).sum(0)) as Tensor,
      effective: np.reciprocal(weights.mul(weights).sum()) as Tensor,
    };
  };
  const even = np.full([count], -Math.log(count), { dtype: "float64" });
  const first = compiled("bootstrap.first", (theta: Theta, _x: Tensor, _w: Tensor, seen: Seen) => {
    const x = model.initial(theta).sample(random.foldIn(seen.key, "initial"), [count]);
    return weighed(theta, asFloat64(x), even, seen);
  });
  const next = compiled("bootstrap.step", (theta: Theta, x: Tensor, logWeights: Tensor, seen: Seen) => {
    const weights = np.exp(logWeights) as Tensor;
    const isPoor = np.reciprocal(weights.mul(weights).sum()).lessEqual(count / 2);
    const rows = multinomial(
      weights,
      random.uniform(random.foldIn(seen.key, "resample"), [count], { dtype: "float64" }),
    );
    const from = np.where(isPoor, np.take(x, rows, 0), x) as Tensor;
    const moved = model.transition(theta, from, seen.t).sample(random.foldIn(seen.key, "transition"));
    return weighed(theta, asFloat64(moved), np.where(isPoor, even, logWeights) as Tensor, seen);
  });
  return {
    name: "bpf",
    observationSize: model.observationSize,
    learns: false,
    describe: { model: model.name, particles: count },
    init: (theta) => ({
      t: 0,
      theta: thetaShapes(where, theta),
      particles: np.zeros([count, model.stateSize], { dtype: "float64" }),
      logWeights: even,
      logEvidence: 0,
    }),
    step(theta, state, given, key): FilterStep<Theta, BootstrapFilterState> {
      requireSameTheta(where, state.theta, theta);
      const { t } = state;
      const seen: Seen = {
        ...requireObservation(where, model.observationSize, given),
        t: tree.scalar(t, "int32"),
        key,
      };
      const made = (t === 0 ? first : next)(theta, state.particles, state.logWeights, seen);
      const logEvidence = state.logEvidence + made.increment.item();
      // All weights 0: no particle can have made the observation.
      requireFiniteTargets(where, t, {}, logEvidence);
      return {
        state: {
          ...state,
          ...{ t: t + 1, particles: made.particles, logWeights: made.logWeights, logEvidence },
        },
        ...{ mean: made.mean, sd: made.sd, logEvidence },
        metrics: { innerSteps: count, effectiveParticles: made.effective.item() },
      };
    },
  };
}

function logSumExp(x: Tensor): Tensor {
  const most = x.max() as Tensor;
  return (np.log(np.exp(x.sub(most)).sum()) as Tensor).add(most);
}

/** Row numbers drawn with these weights, of uniform numbers: the inverse of the cumulated weights. */
function multinomial(weights: Tensor, uniform: Tensor): Tensor {
  const sums = np.cumsum(weights) as Tensor;
  const rows = np.searchsorted(sums, uniform.mul(sums.slice(-1)));
  return np.minimum(rows, weights.shape[0]! - 1).astype("int32");
}
