/** W11: a SIXO bound with its gradient, stochastic volatility of 22 currencies over 119 months, 64 particles; an Adam step. */
import {
  type ParticleTheta,
  type Setup,
  type StochasticVolatilityTheta,
  adam,
  backwardRecurrentTwist,
  descent,
  particleBound,
  particleBoundEstimator,
  productProposal,
  random,
  simulate,
  stochasticVolatility,
  volatilityTheta,
} from "unspool";
import type { Workload } from "./table.ts";

const [currencies, months, particles] = [22, 119, 64];

export function sixo({ restartEvery }: Workload): Setup {
  const model = stochasticVolatility({ series: currencies });
  const { y } = simulate(model, volatilityTheta({ series: currencies }), random.key(0), months);
  const sizes = { steps: months, stateSize: currencies };
  const twist = backwardRecurrentTwist<StochasticVolatilityTheta>({ ...sizes, observationSize: currencies });
  const options = { model, proposal: productProposal(sizes), twist, particles };
  const bound = particleBound<StochasticVolatilityTheta, unknown, unknown>(options);
  const estimator = particleBoundEstimator<StochasticVolatilityTheta, unknown, unknown>({
    ...options,
    data: { y },
  });
  return {
    theta: bound.init(random.key(1)),
    method: descent<ParticleTheta<StochasticVolatilityTheta, unknown, unknown>>(
      estimator,
      adam({ learningRate: 3e-4 }),
    ),
    steps: restartEvery,
  } as Setup;
}
