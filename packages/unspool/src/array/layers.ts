/**
 * The layers of a network, as functions that a caller can listen to. A network that computes its layers through the
 * `Layers` that it is given says nothing about what they are for: `plainLayers` computes them, a curvature optimizer
 * (K-FAC, FOOF) hands in others that also keep the inputs and hear of the derivatives.
 */
import { lax } from "./lax.ts";
import { np } from "./np.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { Tensor } from "./tensor.ts";

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

export interface ConvolutionOptions {
  /** Step of the window in both directions. Default 1. */
  stride?: number;
  /** "valid": inside of the image only; "same": padded with zeros to ceil(size / stride). Default "valid". */
  padding?: "valid" | "same";
}

export interface Layers {
  /** x [batch, …, inputs] times the weights, plus the bias: [batch, …, outputs]. */
  dense(layer: DenseWeights, x: Tensor): Tensor;
  /** Images x [batch, inputs, height, width] under the kernel: [batch, outputs, height, width]. */
  convolution(layer: ConvolutionWeights, x: Tensor, options?: ConvolutionOptions): Tensor;
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
};

const parts = {
  dense: { name: "weights", other: "kernel", shape: "[inputs, outputs]", axes: 2 },
  convolution: { name: "kernel", other: "weights", shape: "[outputs, inputs, height, width]", axes: 4 },
} as const;

/** Throws for the parameters of a layer that are none, or those of the other kind of layer. */
export function requireLayer<Layer extends DenseWeights | ConvolutionWeights>(
  kind: keyof typeof parts,
  layer: Layer,
): Layer {
  const where = `layers.${kind}`;
  const { name, other, shape, axes } = parts[kind];
  const given: unknown = layer;
  if (typeof given !== "object" || given === null || Tensor.is(given)) {
    const hint = Tensor.is(given) ? `The layer comes first: ${where}(layer, x).` : undefined;
    throw new OptionError(where, "layer", given, `{ ${name}, bias }, tensors of theta`, hint);
  }
  const own: unknown = (given as Record<string, unknown>)[name];
  if (!Tensor.is(own)) {
    const hint = other in given ? `Its parameters are { ${name}, bias }, not { ${other}, bias }.` : undefined;
    throw new OptionError(where, name, own, `a tensor ${shape}`, hint);
  }
  if (own.ndim !== axes) throw new ShapeError(where, `${name} must be ${shape}, got ${own.toString()}.`);
  return layer;
}

/** [batch, outputs, height, width]. */
export function convolve(x: Tensor, kernel: Tensor, options: ConvolutionOptions): Tensor {
  const { stride = 1, padding = "valid" } = options;
  return lax.convGeneralDilated(x, kernel, [stride, stride], padding === "same" ? "SAME" : "VALID") as Tensor;
}
