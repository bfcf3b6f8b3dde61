/**
 * The inputs of every layer of a network, and the derivatives of its outputs at the layers along many directions at once.
 * What `layerTaps` is for a loss this is for the outputs themselves, for those who differentiate what they make of it:
 * all directions share one pass through the network.
 */
import { type Layers, type Tensor, tree, vjp, vmap } from "../../array/index.ts";
import { type Registration, registerLayers } from "./layerBlocks.ts";
import { blockErrors, plainInputs } from "./blockSamples.ts";
import { probesFor, recordingLayers } from "./layerRecorder.ts";

export interface OutputTaps {
  readonly registration: Registration;
  /** [batch, n]. */
  readonly outputs: Tensor;
  /** By block: [batch, positions, inputs], without a column for the bias. */
  readonly inputs: readonly Tensor[];
  /**
   * Derivatives of Σ cotangent · outputs at the pre-activations, for cotangents [draws, batch, n]: by block,
   * [draws, batch, positions, outputs].
   */
  errorsAlong(cotangents: Tensor): Tensor[];
}

/** Computes the network, and once more with probes where derivatives are asked for. */
export function outputTaps<Theta>(
  network: (theta: Theta, layers: Layers) => Tensor,
  theta: Theta,
): OutputTaps {
  const plain = recordingLayers();
  const outputs = network(theta, plain.layers);
  const { uses } = plain;
  const registration = registerLayers(theta, uses);
  const { blocks } = registration;
  const leaves = new Set(tree.leaves(theta));
  const probed = (probes: Tensor[]): Tensor => network(theta, recordingLayers(probes).layers);
  const along = (cotangent: Tensor): Tensor[] => {
    const probes = probesFor(uses, tree.floatType(theta));
    const [, [derivatives]] = vjp(probed, [probes], cotangent);
    return blocks.map((block) =>
      blockErrors(block, uses, derivatives as Tensor[], (leaf) => leaves.has(leaf)),
    );
  };
  return {
    registration,
    outputs,
    inputs: blocks.map((block) => plainInputs(block, uses)),
    errorsAlong: (cotangents) => vmap(along)(cotangents),
  };
}
