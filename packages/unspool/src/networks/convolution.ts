/** Random parameters of the convolutions that `Layers` computes. */
import { type ConvolutionWeights, type Key, np } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../errors.ts";
import { type Initialiser, heNormal } from "./initialisers.ts";

export interface InitConvolutionOptions {
  /** Channels of the images. */
  inputs: number;
  /** Channels of the result. */
  outputs: number;
  /** Height and width of the window; one number for both. */
  window: number | readonly [height: number, width: number];
  /** How weights are drawn, with inputs · height · width as their inputs. Default `heNormal`. */
  weights?: Initialiser;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

/**
 * A kernel [outputs, inputs, height, width] and a bias 0 [outputs], for `layers.convolution(weights, images)` with images
 * [batch, inputs, height, width]; `plainLayers.convolution` computes it.
 *
 * @throws OptionError for sizes that are no positive integers.
 *
 * @example
 * const layer = initConvolution(key, { inputs: 1, outputs: 8, window: 3 });
 * plainLayers.convolution(layer, images, { padding: "same" }); // [batch, 8, height, width]
 */
export function initConvolution(key: Key, options: InitConvolutionOptions): Required<ConvolutionWeights> {
  const where = "initConvolution";
  requireKnownOptions(where, options, ["inputs", "outputs", "window", "weights", "dtype"]);
  const { inputs, outputs, window, weights = heNormal, dtype = "float32" } = options;
  requireInteger(where, "inputs", inputs, 1);
  requireInteger(where, "outputs", outputs, 1);
  const [height, width] = typeof window === "number" ? [window, window] : window;
  if (![height, width].every((length) => Number.isSafeInteger(length) && length >= 1)) {
    throw new OptionError(where, "window", window, "a positive integer, or two: height and width");
  }
  const drawn = weights(key, [inputs * height * width, outputs], dtype);
  return {
    kernel: drawn.transpose().reshape([outputs, inputs, height, width]),
    bias: np.zeros([outputs], { dtype }),
  };
}
