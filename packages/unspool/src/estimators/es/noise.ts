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

export const add = (a: unknown, b: unknown): unknown =>
  tree.map((x: Tensor, y: Tensor) => x.add(y.dtype === x.dtype ? y : y.astype(x.dtype)), a, b);

export const subtract = (a: unknown, b: unknown): unknown =>
  tree.map((x: Tensor, y: Tensor) => x.sub(y.dtype === x.dtype ? y : y.astype(x.dtype)), a, b);

/** Every leaf times a scalar tensor or number. */
export const scale = (a: unknown, by: Tensor | number): unknown => tree.map((x: Tensor) => x.mul(by), a);

/** Leaf by leaf, `a` where the scalar `condition` holds, else `b`. */
export const select = (condition: Tensor, a: unknown, b: unknown): unknown =>
  tree.map((x: Tensor, y: Tensor) => np.where(condition, x, y), a, b);

export const wide = (a: unknown): unknown => tree.map((x: Tensor) => x.astype("float64"), a);

export const zerosLike = (a: unknown, dtype?: "float64"): unknown =>
  tree.map((x: Tensor) => np.zeros(x.shape, { dtype: dtype ?? x.dtype }), a);

/** Inner product of two trees, float64 scalar. */
export const dot = (a: unknown, b: unknown): Tensor => {
  const products = tree.leaves(
    tree.map((x: Tensor, y: Tensor) => x.astype("float64").mul(y.astype("float64")).sum(), a, b),
  );
  return products.reduce((sum, x) => sum.add(x));
};

/** A concrete tree repeated along a new leading axis. */
export function repeat(a: unknown, count: number): unknown {
  return tree.map((x: Tensor) => {
    const data = new (x.data.constructor as Float64ArrayConstructor)(x.size * count);
    for (let i = 0; i < count; i++) data.set(x.data, i * x.size);
    return np.array(data, { shape: [count, ...x.shape], dtype: x.dtype });
  }, a);
}
