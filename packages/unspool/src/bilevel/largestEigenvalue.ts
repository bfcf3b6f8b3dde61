/** The eigenvalue of a symmetric product that is largest in size, by power iteration: what bounds the step of a series. */
import { type Tensor, np, random, scan, tree } from "../array/index.ts";
import { length, scaled } from "./vectors.ts";

/**
 * ± ‖A v‖ at the unit vector v of `iterations` steps from a fixed random start, with the sign of vᵀA v: in size at most the
 * largest eigenvalue. Negative where A curves down more than up. float64. Cost: `iterations` products.
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
    return [scaled(scale, image), np.where(tree.dot(v, image).less(0), size.neg(), size)];
  };
  const [, values] = scan(step, scaled(np.reciprocal(length(start)), start), undefined, {
    length: iterations,
  });
  return values.slice(-1);
}
