/**
 * A chaotic recurrent network that is seen through heavy-tailed noise (Sussillo and Abbott 2009; Zhao and Park 2020; section 5.2
 * of Campbell, Shi, Rainforth and Doucet 2021):
 *
 *     x_0 ~ N(0, U),   x_t ~ N(x + Δ/τ (-x + γ W tanh x), U),   y_t = x_t + scale · Student's t with df degrees of freedom
 *
 * with W_ij ~ N(0, 1 / d): chaotic for γ above 1.
 */
import { type Key, type Tensor, np, random } from "../../array/index.ts";
import { diagonalNormal, independent, studentT } from "../../distributions/index.ts";
import { requireInteger, requireKnownOptions, requirePositive } from "../../errors.ts";
import type { StateSpaceModel } from "./stateSpaceModel.ts";

export interface ChaoticRnnOptions {
  /** Units, d, each of them observed. Default 5. */
  units?: number;
  /** Δ, the length of a step. Default 0.001. */
  stepLength?: number;
  /** τ. Default 0.025. */
  timeConstant?: number;
  /** γ. Default 2.5. */
  gain?: number;
  /** Standard deviation of the noise of a step, and of x_0. Default 0.1. */
  stateSd?: number;
  /** Default 0.1. */
  observationScale?: number;
  /** Degrees of freedom; with 2 there is no variance. Default 2. */
  degreesOfFreedom?: number;
}

/** W, [d, d]: row i has the weights into unit i. float64. */
export type ChaoticRnnTheta = { weights: Tensor };

const where = "chaoticRnn";

/** The model. Theta is W, drawn by `init`. */
export function chaoticRnn(options: ChaoticRnnOptions = {}): StateSpaceModel<ChaoticRnnTheta> {
  requireKnownOptions(where, options, [
    ...(["units", "stepLength", "timeConstant", "gain", "stateSd"] as const),
    ...(["observationScale", "degreesOfFreedom"] as const),
  ]);
  const { units: d = 5, stepLength = 0.001, timeConstant = 0.025, gain = 2.5 } = options;
  const { stateSd = 0.1, observationScale = 0.1, degreesOfFreedom = 2 } = options;
  requireInteger(where, "units", d, 1);
  for (const [name, value] of Object.entries({
    ...{ stepLength, timeConstant, gain, stateSd, observationScale, degreesOfFreedom },
  })) {
    requirePositive(where, name, value);
  }
  const float64 = { dtype: "float64" } as const;
  const spread = (value: number): Tensor => np.full([d], value, float64);
  const rate = stepLength / timeConstant;
  return {
    name: where,
    stateSize: d,
    observationSize: d,
    init: (key: Key) => ({ weights: random.normal(key, [d, d], float64).mul(1 / Math.sqrt(d)) }),
    initial: () => diagonalNormal({ mean: spread(0), sd: spread(stateSd) }),
    transition({ weights }, x) {
      // [..., d] by rows: W tanh x of each state.
      const driven = (np.matmul(rows(np.tanh(x)), weights.transpose()) as Tensor).reshape([...x.shape]);
      const mean = x.mul(1 - rate).add(driven.mul(rate * gain));
      return diagonalNormal({ mean, sd: spread(stateSd) });
    },
    emission: (_theta, x) =>
      independent(studentT({ df: degreesOfFreedom, loc: x, scale: observationScale }), 1),
  };
}

/** All leading axes as one, so that vectors are products of matrices too. */
function rows(x: Tensor): Tensor {
  const d = x.shape.at(-1)!;
  return x.reshape([x.size / d, d]);
}
