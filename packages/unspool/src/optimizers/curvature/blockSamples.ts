/** What the uses of a block say together: rows of inputs, and derivatives for the derivatives at the results of all uses. */
import { type Tensor, np } from "../../array/index.ts";
import type { LayerBlock } from "./layerBlocks.ts";
import type { GradientUse, LayerUse, MatrixUse } from "./layerRecorder.ts";

/** [batch, positions, inputs], with a last column of ones (or zeros, in uses without it) where the block has a bias. */
export function blockInputs(block: LayerBlock, uses: readonly LayerUse[]): Tensor {
  const rows = plainInputs(block, uses);
  if (block.biasPath === undefined) return rows;
  const columns = matrixUses(block, uses).map(({ inputs }, i) => {
    const column = inputs.slice([], [], [0, 1]);
    return block.hasBias[i]! ? np.onesLike(column) : np.zerosLike(column);
  });
  return np.concatenate([rows, joined(columns)], 2);
}

/** The same without the column of the bias. */
export function plainInputs(block: LayerBlock, uses: readonly LayerUse[]): Tensor {
  if (block.form === "matrix") return joined(matrixUses(block, uses).map(({ inputs }) => inputs));
  const first = uses[block.uses[0]!]!;
  const dtype = (first as GradientUse).parameters[0]!.dtype;
  return np.ones([first.shape[0]!, 1, 1], { dtype });
}

/**
 * Derivatives at the outputs of a block, [batch, positions, outputs], from those at the results of all uses of the network.
 * Of a block of gradients, the parameters' gradients [batch, 1, parameters], summed over its uses. `theta` has the leaves.
 */
export function blockErrors(
  block: LayerBlock,
  uses: readonly LayerUse[],
  derivatives: readonly Tensor[],
  isOwn: (leaf: Tensor) => boolean,
): Tensor {
  if (block.form === "matrix")
    return joined(matrixUses(block, uses).map((use, i) => use.errors(derivatives[block.uses[i]!]!)));
  const parts = block.uses.map((index) => {
    const use = uses[index] as GradientUse;
    const own = use.gradients(derivatives[index]!).filter((_, k) => isOwn(use.parameters[k]!));
    return np.concatenate(own, 1);
  });
  const sum = parts.reduce((total, part) => total.add(part));
  return sum.reshape([sum.shape[0]!, 1, sum.shape[1]!]);
}

const matrixUses = (block: LayerBlock, uses: readonly LayerUse[]): MatrixUse[] =>
  block.uses.map((index) => uses[index] as MatrixUse);

function joined(parts: readonly Tensor[]): Tensor {
  return parts.length === 1 ? parts[0]! : np.concatenate([...parts], 1);
}
