/** The state of K-FAC: plain data, blocks by the path of their weights. */
import { type Tensor, type Tree, np, tree } from "../../array/index.ts";
import { counter, zeros } from "../leaves.ts";
import type { LayerBlock } from "./layerBlocks.ts";
import { emptyInverse } from "./kfacInverses.ts";
import { shapeOf } from "./diagonalMatrix.ts";
import { type KfacRule, diagonalsOf } from "./kfacOptions.ts";

/** Second moments of one block. */
export type BlockFactors = {
  /** Ā: of its inputs, mean over examples and positions, [inputs, inputs]; of an embedding the diagonal, [inputs]. */
  inputs: Tensor;
  /**
   * G: of derivatives at its outputs, mean over examples, sum over positions, [outputs, outputs]; [outputs] where a diagonal
   * was asked for.
   */
  outputs: Tensor;
  /** With those of the next block in the chain, [inputs, inputs of the next] and so on. Tridiagonal only. */
  nextInputs?: Tensor;
  nextOutputs?: Tensor;
  /** EKFAC: second moments of gradients in the eigenbasis, [inputs, outputs]. */
  scale?: Tensor;
};

/**
 * What was computed from the factors of one block; which members there are depends on the options. All 0 where that failed:
 * the block stands still.
 */
export type BlockInverse = { readonly [name: string]: Tensor };

export type KfacState = {
  /** Steps so far. */
  step: Tensor;
  /** λ and γ: float scalars. */
  damping: Tensor;
  gamma: Tensor;
  factors: { readonly [block: string]: BlockFactors };
  inverses: { readonly [block: string]: BlockInverse };
  /** Diagonals of the Fisher information by path, where parameters are treated so. */
  diagonals: { readonly [path: string]: Tensor };
  /** Statistics in `factors`, and in the scales of EKFAC since the basis changed: int32 scalars. */
  statistics: Tensor;
  scaleStatistics: Tensor;
  /** δ₀: the last change of theta. */
  previous: Tree;
  /** Average of thetas, with `polyak`. */
  average?: Tree;
};

/** A state before the first step. */
export function initialState(
  rule: KfacRule,
  theta: unknown,
  blocks: readonly LayerBlock[],
  diagonalPaths: readonly string[],
  damping: { damping: Tensor; gamma: Tensor },
  dtype: "float32" | "float64",
): KfacState {
  const none = (...shape: number[]): Tensor => np.zeros(shape, { dtype });
  const byName = <T>(valueOf: (block: LayerBlock, index: number) => T): Record<string, T> =>
    Object.fromEntries(blocks.map((block, i) => [block.name, valueOf(block, i)]));
  const leaves = new Map(tree.entries(theta));
  return {
    step: counter(),
    ...damping,
    factors: byName((block, i) => {
      const { inputs, outputs } = block;
      const isDiagonal = diagonalsOf(rule, block);
      const next = rule.structure === "tridiagonal" ? blocks[i + 1] : undefined;
      return {
        inputs: none(...shapeOf(inputs, isDiagonal.inputs)),
        outputs: none(...shapeOf(outputs, isDiagonal.outputs)),
        ...(next && {
          nextInputs: none(inputs, next.inputs),
          nextOutputs: none(outputs, next.outputs),
        }),
        ...(rule.eigenbasis === "ekfac" && { scale: none(inputs, outputs) }),
      };
    }),
    inverses: byName((block, i) => emptyInverse(rule, block, blocks[i + 1], dtype)),
    diagonals: Object.fromEntries(diagonalPaths.map((path) => [path, np.zerosLike(leaves.get(path)!)])),
    statistics: counter(),
    scaleStatistics: counter(),
    previous: zeros(theta),
    ...(rule.polyak !== null && { average: theta as Tree }),
  };
}
