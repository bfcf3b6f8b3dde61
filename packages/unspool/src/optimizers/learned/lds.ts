/**
 * A linear dynamical system at every parameter: what a recurrent optimizer does near a fixed point h* of its state, or
 * a model to be trained of its own. Maheswaranathan et al., NeurIPS 2021.
 *
 *     h ← h* + J (h - h*) + B (g - g*)
 *     p ← p + w · h + c
 */
import { type Tensor, np, random } from "../../array/index.ts";
import { fanInNormal } from "../../networks/index.ts";
import { requireInteger } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import { type ComponentwiseOptimizer, componentwise } from "./componentwise.ts";

export interface LdsOptions {
  /** Numbers of state per parameter, n. Default 16. */
  units?: number;
}

export type LdsMeta = {
  /** State before the first step, [n]. */
  start: Tensor;
  /** h*, [n]. */
  point: Tensor;
  /** g*. */
  gradient: Tensor;
  /** J, [n, n]: entry [i, j] is the derivative of h_i by h_j. */
  matrix: Tensor;
  /** B, [n]. */
  input: Tensor;
  /** w, [n]. */
  readWeights: Tensor;
  /** c. */
  readBias: Tensor;
};

export const ldsDefaults: Required<LdsOptions> = { units: 16 };

/**
 * J starts at N(0, 1 / n), B at N(0, 1), the rest at 0. Cost: n numbers of state and n² multiplications per parameter.
 */
export function lds(options: LdsOptions = {}): ComponentwiseOptimizer<LdsMeta> {
  const { units } = withDefaults("lds", options, ldsDefaults);
  requireInteger("lds", "units", units, 1);
  return componentwise<LdsMeta>({
    name: "lds",
    size: units,
    init: (key) => ({
      start: np.zeros([units]),
      point: np.zeros([units]),
      gradient: np.zeros([]),
      matrix: fanInNormal(random.foldIn(key, "matrix"), [units, units]),
      input: random.normal(random.foldIn(key, "input"), [units]),
      readWeights: np.zeros([units]),
      readBias: np.zeros([]),
    }),
    start: ({ start }) => start,
    next({ point, gradient, matrix, input }, gradients, states) {
      const pushed = gradients.sub(gradient).reshape([-1, 1]).mul(input);
      return np.matmul(states.sub(point), matrix.transpose()).add(pushed).add(point);
    },
    readout: ({ readWeights, readBias }, states) => np.matmul(states, readWeights).add(readBias),
  });
}
