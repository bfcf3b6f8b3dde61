/**
 * Mixup: training on convex combinations of examples and of their targets. Zhang, Cissé, Dauphin and Lopez-Paz 2018.
 *
 *     x ← w x + (1 - w) x',   y ← w y + (1 - w) y',   w ~ Beta(alpha, alpha), one for the batch; ' is a permutation
 */
import { type Key, type Tensor, nn, np, random } from "../array/index.ts";
import { OptionError } from "../errors.ts";

/** Inputs [n, …] with the probabilities of their classes [n, classes]. */
export interface MixedData {
  inputs: Tensor;
  targets: Tensor;
}

/** A batch mixed with a permutation of itself. `alpha` in (0, 1], default 0.2; near 0 nothing is mixed. */
export function mixup({ inputs, targets }: MixedData, key: Key, alpha = 0.2): MixedData {
  if (!(alpha > 0 && alpha <= 1)) throw new OptionError("mixup", "alpha", alpha, "above 0 and at most 1");
  const weight = symmetricBeta(random.foldIn(key, "weight"), alpha);
  const order = random.permutation(random.foldIn(key, "order"), inputs.shape[0]!);
  const mix = (x: Tensor): Tensor => {
    const w = weight.astype(x.dtype);
    return x.mul(w).add(np.take(x, order, 0).mul(w.neg().add(1)));
  };
  return { inputs: mix(inputs), targets: mix(targets) };
}

/** Tries of the sampler, of which at least every second is accepted on average: all fail with probability 2^-32. */
const tries = 32;

/** Beta(alpha, alpha) for alpha <= 1 by Jöhnk 1964: U^(1/alpha) over its sum with V^(1/alpha), if that is below 1. */
function symmetricBeta(key: Key, alpha: number): Tensor {
  const logs = np.log(random.uniform(key, [2, tries], { minval: 1e-38 })).mul(1 / alpha);
  const [u, v] = [logs.slice(0), logs.slice(1)];
  const isAccepted = np.exp(u).add(np.exp(v)).lessEqual(1);
  const first = np.argmax(isAccepted.astype("float32"), -1);
  // In logarithms: powers of small numbers underflow.
  return np.take(nn.sigmoid(u.sub(v)), first.reshape([1]), 0).reshape([]);
}
