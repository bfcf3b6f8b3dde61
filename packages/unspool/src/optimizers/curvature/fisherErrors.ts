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
  { likelihood }: NetworkView<Theta>,
  taps: LayerTaps<Theta>,
  key: Key,
): Tensor[][] {
  const { outputs } = taps;
  if (kind === "empirical") return [[...taps.errors]];
  if (kind === "mc") return [taps.errorsFor(likelihood.sample(key, outputs))];
  const columns = np.eye(outputs.shape[1]!).astype(outputs.dtype);
  return Array.from({ length: outputs.shape[1]! }, (_, k) =>
    taps.errorsAlong(likelihood.fisherFactor(outputs, np.zerosLike(outputs).add(columns.slice(k)))),
  );
}
