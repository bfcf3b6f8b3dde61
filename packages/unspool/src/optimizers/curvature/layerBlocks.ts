/**
 * Which parameters of theta belong to which layer, and their matrices in homogeneous coordinates. A block that is a matrix
 * product has a Kronecker product for its Fisher information; one of gradients (scales and shifts, layers of one's own) is
 * the matrix [1, parameters], with the number 1 for inputs and the parameters' gradients for derivatives at its outputs.
 */
import { type Tensor, np, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import type { GradientUse, LayerKind, LayerUse, MatrixUse } from "./layerRecorder.ts";

/** The parameters of one layer: a matrix W of [inputs, outputs], the bias its last row. */
export interface LayerBlock {
  /** Path of the weights in theta. */
  readonly name: string;
  readonly kind: LayerKind;
  /** "gradients": inputs is 1 and outputs the number of parameters, whose gradients stand for derivatives. */
  readonly form: LayerUse["form"];
  /** Paths of the leaves in the matrix, in order, without the bias; `weightsPath` is the first. */
  readonly paths: readonly string[];
  readonly weightsPath: string;
  readonly biasPath: string | undefined;
  /** Rows of W, one of them for the bias if there is one. */
  readonly inputs: number;
  readonly outputs: number;
  /** Second moments of which the diagonal is enough, or all that is asked for. */
  readonly isDiagonal: { readonly inputs: boolean; readonly outputs: boolean };
  /** Indices of the uses of the layer, in order. */
  readonly uses: readonly number[];
  /** Of each use, whether the block's bias is in it. */
  readonly hasBias: readonly boolean[];
  /** Positions at which the layer is applied to one example, over all uses: 1 for a plain dense layer. */
  readonly positions: number;
  /** The leaves at `paths` as a matrix without the bias, and back. */
  matrix(leaves: readonly Tensor[]): Tensor;
  leaves(matrix: Tensor): Tensor[];
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

/**
 * Finds the leaves of theta that the uses were given. Throws `OptionError` for a leaf in two layers whose matrices are
 * different ones.
 */
export function registerLayers(theta: unknown, uses: readonly LayerUse[]): Registration {
  const leaves = tree.entries(theta);
  const pathOf = (leaf: Tensor | undefined): string | undefined =>
    leaves.find(([, other]) => other === leaf)?.[0];
  const blocks: LayerBlock[] = [];
  uses.forEach((use, index) => {
    const fresh = use.form === "matrix" ? matrixBlock(use, pathOf) : gradientBlock(use, pathOf);
    if (fresh === undefined) return;
    const place = blocks.findIndex(({ paths }) => paths.some((path) => fresh.paths.includes(path)));
    if (place < 0) blocks.push({ ...fresh, uses: [index] });
    else blocks[place] = joined(blocks[place]!, fresh, index);
  });
  const reasons = new Map<string, { block: string; why: string }>();
  for (const block of blocks) {
    const { name, paths, biasPath } = block;
    const why = describe(block, (use) => uses[use]!.word);
    paths.forEach((path, i) => reasons.set(path, { block: name, why: i === 0 ? why : `with ${name}` }));
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

type FreshBlock = Omit<LayerBlock, "uses">;

function matrixBlock(
  use: MatrixUse,
  pathOf: (leaf: Tensor | undefined) => string | undefined,
): FreshBlock | undefined {
  const paths = use.weights.flatMap((leaf) => pathOf(leaf) ?? []);
  if (paths.length < use.weights.length || paths.length === 0) return undefined;
  const biasPath = pathOf(use.bias);
  const { kind, form, matrix, leaves, outputs, inputs } = use;
  return {
    ...{ name: paths[0]!, kind, form, paths, weightsPath: paths[0]!, biasPath, matrix, leaves, outputs },
    inputs: inputs.shape[2]! + (biasPath === undefined ? 0 : 1),
    isDiagonal: { inputs: use.hasOneHotInputs, outputs: false },
    hasBias: [biasPath !== undefined],
    positions: inputs.shape[1]!,
  };
}

/** Of the parameters that are leaves of theta; others may be constants. */
function gradientBlock(
  use: GradientUse,
  pathOf: (leaf: Tensor) => string | undefined,
): FreshBlock | undefined {
  const own = use.parameters.filter((leaf) => pathOf(leaf) !== undefined);
  if (own.length === 0) return undefined;
  const paths = own.map((leaf) => pathOf(leaf)!);
  const sizes = own.map(({ size }) => size);
  const start = (i: number): number => sizes.slice(0, i).reduce((sum, size) => sum + size, 0);
  return {
    ...{
      name: paths[0]!,
      kind: use.kind,
      form: use.form,
      paths,
      weightsPath: paths[0]!,
      biasPath: undefined,
    },
    inputs: 1,
    outputs: start(own.length),
    isDiagonal: { inputs: false, outputs: use.isDiagonal },
    hasBias: [false],
    positions: 1,
    matrix: (leaves) =>
      np.concatenate(
        leaves.map((leaf) => leaf.reshape([1, -1])),
        1,
      ),
    leaves: (matrix) =>
      own.map(({ shape }, i) => matrix.slice([], [start(i), start(i + 1)]).reshape([...shape])),
  };
}

/** The block with one more use. */
function joined(block: LayerBlock, use: FreshBlock, index: number): LayerBlock {
  const isSame =
    block.form === use.form &&
    String(block.paths) === String(use.paths) &&
    block.outputs === use.outputs &&
    block.inputs - Number(block.biasPath !== undefined) === use.inputs - Number(use.biasPath !== undefined);
  if (!isSame) {
    const shared = block.paths.find((path) => use.paths.includes(path))!;
    throw new OptionError(
      "layers",
      `theta at "${shared}"`,
      `a part of ${block.form === "matrix" ? "a matrix" : "a block of gradients"} and, in another use, of ${use.form === "matrix" ? "a matrix" : "a block of gradients"}`,
      "in layers that are of one kind and have the same parameters",
      "Give both uses to layers.own with the same parameters and `block`, or the parameter a copy of its own.",
    );
  }
  const { inputs, outputs } = block.isDiagonal;
  return {
    ...block,
    uses: [...block.uses, index],
    hasBias: [...block.hasBias, use.biasPath !== undefined && use.biasPath === block.biasPath],
    // Of gradients there is one position, of their sum.
    positions: block.form === "gradients" ? 1 : block.positions + use.positions,
    isDiagonal: {
      inputs: inputs && use.isDiagonal.inputs,
      outputs: outputs && use.isDiagonal.outputs,
    },
  };
}

function describe(block: LayerBlock, wordOf: (use: number) => string): string {
  const { inputs, outputs, positions, biasPath, form, uses, isDiagonal } = block;
  const word = wordOf(uses[0]!);
  const often = uses.length === 1 ? "" : `, used ${uses.length} times`;
  if (form === "gradients") {
    const kind = isDiagonal.outputs ? "diagonal" : "full block";
    return `${word}: ${kind} of the gradients of ${outputs} parameters${often}`;
  }
  const at = positions === 1 ? "" : ` at ${positions} positions`;
  const bias = biasPath === undefined ? "" : " (one for the bias)";
  return `${word} of ${inputs} inputs${bias} and ${outputs} outputs${at}${often}`;
}

/** The matrix [inputs, outputs] of a block in a tree like theta (gradients, updates). */
export function blockMatrix(block: LayerBlock, like: unknown): Tensor {
  const leaves = new Map(tree.entries(like));
  const matrix = block.matrix(block.paths.map((path) => leaves.get(path)!));
  if (block.biasPath === undefined) return matrix;
  return np.concatenate([matrix, leaves.get(block.biasPath)!.reshape([1, -1])], 0);
}

/** `like` with the leaves of the blocks taken from their matrices. */
export function withBlocks<T>(like: T, blocks: readonly LayerBlock[], matrices: readonly Tensor[]): T {
  const replaced = new Map<string, Tensor>();
  blocks.forEach((block, i) => {
    const matrix = matrices[i]!;
    const hasBias = block.biasPath !== undefined;
    const weights = hasBias ? matrix.slice([0, block.inputs - 1]) : matrix;
    block.leaves(weights).forEach((leaf, k) => replaced.set(block.paths[k]!, leaf));
    if (hasBias) replaced.set(block.biasPath!, matrix.slice(block.inputs - 1));
  });
  return tree.mapWithPath((path, leaf) => replaced.get(path) ?? leaf, like);
}
