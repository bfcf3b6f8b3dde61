/**
 * A network whose outputs are averaged over transformed copies of each input, f̄(x) = 1/S Σ_s f(x_s; θ), seen layer by layer:
 * what goes into each layer for each copy, and the derivatives of the averaged outputs there.
 */
import { type Layers, type Tensor, np, plainLayers } from "../array/index.ts";
import { ShapeError } from "../errors.ts";
import { type Registration, outputTaps } from "../optimizers/index.ts";
import type { Augmentation } from "./augmentation.ts";

/** Outputs [batch, n] for inputs [batch, …]; it computes its layers through `layers`. */
export type LayeredNetwork<Theta> = (theta: Theta, inputs: Tensor, layers: Layers) => Tensor;

export interface AveragedTaps {
  readonly registration: Registration;
  /** f̄, [n, outputs]. */
  readonly outputs: Tensor;
  /** By block: [n, S, positions, inputs]. */
  readonly inputs: readonly Tensor[];
  /**
   * Derivatives of Σ cotangent · f̄ at the pre-activations, for cotangents [draws, n, outputs]: by block,
   * [draws, n, S, positions, outputs]. Their sum over copies is the derivative at a pre-activation that all copies share.
   */
  errorsAlong(cotangents: Tensor): Tensor[];
}

/** f̄ for inputs [n, …], ranges eta and random numbers epsilon of `augmentation.draw`. */
export function averagedOutputs<Theta>(
  network: LayeredNetwork<Theta>,
  augmentation: Augmentation,
  theta: Theta,
  inputs: Tensor,
  { eta, epsilon }: { eta: Tensor; epsilon: Tensor },
): Tensor {
  const copies = augmentation.transform(eta, epsilon, inputs);
  return meanOver(augmentation.samples, network(theta, merged(copies), plainLayers));
}

/** The same with its layers. */
export function averagedTaps<Theta>(
  network: LayeredNetwork<Theta>,
  augmentation: Augmentation,
  theta: Theta,
  inputs: Tensor,
  { eta, epsilon }: { eta: Tensor; epsilon: Tensor },
): AveragedTaps {
  const { samples } = augmentation;
  const copies = merged(augmentation.transform(eta, epsilon, inputs));
  const taps = outputTaps((at: Theta, layers) => network(at, copies, layers), theta);
  const count = inputs.shape[0]!;
  return {
    registration: taps.registration,
    outputs: meanOver(samples, taps.outputs),
    inputs: taps.inputs.map((x) => x.reshape([count, samples, ...x.shape.slice(1)])),
    errorsAlong(cotangents) {
      const [draws, , outputs] = cotangents.shape as [number, number, number];
      const each = cotangents.div(samples).reshape([draws, count, 1, outputs]);
      const repeated = np.broadcastTo(each, [draws, count, samples, outputs]) as Tensor;
      return taps
        .errorsAlong(repeated.reshape([draws, count * samples, outputs]))
        .map((errors) => errors.reshape([draws, count, samples, ...errors.shape.slice(2)]));
    },
  };
}

/** [n, S, …] as one batch. */
function merged(copies: Tensor): Tensor {
  const [count, samples, ...rest] = copies.shape as [number, number, ...number[]];
  return copies.reshape([count * samples, ...rest]);
}

function meanOver(samples: number, outputs: Tensor): Tensor {
  if (outputs.ndim !== 2) {
    throw new ShapeError(
      "laplaceEvidence",
      `the network must return [batch, outputs], got ${outputs.toString()}.`,
    );
  }
  if (samples === 1) return outputs;
  return outputs.reshape([-1, samples, outputs.shape[1]!]).mean(1);
}
