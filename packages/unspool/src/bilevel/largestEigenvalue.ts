/** The largest eigenvalue of a symmetric product by power iteration: what bounds the step of a series. */
import { type Tensor, np, random, scan, tree } from "../array/index.ts";
import { length, scaled } from "./vectors.ts";

/**
 * ‖A v‖ at the unit vector v of `iterations` steps from a fixed random start: at most the eigenvalue largest in size,
 * float64. Cost: `iterations` products.
 */
export function largestEigenvalue<T>(product: (v: T) => T, like: T, iterations = 20): Tensor {
  const seed = random.key(0);
  let leaves = 0;
  const start = tree.map((leaf) => {
    const dtype = leaf.dtype === "float64" ? "float64" : "float32";
    return random.normal(random.foldIn(seed, leaves++), leaf.shape, { dtype });
  }, like);
  const step = (v: T): [T, Tensor] => {
    const image = product(v);
    const size = length(image);
    // Where the matrix is 0 there is no direction to go on with: the image stays 0, and so do all later ones.
    const scale = np.where(size.greater(0), np.reciprocal(np.where(size.greater(0), size, 1)), 0);
    return [scaled(scale, image), size];
  };
  const [, sizes] = scan(step, scaled(np.reciprocal(length(start)), start), undefined, {
    length: iterations,
  });
  return sizes.slice(-1);
}
