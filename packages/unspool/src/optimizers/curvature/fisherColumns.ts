/**
 * The Fisher information on a batch as F = G Gᵀ without its matrix: C columns of G, each the gradient of one example for
 * one draw of targets, over √batch (the number of outputs' rows, where an example has several). G is not formed either: a column is Σ a eᵀ over the positions of a layer, for its
 * inputs a and the derivatives e at its pre-activations. C is the batch size, times the number of outputs where the
 * information is exact ("full"). Benzing (ICML 2022), appendix I.
 */
import { type Key, type Tensor, np } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { asType } from "../hyperparameter.ts";
import type { NetworkView } from "../objective/objective.ts";
import { type FisherKind, fisherErrors } from "./fisherErrors.ts";
import { type LayerBlock, type Registration, blockMatrix } from "./layerBlocks.ts";
import { type LayerTaps, layerTaps } from "./layerTaps.ts";
import { requireOwnLayers } from "./requireOwnLayers.ts";
import { useOutsideLayers } from "./useOutsideLayers.ts";

/** G of one layer. */
export type BlockColumns = {
  /** [batch, positions, inputs]. */
  inputs: Tensor;
  /** [draws, batch, positions, outputs], over √batch. */
  errors: Tensor;
};

export interface FisherColumns {
  readonly registration: Registration;
  /** By block of the registration. */
  readonly layers: readonly BlockColumns[];
  /** C, the number of columns. */
  readonly count: number;
}

/**
 * The columns of a network's Fisher information at theta, on its batch.
 *
 * @example
 * const columns = fisherColumns(objective.network!, theta, { fisher: "mc", key });
 * const direction = fisherVectorSolve(columns, gradient, 0.1);
 */
export function fisherColumns<Theta>(
  network: NetworkView<Theta>,
  theta: Theta,
  options: { fisher: FisherKind; key: Key },
): FisherColumns {
  const path = useOutsideLayers((at: Theta, layers) => network.outputs(at, layers), theta);
  if (path !== undefined) {
    const allowed = `one that uses its parameters in layers only; "${path}" is in a layer and is used outside of one too`;
    const hint = "The columns would lack that use: give it a parameter and a layer of its own.";
    throw new OptionError("fisherColumns", "network", network, allowed, hint);
  }
  requireOwnLayers("fisherColumns", network, theta);
  return columnsOf(network, layerTaps(network, theta), options);
}

/** @internal The same from taps, in their dtype or another. */
export function columnsOf<Theta>(
  network: NetworkView<Theta>,
  taps: LayerTaps<Theta>,
  { fisher, key, dtype }: { fisher: FisherKind; key: Key; dtype?: "float32" | "float64" },
): FisherColumns {
  const cast = (x: Tensor): Tensor => (dtype === undefined ? x : asType(x, dtype));
  const draws = fisherErrors(fisher, network, taps, key);
  const layers = taps.inputs.map((inputs, i): BlockColumns => ({
    inputs: cast(inputs),
    errors: cast(np.stack(draws.map((draw) => draw[i]!))).div(Math.sqrt(taps.outputs.shape[0]!)),
  }));
  return {
    registration: taps.registration,
    layers,
    count: draws.length * (network.batch ?? taps.outputs.shape[0]!),
  };
}

/** The matrices of a tree like theta, by block. */
export function blockMatrices(blocks: readonly LayerBlock[], like: unknown): Tensor[] {
  return blocks.map((block) => blockMatrix(block, like));
}

/** Number of columns, C. */
export function columnCount({ errors }: BlockColumns): number {
  return errors.shape[0]! * errors.shape[1]!;
}

/** Gᵀ u of one layer, [C], for u [inputs, outputs]. */
export function transposedProduct({ inputs, errors }: BlockColumns, u: Tensor): Tensor {
  const [batch, positions, m] = inputs.shape as [number, number, number];
  const moved = np.matmul(inputs.reshape([-1, m]), u).reshape([batch, positions, u.shape[1]!]);
  return errors.mul(moved).sum([2, 3]).reshape([-1]);
}

/** G w of one layer, [inputs, outputs], for w [C]. */
export function product({ inputs, errors }: BlockColumns, w: Tensor): Tensor {
  const [draws, batch, , n] = errors.shape as [number, number, number, number];
  const weighted = errors.mul(w.reshape([draws, batch, 1, 1])).sum(0);
  const rows = inputs.reshape([-1, inputs.shape[2]!]);
  return np.matmul(np.transpose(rows), weighted.reshape([-1, n]));
}

/**
 * Gᵀ M G of one layer, [C, C], for a diagonal M given as a matrix [inputs, outputs], or the identity. At one position
 * without M, the products of the examples' inputs times those of their derivatives; else from the columns themselves,
 * one after the other.
 */
export function gram(columns: BlockColumns, diagonal?: Tensor): Tensor {
  const { inputs, errors } = columns;
  const [draws, batch, positions, n] = errors.shape as [number, number, number, number];
  const count = draws * batch;
  if (positions === 1 && diagonal === undefined) {
    const [a, e] = [inputs.reshape([batch, -1]), errors.reshape([count, n])];
    const [byInputs, byErrors] = [np.matmul(a, np.transpose(a)), np.matmul(e, np.transpose(e))];
    const shaped = byErrors.reshape([draws, batch, draws, batch]).mul(byInputs.reshape([1, batch, 1, batch]));
    return shaped.reshape([count, count]);
  }
  const flat = columnMatrix(columns);
  const weighted = diagonal === undefined ? flat : flat.mul(diagonal.reshape([1, -1]));
  return np.matmul(flat, np.transpose(weighted));
}

/** Gᵀ of one layer, [C, inputs · outputs]. */
export function columnMatrix({ inputs, errors }: BlockColumns): Tensor {
  const [draws, batch] = errors.shape as [number, number];
  return np.matmul(np.swapaxes(inputs, 1, 2), errors).reshape([draws * batch, -1]);
}
