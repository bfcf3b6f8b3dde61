/**
 * Derivatives at the pre-activations whose outer products make the Fisher information, for each of the three things that
 * go by this name: with targets drawn from the model (mc), exactly (full), and with the targets of the data (empirical,
 * which is the information at no point but a perfect fit).
 */
import { type Key, type Tensor, np } from "../../array/index.ts";
import type { NetworkView } from "../objective/objective.ts";
import type { LayerTaps } from "./layerTaps.ts";

export type FisherKind = "mc" | "full" | "empirical";

export const fisherKinds: readonly FisherKind[] = ["mc", "full", "empirical"];

/**
 * By draw and by block, [batch, positions, outputs]. The mean over examples of the sum over draws of g gᵀ, for the
 * gradients g of examples, is the Fisher information. There is one draw; with "full" one for each output of the network,
 * along the columns of B with B Bᵀ = F_R, which for categories are √p_k times the gradients of -log p_k.
 */
export function fisherErrors<Theta>(
  kind: FisherKind,
  network: NetworkView<Theta>,
  taps: LayerTaps<Theta>,
  key: Key,
): Tensor[][] {
  const { likelihood } = network;
  const { outputs } = taps;
  if (kind === "empirical") return [[...taps.errors]];
  if (kind === "mc") return [taps.errorsFor(likelihood.sample(key, outputs))];
  const units = outputUnits(network, outputs);
  return Array.from({ length: units.shape[0]! }, (_, k) =>
    taps.errorsAlong(likelihood.fisherFactor(outputs, np.zerosLike(outputs).add(units.slice(k)))),
  );
}

/**
 * The unit vectors of the outputs of one example, each for all examples at once: [units, rows, n]. Where an example has
 * several rows of outputs, as a sequence has, a unit is one element of one of them: derivatives by several rows together
 * would have products between rows, which independent targets do not have.
 */
export function outputUnits({ batch }: Pick<NetworkView, "batch">, outputs: Tensor): Tensor {
  const [rows, n] = outputs.shape as [number, number];
  const each = rows / (batch ?? rows);
  const units = np.eye(each * n).astype(outputs.dtype);
  return np.tile(units.reshape([each * n, each, n]), [1, rows / each, 1]) as Tensor;
}
