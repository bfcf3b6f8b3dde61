/**
 * Ghost batch normalisation (Hoffer, Hubara and Soudry 2017, Algorithm 1): a large batch is normalised in virtual
 * batches, with the statistics that small batches would have, and each of them moves the running statistics.
 *
 *     for each virtual batch:  y ← (x - mean) / √(variance + eps) · scale + shift
 *                              running ← (1 - momentum) · running + momentum · statistics
 */
import { type Tensor, np } from "../array/index.ts";
import { ShapeError, requireInteger, requireKnownOptions } from "../errors.ts";

/** Parameters [channels]. */
export interface BatchNormLayer {
  scale: Tensor;
  shift: Tensor;
}

/** [channels] each; starts at 0 and 1. */
export interface RunningStatistics {
  mean: Tensor;
  variance: Tensor;
}

export interface GhostBatchNormOptions {
  /** Examples of a virtual batch; must divide the batch. Default: all. */
  virtualBatch?: number;
  /** Weight of a virtual batch in the running statistics. Default 0.1. */
  momentum?: number;
  /** Added to the variance. Default 1e-5. */
  eps?: number;
}

/**
 * Outputs for x [batch, channels, …] with statistics over batch and places, and the running statistics after it. For
 * two evaluations at one step (SAM) keep the running statistics of the first.
 *
 * @example
 * const { outputs, running } = ghostBatchNorm(theta.norm, x, state.running, { virtualBatch: 32 });
 */
export function ghostBatchNorm(
  layer: BatchNormLayer,
  x: Tensor,
  running: RunningStatistics,
  options: GhostBatchNormOptions = {},
): { outputs: Tensor; running: RunningStatistics } {
  requireKnownOptions("ghostBatchNorm", options, ["virtualBatch", "momentum", "eps"]);
  const [batch, channels] = x.shape as [number, number];
  const { virtualBatch = batch, momentum = 0.1, eps = 1e-5 } = options;
  requireInteger("ghostBatchNorm", "virtualBatch", virtualBatch, 1);
  if (batch % virtualBatch !== 0) {
    throw new ShapeError(
      "ghostBatchNorm",
      `a batch of ${batch} cannot be cut into virtual batches of ${virtualBatch}; virtualBatch must divide it.`,
    );
  }
  const ghosts = batch / virtualBatch;
  const cut = x.reshape([ghosts, virtualBatch, channels, -1]);
  const mean = cut.mean([1, 3], { keepdims: true });
  const centred = cut.sub(mean);
  const variance = centred.mul(centred).mean([1, 3], { keepdims: true });
  const unit = centred.div(np.sqrt(variance.add(eps))).reshape([...x.shape]);
  // One virtual batch after the other: the last weighs momentum, those before it (1 - momentum) times as much each.
  const weights = np.array(
    Array.from({ length: ghosts }, (_, i) => momentum * (1 - momentum) ** (ghosts - 1 - i)),
    { dtype: x.dtype, shape: [ghosts, 1] },
  );
  const moved = (from: Tensor, statistics: Tensor): Tensor =>
    from.mul((1 - momentum) ** ghosts).add(statistics.reshape([ghosts, channels]).mul(weights).sum(0));
  return {
    outputs: transformed(layer, unit),
    running: { mean: moved(running.mean, mean), variance: moved(running.variance, variance) },
  };
}

/** Outputs for x [batch, channels, …] with the running statistics: after training. */
export function batchNorm(layer: BatchNormLayer, x: Tensor, running: RunningStatistics, eps = 1e-5): Tensor {
  const scale = np.reciprocal(np.sqrt(running.variance.add(eps)));
  return transformed(layer, x.sub(alongChannels(running.mean, x)).mul(alongChannels(scale, x)));
}

function transformed({ scale, shift }: BatchNormLayer, x: Tensor): Tensor {
  return x.mul(alongChannels(scale, x)).add(alongChannels(shift, x));
}

/** [channels] in a shape that broadcasts over x [batch, channels, …]. */
function alongChannels(values: Tensor, x: Tensor): Tensor {
  return values.reshape([-1, ...x.shape.slice(2).map(() => 1)]);
}
