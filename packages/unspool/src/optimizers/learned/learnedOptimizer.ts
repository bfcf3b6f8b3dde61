/** Optimizers whose own parameters are an outer theta: what meta-training tunes. */
import { type Key, type Tensor, type Tensors, type Tree, np, random } from "../../array/index.ts";
import type { Optimizer } from "../optimizer.ts";

/**
 * A family of optimizers with parameters `Meta` (a tree of tensors). As the step of an inner problem, `optimizer(meta)`
 * trains a network, and the problem's theta is `meta`.
 */
export interface LearnedOptimizer<Meta = unknown, State extends Tree = Tree> {
  readonly name: string;
  /** Multiplications of a network that is evaluated at every trained parameter. Default 0: there is none. */
  readonly multiplications?: number;
  /** Parameters from which meta-training starts. */
  init(key: Key): Meta;
  /** The optimizer with these parameters, which may be traced. */
  optimizer(meta: Tensors<Meta> | Meta): Optimizer<State>;
}

/** Weights [inputs, outputs] and bias [outputs] of one layer of the network inside. */
export type NetworkLayer = { weights: Tensor; bias: Tensor };

/**
 * Layers of the given sizes: weights from a normal distribution cut at two deviations, times 1 / sqrt(inputs); biases
 * 0. float32.
 */
export function initLayers(key: Key, sizes: readonly number[]): NetworkLayer[] {
  return sizes.slice(1).map((outputs, i) => {
    const inputs = sizes[i]!;
    const weights = cutNormal(random.foldIn(key, i), [inputs, outputs]).mul(1 / Math.sqrt(inputs));
    return { weights, bias: np.zeros([outputs]) };
  });
}

/** Multiplications of one evaluation of a network with layers of these sizes. */
export function networkMultiplications(sizes: readonly number[]): number {
  return sizes.slice(1).reduce((sum, outputs, i) => sum + sizes[i]! * outputs, 0);
}

/** Draws of one number until one is within two deviations; that none is has a chance of 2e-11. */
const tries = 8;

function cutNormal(key: Key, shape: readonly number[]): Tensor {
  const draws = random.normal(key, [tries, ...shape]);
  let kept = np.clip(draws.slice(0), -2, 2) as Tensor;
  for (let i = tries - 1; i >= 0; i--) {
    const draw = draws.slice(i);
    kept = np.where(np.abs(draw).lessEqual(2), draw, kept);
  }
  return kept;
}
