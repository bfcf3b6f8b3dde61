/**
 * The layers of a network, as functions that a caller can listen to. A network that computes its layers through the
 * `Layers` that it is given says nothing about what they are for: `plainLayers` computes them, a curvature optimizer
 * (K-FAC, FOOF) hands in others that also keep the inputs and hear of the derivatives.
 */
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
  dense({ weights, bias }, x) {
    const [inputs, outputs] = weights.shape as [number, number];
    const y = np.matmul(x.reshape([-1, inputs]), weights);
    const shaped = x.ndim === 2 ? y : y.reshape([...x.shape.slice(0, -1), outputs]);
    return bias === undefined ? shaped : shaped.add(bias);
  },
  convolution({ kernel, bias }, x, options = {}) {
    const y = convolve(x, kernel, options);
    return bias === undefined ? y : y.add(bias.reshape([-1, 1, 1]));
  },
};

/** [batch, outputs, height, width]. */
export function convolve(x: Tensor, kernel: Tensor, options: ConvolutionOptions): Tensor {
  const { stride = 1, padding = "valid" } = options;
  return lax.convGeneralDilated(x, kernel, [stride, stride], padding === "same" ? "SAME" : "VALID") as Tensor;
}
