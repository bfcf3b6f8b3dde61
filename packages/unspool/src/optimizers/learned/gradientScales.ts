/**
 * Sizes of gradients, one number per tensor, by which they are divided: what follows does not depend on the scale of the
 * loss. Layer-wise second moments are those of NovoGrad (Ginsburg et al. 2019).
 *
 *     s ← b s + (1 - b) mean(g²),   w ← b w + (1 - b),   g ← g / sqrt(s / w),   b = 0.99
 */
import { type Tensor, np, tree } from "../../array/index.ts";
import { isFloatLeaf } from "../leaves.ts";

const decay = 0.99;
/** A mean square below it counts as it: gradients of 0 stay 0. */
const least = 1e-30;

export type GradientScales = {
  /** s by path. */
  squares: Record<string, Tensor>;
  /** w, the sum of the weights in each s. */
  weights: Record<string, Tensor>;
};

export function initGradientScales(theta: unknown): GradientScales {
  const none = (): Record<string, Tensor> =>
    Object.fromEntries(
      tree
        .entries(theta)
        .filter(([, leaf]) => isFloatLeaf(leaf))
        .map(([path, leaf]) => [path, tree.scalar(0, leaf.dtype)]),
    );
  return { squares: none(), weights: none() };
}

/** With this step's gradient counted in. */
export function updateGradientScales(
  { squares, weights }: GradientScales,
  gradient: unknown,
): GradientScales {
  const gradients = new Map(tree.entries(gradient));
  const next = (of: Record<string, Tensor>, added: (path: string) => Tensor): Record<string, Tensor> =>
    Object.fromEntries(
      Object.entries(of).map(([path, x]) => [path, x.mul(decay).add(added(path).mul(1 - decay))]),
    );
  return {
    squares: next(squares, (path) => np.square(gradients.get(path)!).mean()),
    weights: next(weights, (path) => np.onesLike(weights[path]!)),
  };
}

export function scaledGradient<T>({ squares, weights }: GradientScales, gradient: T): T {
  return tree.mapWithPath((path, g) => {
    const square = squares[path];
    if (square === undefined) return g;
    const size = np.sqrt(np.maximum(square.div(weights[path]!), tree.scalar(least, g.dtype)));
    return g.div(size);
  }, gradient);
}
