/**
 * The precision of the prior N(0, diag(δ)⁻¹) of a network's parameters, as it is learned: log δ for all of them, for each leaf
 * of theta, or for each number in it.
 */
import { type Tensor, np, tree } from "../array/index.ts";
import { ShapeError } from "../errors.ts";
import { type LayerBlock, blockMatrix } from "../optimizers/index.ts";
import type { LayerPrecision } from "./curvatureStructure.ts";

/**
 * One number, one for each leaf of theta (weights and bias of a layer are two), or one for each parameter. They stand in the
 * order of `tree.leaves`, where names of a record are sorted: of two layers { weights, bias }, log δ is [bias of the first,
 * its weights, bias of the second, its weights]; for each parameter, those of a leaf follow each other row by row.
 */
export type PriorStructure = "scalar" | "layer" | "diag";

export const priorStructures: readonly PriorStructure[] = ["scalar", "layer", "diag"];

/** The shape of log δ. */
export function precisionShape(structure: PriorStructure, theta: unknown): number[] {
  if (structure === "scalar") return [];
  return [structure === "layer" ? tree.leaves(theta).length : tree.size(theta)];
}

/** log δ leaf by leaf: scalars, or in the shape of the leaf ("diag"). In the order of `tree.leaves`. */
export function leafLogPrecisions(
  where: string,
  logDelta: Tensor,
  structure: PriorStructure,
  theta: unknown,
): Tensor[] {
  const leaves = tree.leaves(theta);
  const shape = precisionShape(structure, theta);
  if (String(logDelta.shape) !== String(shape)) {
    throw new ShapeError(
      where,
      `logDelta must be [${shape.join(", ")}] for the prior "${structure}", got ${logDelta.toString()}.`,
    );
  }
  if (structure === "scalar") return leaves.map(() => logDelta);
  if (structure === "layer") return leaves.map((_, i) => logDelta.slice(i));
  let start = 0;
  return leaves.map((leaf) => {
    const own = logDelta.slice([start, start + leaf.size]).reshape([...leaf.shape]);
    start += leaf.size;
    return own;
  });
}

/** log det P: Σ over all parameters of log δ. */
export function logDetPrior(logPrecisions: readonly Tensor[], theta: unknown): Tensor {
  return tree.total(
    tree.leaves(theta).map((leaf, i) => {
      const own = logPrecisions[i]!;
      return own.ndim === 0 ? own.mul(leaf.size) : own.sum();
    }),
  );
}

/** θᵀ P θ from the sums Σ θ² of leaves, or from their squares. */
export function scatterOf(logPrecisions: readonly Tensor[], squares: readonly Tensor[]): Tensor {
  return tree.total(squares.map((square, i) => np.exp(logPrecisions[i]!).mul(square).sum()));
}

/** What `scatterOf` needs of theta: sums where δ is one number for a leaf, which is all that it is with. */
export function squaresOf(structure: PriorStructure, theta: unknown): Tensor[] {
  return tree.leaves(theta).map((leaf) => (structure === "diag" ? leaf.mul(leaf) : leaf.mul(leaf).sum()));
}

/** The precisions of the parameters of layers. */
export function layerPrecisions(
  blocks: readonly LayerBlock[],
  theta: unknown,
  logPrecisions: readonly Tensor[],
): LayerPrecision[] {
  const precisions = logPrecisions.map((own) => np.exp(own));
  const paths = tree.entries(theta).map(([path]) => path);
  const of = (path: string): Tensor => precisions[paths.indexOf(path)]!;
  return blocks.map((block) => {
    const weights = of(block.weightsPath);
    const bias = block.biasPath === undefined ? undefined : of(block.biasPath);
    if (weights.ndim === 0) return { block, weights, bias };
    const matrix = blockMatrix(block, tree.unflatten(theta, precisions));
    return { block, weights: bias === undefined ? matrix : matrix.slice([0, block.inputs - 1]), bias };
  });
}
