/** Energies of the basis states: what a spectral model's probabilities are made of. */
import { type Key, type Tensor, np, random } from "../../array/index.ts";
import { ShapeError, requireInteger } from "../../errors.ts";

const exact = { dtype: "float64" } as const;

/** E_θ(b) for all 2ⁿ bitstrings b, in their order: qubit 0 is the most significant bit. */
export interface EnergyModel<Params = Tensor> {
  readonly name: string;
  init(key: Key): Params;
  /** [D]. `spins` [D, n] are 1 - 2b. */
  energies(params: Params, spins: Tensor): Tensor;
  /** A [D, parameters] where E = A θ and θ is a vector. */
  readonly features?: Tensor;
}

/** Spins 1 - 2b of the bitstrings of n qubits, [2ⁿ, n]. */
export function spinsOf(qubits: number): Tensor {
  const size = 2 ** qubits;
  const spins = new Float64Array(size * qubits);
  for (let b = 0; b < size; b++)
    for (let q = 0; q < qubits; q++) spins[b * qubits + q] = 1 - 2 * ((b >> (qubits - 1 - q)) & 1);
  return np.array(spins, { shape: [size, qubits], ...exact });
}

/** Subsets of 0 … n - 1 of 1 to `order` elements, by size and then lexicographically. */
export function subsets(count: number, order: number): number[][] {
  const ofSize = (size: number, from: number): number[][] =>
    size === 0
      ? [[]]
      : Array.from({ length: Math.max(0, count - from) }, (_, i) => from + i).flatMap((first) =>
          ofSize(size - 1, first + 1).map((rest) => [first, ...rest]),
        );
  return Array.from({ length: order }, (_, i) => ofSize(i + 1, 0)).flat();
}

/** Standard deviation of parameters at the start. */
export const startDeviation = 0.1;

/**
 * E_θ(b) = Σ_S θ_S Π_{i∈S} s_i over the subsets S of up to `order` qubits: a Boltzmann machine without hidden units for
 * order 2, independent bits for order 1. Parameters start at N(0, 0.1²).
 */
export function kobe(qubits: number, order: number): EnergyModel {
  requireInteger("kobe", "order", order, 1);
  const features = signs(qubits, subsets(qubits, Math.min(order, qubits)));
  const parameters = features.shape[1]!;
  return {
    name: "kobe",
    features,
    init: (key) => random.normal(key, [parameters], exact).mul(startDeviation),
    energies(params) {
      if (params.ndim === 1 && params.shape[0] === parameters) return np.matmul(features, params) as Tensor;
      throw new ShapeError(
        "qhbm",
        `theta.energy must be [${parameters}], one for each subset of up to ${order} of ${qubits} qubits, got ${params.toString()}.`,
      );
    },
  };
}

/** Π_{i∈S} s_i, [2ⁿ, subsets]. */
function signs(qubits: number, of: readonly (readonly number[])[]): Tensor {
  const spins = spinsOf(qubits).data;
  const size = 2 ** qubits;
  const features = new Float64Array(size * of.length);
  for (let b = 0; b < size; b++)
    of.forEach((subset, k) => {
      features[b * of.length + k] = subset.reduce((sign, q) => sign * spins[b * qubits + q]!, 1);
    });
  return np.array(features, { shape: [size, of.length], ...exact });
}
