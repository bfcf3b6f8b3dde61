/**
 * The inputs of every layer of a network and the derivatives at its outputs, example by example: what Kronecker-factored
 * methods are made of. Each pre-activation gets a zero probe, and one reverse pass with respect to all probes gives
 * the derivatives; there are no hooks.
 */
import { type Tensor, type Tensors, tree, valueAndGrad } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import type { NetworkView, Objective } from "../objective/objective.ts";
import { type Registration, registerLayers } from "./layerBlocks.ts";
import { blockErrors, blockInputs } from "./blockSamples.ts";
import { probesFor, recordingLayers } from "./layerRecorder.ts";
import { mapFloats } from "../leaves.ts";

export interface LayerTaps<Theta> {
  readonly registration: Registration;
  /** [batch, n]. */
  readonly outputs: Tensor;
  /** Mean over the batch. */
  readonly loss: Tensor;
  /** Of the mean loss, in the structure of theta. */
  readonly gradient: Tensors<Theta>;
  /** By block: [batch, positions, inputs], with a last column of ones where the layer has a bias; ones, of gradients. */
  readonly inputs: readonly Tensor[];
  /**
   * By block: derivatives of each example's own loss at the pre-activations, [batch, positions, outputs]; of a block of
   * gradients, by its parameters.
   */
  readonly errors: readonly Tensor[];
  /** The same for a loss with other targets. */
  errorsFor(targets: Tensor): Tensor[];
  /** The same for the function Σ cotangent · outputs, cotangent [batch, n]: rows of the Jacobian of outputs. */
  errorsAlong(cotangent: Tensor): Tensor[];
}

/** Computes the network once and its derivatives. */
export function layerTaps<Theta>(network: NetworkView<Theta>, theta: Theta): LayerTaps<Theta> {
  const { likelihood, targets } = network;
  const plain = recordingLayers();
  const outputs = network.outputs(theta, plain.layers);
  const { uses } = plain;
  const registration = registerLayers(theta, uses);
  const { blocks } = registration;
  const probes = probesFor(uses, tree.floatType(theta));
  const probed = (at: Theta, added: readonly Tensor[]): Tensor =>
    network.outputs(at, recordingLayers(added).layers);

  const leaves = new Set(tree.leaves(theta));
  const byBlock = (derivatives: readonly Tensor[]): Tensor[] =>
    blocks.map((block) => blockErrors(block, uses, derivatives, (leaf) => leaves.has(leaf)));
  const derivativesOf = (scalar: (outputs: Tensor) => Tensor): Tensor[] => {
    const [, derivatives] = valueAndGrad((added: Tensor[]) => scalar(probed(theta, added)))(probes);
    return byBlock(derivatives as Tensor[]);
  };

  const total = (at: { theta: Theta; probes: Tensor[] }): Tensor =>
    likelihood.loss(probed(at.theta, at.probes), targets).sum();
  const [sum, slopes] = valueAndGrad(total)({ theta, probes });
  const batch = outputs.shape[0]!;
  const inputs = blocks.map((block) => blockInputs(block, uses));
  return {
    registration,
    outputs,
    loss: sum.div(batch),
    gradient: mapFloats((leaf) => leaf.div(batch), slopes.theta),
    inputs,
    errors: byBlock(slopes.probes),
    // Neither is held fixed for the derivatives of those who differentiate through a step: noise of a sample does
    // not depend on the outputs, a sample does.
    errorsFor: (others) => derivativesOf((z) => likelihood.loss(z, others).sum()),
    errorsAlong: (cotangent) => derivativesOf((z) => z.mul(cotangent).sum()),
  };
}

/** The network of an objective. Throws `OptionError` where it does not show one. */
export function networkOf<Theta>(where: string, objective: Objective<Theta>): NetworkView<Theta> {
  if (objective.network !== undefined) return objective.network;
  throw new OptionError(
    where,
    "objective.network",
    undefined,
    "a network whose layers can be seen",
    "Make the objective with networkObjective({ network, likelihood, inputs, targets }).",
  );
}
