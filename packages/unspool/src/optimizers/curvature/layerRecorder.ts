/** Layers that keep what curvature methods need to know of each use: its inputs, and a place for derivatives. */
import {
  type ConvolutionOptions,
  type Layers,
  type Tensor,
  convolve,
  np,
  plainLayers,
  requireLayer,
  tree,
} from "../../array/index.ts";

/** One call of a layer while a network was computed. */
export interface LayerUse {
  readonly kind: "dense" | "convolution";
  /** The leaves of theta that were passed. */
  readonly weights: Tensor;
  readonly bias: Tensor | undefined;
  /** What the weights were multiplied with, [batch, positions, inputs]: patches, for convolutions. */
  readonly inputs: Tensor;
  /** Shape of the pre-activations, and of their probe. */
  readonly shape: readonly number[];
}

/** Layers that list their uses. With `probes`, one per use, those are added to the pre-activations. */
export function recordingLayers(probes?: readonly Tensor[]): { layers: Layers; uses: LayerUse[] } {
  const uses: LayerUse[] = [];
  const record = (use: Omit<LayerUse, "shape">, y: Tensor): Tensor => {
    const probe = probes?.[uses.length];
    uses.push({ ...use, shape: y.shape });
    return probe === undefined ? y : y.add(probe);
  };
  const layers: Layers = {
    dense(layer, x) {
      const inputs = x.reshape([x.shape[0]!, -1, x.shape.at(-1)!]);
      const { weights, bias } = requireLayer("dense", layer);
      return record({ kind: "dense", weights, bias, inputs }, plainLayers.dense(layer, x));
    },
    convolution(layer, x, options = {}) {
      const { kernel, bias } = requireLayer("convolution", layer);
      const inputs = patches(x, kernel.shape, options);
      const y = plainLayers.convolution(layer, x, options);
      return record({ kind: "convolution", weights: kernel, bias, inputs }, y);
    },
  };
  return { layers, uses };
}

/** Derivatives at the pre-activations of one use as [batch, positions, outputs]. */
export function byPosition({ kind, shape }: LayerUse, derivatives: Tensor): Tensor {
  if (kind === "dense") return derivatives.reshape([shape[0]!, -1, shape.at(-1)!]);
  return np.swapaxes(derivatives.reshape([shape[0]!, shape[1]!, -1]), 1, 2);
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

/** Zeros to add to each pre-activation. */
export function probesFor(uses: readonly LayerUse[], dtype: "float32" | "float64"): Tensor[] {
  return uses.map(({ shape }) => tree.scalar(0, dtype).add(np.zeros([...shape], { dtype })));
}
