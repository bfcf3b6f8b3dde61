/** Layers that keep what curvature methods need to know of each use: its inputs, and a place for derivatives. */
import {
  type ConvolutionOptions,
  type Layers,
  type MatrixForm,
  type OwnLayer,
  type Tensor,
  convolve,
  nn,
  np,
  plainLayers,
  requireLayer,
  tree,
  vjp,
  vmap,
} from "../../array/index.ts";
import { ShapeError } from "../../errors.ts";

export type LayerKind = "dense" | "convolution" | "embedding" | "scale" | "own";

/** One call of a layer while a network was computed. */
export type LayerUse = MatrixUse | GradientUse;

interface Use {
  readonly kind: LayerKind;
  /** The layer's name in reports. */
  readonly word: string;
  /** Shape of the result, and of its probe. */
  readonly shape: readonly number[];
}

/** A use whose parameters are a matrix [inputs, outputs] that rows of its inputs are multiplied with. */
export interface MatrixUse extends Use {
  readonly form: "matrix";
  /** The leaves of theta that were passed, without the bias. */
  readonly weights: readonly Tensor[];
  readonly bias: Tensor | undefined;
  /** What the matrix was multiplied with, [batch, positions, inputs] without the bias: patches, for convolutions. */
  readonly inputs: Tensor;
  readonly outputs: number;
  /** Whether no row of the inputs has more than one element, so that their second moment is diagonal. */
  readonly hasOneHotInputs: boolean;
  /** Derivatives at the result as [batch, positions, outputs]. */
  errors(derivatives: Tensor): Tensor;
  /** The weights as a matrix, and back. */
  matrix(weights: readonly Tensor[]): Tensor;
  leaves(matrix: Tensor): Tensor[];
}

/** A use whose parameters are anything else: it has their gradients, example by example. */
export interface GradientUse extends Use {
  readonly form: "gradients";
  readonly parameters: readonly Tensor[];
  readonly isDiagonal: boolean;
  /** For derivatives at the result, of each parameter [batch, size]. */
  gradients(derivatives: Tensor): Tensor[];
}

/** Layers that list their uses. With `probes`, one per use, those are added to the pre-activations. */
export function recordingLayers(probes?: readonly Tensor[]): { layers: Layers; uses: LayerUse[] } {
  const uses: LayerUse[] = [];
  const record = (use: Omit<MatrixUse, "shape"> | Omit<GradientUse, "shape">, y: Tensor): Tensor => {
    const probe = probes?.[uses.length];
    uses.push({ ...use, shape: y.shape });
    return probe === undefined ? y : y.add(probe);
  };
  const layers: Layers = {
    dense(layer, x) {
      const { weights, bias } = requireLayer("dense", layer);
      return record(denseUse(weights, bias, byPosition(x)), plainLayers.dense(layer, x));
    },
    convolution(layer, x, options = {}) {
      const { kernel, bias } = requireLayer("convolution", layer);
      const y = plainLayers.convolution(layer, x, options);
      return record(convolutionUse(kernel, bias, patches(x, kernel.shape, options)), y);
    },
    embedding(layer, indices) {
      const { table } = requireLayer("embedding", layer);
      const rows = nn.oneHot(indices.reshape([indices.shape[0]!, -1]), table.shape[0]!).astype(table.dtype);
      const use = { ...denseUse(table, undefined, rows), kind: "embedding", word: "embedding" } as const;
      return record({ ...use, hasOneHotInputs: true }, plainLayers.embedding(layer, indices));
    },
    scaleShift(layer, x) {
      requireLayer("scaleShift", layer);
      return record(scaleUse(layer.scale, layer.shift, x), plainLayers.scaleShift(layer, x));
    },
    own(layer) {
      const y = plainLayers.own(layer);
      return record(ownUse(layer, y), y);
    },
  };
  return { layers, uses };
}

/** Zeros to add to each pre-activation. */
export function probesFor(uses: readonly LayerUse[], dtype: "float32" | "float64"): Tensor[] {
  return uses.map(({ shape }) => tree.scalar(0, dtype).add(np.zeros([...shape], { dtype })));
}

/** [batch, …, n] as [batch, positions, n]. */
const byPosition = (x: Tensor): Tensor => x.reshape([x.shape[0]!, -1, x.shape.at(-1)!]);

const word = { dense: "dense layer", convolution: "convolution" } as const;

function denseUse(weights: Tensor, bias: Tensor | undefined, inputs: Tensor): Omit<MatrixUse, "shape"> {
  return {
    ...{ kind: "dense", word: word.dense, form: "matrix", hasOneHotInputs: false },
    ...{ weights: [weights], bias, inputs, outputs: weights.shape[1]! },
    errors: byPosition,
    matrix: ([own]) => own!,
    leaves: (matrix) => [matrix],
  };
}

function convolutionUse(kernel: Tensor, bias: Tensor | undefined, inputs: Tensor): Omit<MatrixUse, "shape"> {
  const [outputs] = kernel.shape as [number];
  return {
    ...{ kind: "convolution", word: word.convolution, form: "matrix", hasOneHotInputs: false },
    ...{ weights: [kernel], bias, inputs, outputs },
    errors: (d) => np.swapaxes(d.reshape([d.shape[0]!, outputs, -1]), 1, 2),
    matrix: ([own]) => np.transpose(own!.reshape([outputs, -1])),
    leaves: (matrix) => [np.transpose(matrix).reshape([...kernel.shape])],
  };
}

/** y = x · scale + shift: the gradients are Σ x e and Σ e over positions. */
function scaleUse(scale: Tensor, shift: Tensor | undefined, x: Tensor): Omit<GradientUse, "shape"> {
  const rows = byPosition(x);
  const summed = (at: Tensor): Tensor => at.sum(1);
  return {
    ...{ kind: "scale", word: "scale and shift", form: "gradients", isDiagonal: false },
    parameters: shift === undefined ? [scale] : [scale, shift],
    gradients(derivatives) {
      const errors = byPosition(derivatives);
      const ofScale = summed(errors.mul(rows));
      return shift === undefined ? [ofScale] : [ofScale, summed(errors)];
    },
  };
}

function ownUse<P, X>(
  layer: OwnLayer<P, X>,
  y: Tensor,
): Omit<MatrixUse, "shape"> | Omit<GradientUse, "shape"> {
  const { name = "own", parameters, inputs, apply, block = "full" } = layer;
  const common = { kind: "own", word: name } as const;
  if (typeof block !== "string") return { ...common, ...matrixForm(parameters, block) };
  const leaves = tree.leaves(parameters);
  // Example by example, each as a batch of one.
  const alone = (x: X, d: Tensor): Tensor[] => {
    const one = tree.map((leaf) => leaf.reshape([1, ...leaf.shape]), x);
    const at = (own: Tensor[]): Tensor => apply(tree.unflatten(parameters, own) as P, one);
    const [, [slopes]] = vjp(at, [leaves], d.reshape([1, ...d.shape]));
    return slopes as Tensor[];
  };
  return {
    ...common,
    ...{ form: "gradients", parameters: leaves, isDiagonal: block === "diagonal" },
    gradients: (derivatives) => {
      const all = vmap(alone)(inputs, derivatives) as Tensor[];
      return all.map((slopes) => slopes.reshape([y.shape[0]!, -1]));
    },
  };
}

function matrixForm<P>(
  parameters: P,
  form: MatrixForm<P>,
): Pick<
  MatrixUse,
  "form" | "weights" | "bias" | "inputs" | "outputs" | "hasOneHotInputs" | "errors" | "matrix" | "leaves"
> {
  const { rows } = form;
  const [, outputs] = form.matrix(parameters).shape;
  if (rows.ndim !== 3)
    throw new ShapeError(
      "layers.own",
      `block.rows must be [batch, positions, inputs], got ${rows.toString()}.`,
    );
  return {
    ...{ form: "matrix", bias: undefined, inputs: rows, outputs: outputs!, hasOneHotInputs: false },
    weights: tree.leaves(parameters),
    errors: (d) => form.derivatives(d),
    matrix: (leaves) => form.matrix(tree.unflatten(parameters, [...leaves]) as P),
    leaves: (matrix) => tree.leaves(form.parameters(matrix)),
  };
}

/** What the window of a kernel covers at each position, [batch, positions, inputs · height · width]. */
function patches(x: Tensor, kernelShape: readonly number[], options: ConvolutionOptions): Tensor {
  const [, ...window] = kernelShape as [number, number, number, number];
  const size = window.reduce((product, length) => product * length, 1);
  // A convolution with one kernel per element of the window.
  const picked = convolve(
    x,
    np
      .eye(size)
      .astype(x.dtype)
      .reshape([size, ...window]),
    options,
  );
  return np.swapaxes(picked.reshape([x.shape[0]!, size, -1]), 1, 2);
}
