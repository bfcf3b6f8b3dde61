/** Perturbations of theta: drawn per pair and window from keys, so that they depend on nothing else. */
import { type Key, type Tensor, np, random, tree } from "../../array/index.ts";

/** Which perturbation is wanted. */
export interface NoiseRequest {
  /** Key of this pair and draw. */
  key: Key;
  /** Key of this draw for all pairs. */
  source: Key;
  /** int32 scalar: index of the pair. */
  pair: Tensor;
  /** int32 scalar: estimates made before this one. */
  window: Tensor;
}

/** Draws sigma * epsilon in the structure of theta. */
export type Noise = (theta: unknown, request: NoiseRequest) => unknown;

/**
 * Gaussian perturbations with standard deviation `sigma`. One draw for the whole tree, cut into leaves; the pairs'
 * draws follow each other in one stream, which costs less than a key of its own for each.
 */
export function gaussian(sigma: number): Noise {
  return (theta, { source, pair }) => {
    const dtype = tree.floatType(theta);
    const size = tree.size(theta);
    const first = pair.astype("uint32").mul(size);
    const numbers = np.arange(0, size, 1, { dtype: "uint32" }).add(first);
    const draw = random.normalAt(source, numbers, { dtype }).mul(sigma);
    return cut(theta, draw);
  };
}

/** A noise that gets records of its own, whatever it does to them. */
export function ownNoise(noise: Noise): Noise {
  return (theta, request) => noise(tree.copy(theta), { ...request });
}

/** A vector cut into the leaves of `like`. */
export function cut(like: unknown, flat: Tensor): unknown {
  let offset = 0;
  return tree.map((leaf) => {
    const part = flat.slice([offset, offset + leaf.size]).reshape([...leaf.shape]);
    offset += leaf.size;
    return part.dtype === leaf.dtype ? part : part.astype(leaf.dtype);
  }, like);
}

/** A concrete tree repeated along a new leading axis. */
export function repeat(a: unknown, count: number): unknown {
  return tree.map((x: Tensor) => {
    const data = new (x.data.constructor as Float64ArrayConstructor)(x.size * count);
    for (let i = 0; i < count; i++) data.set(x.data, i * x.size);
    return np.array(data, { shape: [count, ...x.shape], dtype: x.dtype });
  }, a);
}
