/**
 * The layers of a network, as functions that a caller can listen to. A network that computes its layers through the
 * `Layers` that it is given says nothing about what they are for: `plainLayers` computes them, a curvature optimizer
 * (K-FAC, FOOF) hands in others that also keep the inputs and hear of the derivatives.
 */
import { orNoClass, requireClasses } from "./labels.ts";
import { requireLayer, requireOwnLayer } from "./layerChecks.ts";
import { lax } from "./lax.ts";
import { np } from "./np.ts";
import type { Tensor } from "./tensor.ts";

/** Parameters of a dense layer; both are leaves of theta. */
export interface DenseWeights {
  /** [inputs, outputs]. */
  weights: Tensor;
  /** [outputs]. */
  bias?: Tensor;
}

/** Parameters of a convolution over images; both are leaves of theta. */
export interface ConvolutionWeights {
  /** [outputs, inputs, height, width]. */
  kernel: Tensor;
  /** [outputs]. */
  bias?: Tensor;
}

/** Parameters of an embedding; a leaf of theta. */
export interface EmbeddingWeights {
  /** [entries, features]. */
  table: Tensor;
}

/** What a normalisation learns; both are leaves of theta. */
export interface ScaleWeights {
  /** [features]. */
  scale: Tensor;
  /** [features]. */
  shift?: Tensor;
}

export interface ConvolutionOptions {
  /** Step of the window in both directions. Default 1. */
  stride?: number;
  /** "valid": inside of the image only; "same": padded with zeros to ceil(size / stride). Default "valid". */
  padding?: "valid" | "same";
}

/** A layer as a product: its parameters are a matrix that rows of its inputs are multiplied with. */
export interface MatrixForm<Parameters> {
  /** What the matrix is multiplied with, [batch, positions, inputs]; a column of ones where a bias is in the matrix. */
  rows: Tensor;
  /** Derivatives at the layer's result, in its shape, as [batch, positions, outputs]. */
  derivatives(atResult: Tensor): Tensor;
  /** The parameters as a matrix [inputs, outputs]. */
  matrix(parameters: Parameters): Tensor;
  /** The reverse of `matrix`. */
  parameters(matrix: Tensor): Parameters;
}

/** A layer of one's own. */
export interface OwnLayer<Parameters = unknown, Inputs = unknown> {
  /** A word for reports. Default "own". */
  name?: string;
  /** A tree whose leaves are leaves of theta themselves: not copies, slices or products of them. */
  parameters: Parameters;
  /** A tensor, or a tree of tensors, whose first axis is the batch. */
  inputs: Inputs;
  /** The result [batch, …], of which an example depends on the inputs of that example only. Made of `np` functions. */
  apply(parameters: Parameters, inputs: Inputs): Tensor;
  /**
   * What curvature methods make of it: "full", the exact block of its gradients [parameters, parameters], for up to some
   * hundred parameters; "diagonal", its diagonal alone; or a Kronecker product, for a layer that is a matrix product in
   * another form. Default "full".
   */
  block?: "full" | "diagonal" | MatrixForm<Parameters>;
}

export interface Layers {
  /** x [batch, …, inputs] times the weights, plus the bias: [batch, …, outputs]. */
  dense(layer: DenseWeights, x: Tensor): Tensor;
  /** Images x [batch, inputs, height, width] under the kernel: [batch, outputs, height, width]. */
  convolution(layer: ConvolutionWeights, x: Tensor, options?: ConvolutionOptions): Tensor;
  /**
   * Rows of the table for int32 indices [batch, …]: [batch, …, features]. An index of no entry is an `OptionError` where
   * indices are known, and NaN in a trace.
   */
  embedding(layer: EmbeddingWeights, indices: Tensor): Tensor;
  /** x [batch, …, features] times the scale, plus the shift. */
  scaleShift(layer: ScaleWeights, x: Tensor): Tensor;
  /** Whatever `layer.apply` computes: how parameters of any other use are told to curvature methods. */
  own<Parameters, Inputs>(layer: OwnLayer<Parameters, Inputs>): Tensor;
}

/**
 * Layers that are computed and nothing else.
 *
 * @example
 * const network = (theta: Theta, x: Tensor, layers: Layers = plainLayers) =>
 *   layers.dense(theta.output, nn.relu(layers.dense(theta.hidden, x)));
 */
export const plainLayers: Layers = {
  dense(layer, x) {
    const { weights, bias } = requireLayer("dense", layer);
    const [inputs, outputs] = weights.shape as [number, number];
    const y = np.matmul(x.reshape([-1, inputs]), weights);
    const shaped = x.ndim === 2 ? y : y.reshape([...x.shape.slice(0, -1), outputs]);
    return bias === undefined ? shaped : shaped.add(bias);
  },
  convolution(layer, x, options = {}) {
    const { kernel, bias } = requireLayer("convolution", layer);
    const y = convolve(x, kernel, options);
    return bias === undefined ? y : y.add(bias.reshape([-1, 1, 1]));
  },
  embedding(layer, indices) {
    const { table } = requireLayer("embedding", layer);
    const entries = table.shape[0]!;
    requireClasses("layers.embedding", indices, entries, "indices");
    return orNoClass(np.take(table, indices, 0) as Tensor, indices, entries);
  },
  scaleShift(layer, x) {
    const { scale, shift } = requireLayer("scaleShift", layer);
    const y = x.mul(scale);
    return shift === undefined ? y : y.add(shift);
  },
  own(layer) {
    const { apply, parameters, inputs } = requireOwnLayer(layer);
    return apply(parameters, inputs);
  },
};

/** [batch, outputs, height, width]. */
export function convolve(x: Tensor, kernel: Tensor, options: ConvolutionOptions): Tensor {
  const { stride = 1, padding = "valid" } = options;
  return lax.convGeneralDilated(x, kernel, [stride, stride], padding === "same" ? "SAME" : "VALID") as Tensor;
}
