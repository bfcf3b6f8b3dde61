/**
 * Random-walk Metropolis (Metropolis et al. 1953): x' = x + s n with n standard normal, accepted with probability
 * min(1, f_β(x') / f_β(x)). Needs no gradients.
 */
import { type Tensor, random, scan } from "../../../array/index.ts";
import { requireInteger, requireKnownOptions, requirePositive } from "../../../errors.ts";
import { accepted } from "./acceptance.ts";
import type { AnnealedPoints } from "./annealedPoints.ts";
import { floatType, tuningOf } from "./hmc.ts";
import type { Transition } from "./transition.ts";

export interface MetropolisOptions {
  /** Proposals per level. Default 1. */
  proposals?: number;
  /** s. Default 1. */
  stepSize?: number;
  /** Whether s of each level follows the acceptance. Default false. */
  isTuned?: boolean;
  /** Mean acceptance probability that is sought. Default 0.65. */
  targetAcceptance?: number;
  /** s is multiplied or divided by it after each batch. Default 1.05. */
  tuningFactor?: number;
}

/** Random-walk transitions. Cost: one evaluation of flow and target per proposal, chain and level. */
export function metropolis(options: MetropolisOptions = {}): Transition {
  requireKnownOptions("metropolis", options, ["proposals", "stepSize", "isTuned", "targetAcceptance", "tuningFactor"]); // prettier-ignore
  const { proposals = 1, stepSize = 1 } = options;
  requireInteger("metropolis", "proposals", proposals, 1);
  requirePositive("metropolis", "stepSize", stepSize);
  const tuning = tuningOf("metropolis", options, false);
  return {
    name: "metropolis",
    ...{ stepSize, tuning, needsGradients: false, evaluations: proposals },
    options: { proposals, stepSize, ...tuning },
    move({ path, points: start, beta, stepSize: scale, key }) {
      const step = (from: AnnealedPoints, _: undefined, i: Tensor): [AnnealedPoints, Tensor] => {
        const own = random.foldIn(key, i);
        const noise = random.normal(random.foldIn(own, "proposal"), [...from.x.shape], {
          dtype: floatType(from.x),
        });
        const to = path.at(from.x.add(noise.mul(scale)));
        const logRatio = path.logDensity(to, beta).sub(path.logDensity(from, beta));
        const next = accepted({ path, from, to, logRatio, key: random.foldIn(own, "test") });
        return [next.points, next.probability.mean()];
      };
      const [points, each] = scan(step, start, undefined, { length: proposals });
      return { points, acceptance: each.mean() };
    },
  };
}
