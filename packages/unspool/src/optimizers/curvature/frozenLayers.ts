/** Layers that stand still in a step because their factors could not be inverted. */
import { type Tensor, lax, np, tree } from "../../array/index.ts";
import { leftProduct } from "./diagonalMatrix.ts";
import type { LayerBlock } from "./layerBlocks.ts";

/** `next` with the parameters of frozen blocks as in `theta`. */
export function withFrozen<Theta>(
  theta: Theta,
  next: Theta,
  blocks: readonly LayerBlock[],
  frozen: readonly Tensor[],
): Theta {
  const flags = new Map<string, Tensor>();
  blocks.forEach(({ paths, biasPath }, i) => {
    for (const path of [...paths, biasPath]) if (path !== undefined) flags.set(path, frozen[i]!);
  });
  return tree.mapWithPath(
    (path, before, after) => {
      const flag = flags.get(path);
      return flag === undefined ? after! : np.where(flag, before, after!);
    },
    theta,
    next,
  );
}

/** How many flags (bool scalars) are true: int32 scalar. */
export function countOf(flags: readonly Tensor[]): Tensor {
  const zero = tree.scalar(0, "int32");
  return flags.reduce((sum, flag) => sum.add(flag.astype("int32")), zero);
}

/** A part of its length that a vector may be off by, after a matrix and its inverse. */
const mostResidual = 0.01;

/**
 * Whether `inverse` is that of `matrix`, [n, n] (or [n], the diagonals of both), for one vector without symmetries: bool scalar. A factorisation that
 * lost all its digits can still be finite.
 */
export function isInverse(inverse: Tensor, matrix: Tensor): Tensor {
  const [n] = matrix.shape as [number];
  // Multiples of the golden ratio: evenly spread, and of no period.
  const golden = (1 + Math.sqrt(5)) / 2;
  const vector = np.array(
    Array.from({ length: n }, (_, i) => (((i + 1) * golden) % 1) - 0.5),
    { dtype: matrix.dtype as "float64", shape: [n, 1] },
  );
  const [fixedInverse, fixedMatrix] = [lax.stopGradient(inverse), lax.stopGradient(matrix)] as [
    Tensor,
    Tensor,
  ];
  const off = leftProduct(fixedMatrix, leftProduct(fixedInverse, vector)).sub(vector);
  return off
    .mul(off)
    .sum()
    .lessEqual(
      vector
        .mul(vector)
        .sum()
        .mul(mostResidual ** 2),
    );
}
