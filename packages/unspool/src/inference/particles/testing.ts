/** The Gaussian drift with its best proposal and twist, and many sweeps at once, for tests. */
import { type Key, type Tensor, np, random, vmap } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";
import {
  driftSeries,
  driftSolution,
  gaussianDrift,
  type GaussianDriftTheta,
} from "../stateSpace/gaussianDrift.ts";
import type { StateSpaceModel } from "../stateSpace/stateSpaceModel.ts";
import type { ParticleBound } from "./particleBound.ts";
import type { ParticleTheta } from "./particleSweep.ts";
import { type AffineProposalParams, affineProposal } from "./proposals/affineProposal.ts";
import type { Proposal } from "./proposals/proposal.ts";
import type { ObservedSeries } from "./series.ts";
import { type AffineGaussianTwistParams, affineGaussianTwist } from "./twists/affineGaussianTwist.ts";
import { lastObservation } from "./twists/quadraticMlpTwist.ts";
import type { Twist } from "./twists/twist.ts";

export interface SolvedDrift {
  model: StateSpaceModel<GaussianDriftTheta>;
  proposal: Proposal<unknown, AffineProposalParams>;
  twist: Twist<unknown, AffineGaussianTwistParams>;
  theta: ParticleTheta<GaussianDriftTheta, AffineProposalParams, AffineGaussianTwistParams>;
  series: ObservedSeries;
  logEvidence: number;
}

/** The model at `alpha` with its optimal parts, and one series that ends with `y`. */
export function solvedDrift(
  alpha: number,
  steps: number,
  y: number,
  dtype: "float32" | "float64" = "float64",
): SolvedDrift {
  const model = gaussianDrift({ alpha, dtype });
  const solution = driftSolution(alpha, steps);
  const column = (x: number[]): Tensor => np.array(x, { dtype }).reshape([-1, 1]);
  return {
    model,
    proposal: affineProposal({ steps, stateSize: 1, inputs: lastObservation, dtype }),
    twist: affineGaussianTwist({ steps, stateSize: 1, dtype }),
    theta: {
      model: model.init(random.key(0)),
      proposal: {
        parentWeight: column(solution.proposal.parentWeight),
        inputWeight: column(solution.proposal.targetWeight).reshape([-1, 1, 1]),
        bias: np.zeros([steps, 1], { dtype }),
        logVariance: column(solution.proposal.variance.map(Math.log)),
      },
      twist: {
        shift: column([...solution.twist.shift, 0]),
        logVariance: column([...solution.twist.variance, 1].map(Math.log)),
      },
    },
    series: driftSeries(y, steps, dtype),
    logEvidence: solution.logEvidence(y),
  };
}

/** log Z of `count` sweeps, as plain numbers. */
export function manySweeps<M, P, T>(
  bound: ParticleBound<M, P, T>,
  theta: ParticleTheta<M, P, T>,
  series: ObservedSeries,
  count: number,
  seed = 0,
): number[] {
  const run = compiled("manySweeps", (at: ParticleTheta<M, P, T>, data: ObservedSeries, keys: Tensor) =>
    vmap((key: Key) => bound.logEvidence(at, data, key))(keys),
  );
  return Array.from(run(theta, series, random.split(random.key(seed), count)).data, Number);
}

/** Mean and its standard error. */
export function meanOf(values: readonly number[]): { mean: number; error: number } {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length) };
}
