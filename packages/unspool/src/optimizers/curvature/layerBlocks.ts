/** Which parameters of theta belong to which layer, and their matrices in homogeneous coordinates. */
import { type Tensor, np, tree } from "../../array/index.ts";
import type { LayerUse } from "./layerRecorder.ts";

/** The parameters of one layer: a matrix W of [inputs, outputs], the bias its last row. */
export interface LayerBlock {
  /** Path of the weights in theta. */
  readonly name: string;
  readonly kind: LayerUse["kind"];
  readonly weightsPath: string;
  readonly biasPath: string | undefined;
  /** Rows of W, one of them for the bias if there is one. */
  readonly inputs: number;
  readonly outputs: number;
  /** Indices of the uses of the layer, in order. */
  readonly uses: readonly number[];
  /** Positions at which the layer is applied to one example, over all uses: 1 for a plain dense layer. */
  readonly positions: number;
}

/** What became of a parameter. */
export interface RegisteredParameter {
  readonly path: string;
  /** Name of the block that it is in, if it is in one. */
  readonly block: string | undefined;
  /** Why, for a person. */
  readonly why: string;
}

export interface Registration {
  readonly blocks: readonly LayerBlock[];
  /** Every leaf of theta. */
  readonly parameters: readonly RegisteredParameter[];
}

/** Finds the leaves of theta that the uses were given. */
export function registerLayers(theta: unknown, uses: readonly LayerUse[]): Registration {
  const leaves = tree.entries(theta);
  const pathOf = (leaf: Tensor | undefined): string | undefined =>
    leaves.find(([, other]) => other === leaf)?.[0];
  const blocks: LayerBlock[] = [];
  const reasons = new Map<string, { block: string | undefined; why: string }>();
  uses.forEach((use, index) => {
    const weightsPath = pathOf(use.weights);
    if (weightsPath === undefined) return;
    const biasPath = pathOf(use.bias);
    const positions = use.inputs.shape[1]!;
    const known = blocks.findIndex((block) => block.weightsPath === weightsPath);
    if (known >= 0) {
      const block = blocks[known]!;
      blocks[known] = { ...block, uses: [...block.uses, index], positions: block.positions + positions };
      return;
    }
    const [inputs, outputs] = [
      use.inputs.shape[2]!,
      use.kind === "dense" ? use.shape.at(-1)! : use.shape[1]!,
    ];
    const rows = inputs + (biasPath === undefined ? 0 : 1);
    blocks.push({
      name: weightsPath,
      kind: use.kind,
      weightsPath,
      biasPath,
      inputs: rows,
      outputs,
      uses: [index],
      positions,
    });
  });
  for (const block of blocks) {
    const { name, kind, weightsPath, biasPath, inputs, outputs, positions } = block;
    const at = positions === 1 ? "" : ` at ${positions} positions`;
    const why = `${kind} layer of ${inputs} inputs${biasPath === undefined ? "" : " (one for the bias)"} and ${outputs} outputs${at}`;
    reasons.set(weightsPath, { block: name, why });
    if (biasPath !== undefined) reasons.set(biasPath, { block: name, why: `bias of ${name}` });
  }
  const parameters = leaves.map(([path, leaf]) => {
    const isFloat = leaf.dtype === "float32" || leaf.dtype === "float64";
    const none = isFloat
      ? "no layer was given this leaf of theta itself (a reshaped or scaled copy is another tensor)"
      : `${leaf.dtype} leaves are not trained`;
    return { path, ...(reasons.get(path) ?? { block: undefined, why: none }) };
  });
  return { blocks, parameters };
}

/** The matrix [inputs, outputs] of a block in a tree like theta (gradients, updates). */
export function blockMatrix(block: LayerBlock, like: unknown): Tensor {
  const leaves = new Map(tree.entries(like));
  const weights = leaves.get(block.weightsPath)!;
  const matrix = block.kind === "dense" ? weights : np.transpose(weights.reshape([block.outputs, -1]));
  if (block.biasPath === undefined) return matrix;
  return np.concatenate([matrix, leaves.get(block.biasPath)!.reshape([1, -1])], 0);
}

/** `like` with the leaves of the blocks taken from their matrices. */
export function withBlocks<T>(like: T, blocks: readonly LayerBlock[], matrices: readonly Tensor[]): T {
  const replaced = new Map<string, Tensor>();
  const shapes = new Map(tree.entries(like));
  blocks.forEach((block, i) => {
    const matrix = matrices[i]!;
    const hasBias = block.biasPath !== undefined;
    const weights = hasBias ? matrix.slice([0, block.inputs - 1]) : matrix;
    const { shape } = shapes.get(block.weightsPath)!;
    const shaped = block.kind === "dense" ? weights : np.transpose(weights).reshape([...shape]);
    replaced.set(block.weightsPath, shaped);
    if (hasBias) replaced.set(block.biasPath!, matrix.slice(block.inputs - 1));
  });
  return tree.mapWithPath((path, leaf) => replaced.get(path) ?? leaf, like);
}
