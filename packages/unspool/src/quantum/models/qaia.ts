/**
 * A circuit that alternates between the energies and given Hamiltonians, as quantum annealing in steps does; the energies'
 * parameters θ turn its gates:
 *
 *     U = Π_layers  Π_r exp(i γ_r H_r) · Π_S exp(i η θ_S Z^S)
 *
 * the rightmost first. With V the unitary up to a gate, G = i V† H_r V for γ_r, i V† (Σ_S θ_S Z^S) V for η of the layer, and
 * Σ_layers i η V† Z^S V for θ_S. Exponentials of the H_r are by their eigensystems, computed once; derivatives go through
 * cosines and sines only.
 */
import { type Tensor, np } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import {
  type ComplexPair,
  type HermitianMatrix,
  adjoint,
  complexPair,
  eigh,
  fromEigenbasis,
  multiply,
} from "../hermitian/index.ts";
import { requireHermitian } from "../hermitian/requireHermitian.ts";
import { identity, phase, turnedGenerators } from "./gates.ts";
import type { Generators, QuantumCircuit } from "./quantumCircuit.ts";

const exact = { dtype: "float64" } as const;

interface Mixer {
  matrix: ComplexPair;
  values: Tensor;
  vectors: ComplexPair;
}

/** One η and a γ for each Hamiltonian per layer, in the order [η, γ_1, γ_2, …]. `features` [D, subsets] are the Z^S. */
export function qaia(
  qubits: number,
  layers: number,
  terms: readonly HermitianMatrix[] | undefined,
  features: Tensor | undefined,
): QuantumCircuit {
  if (terms === undefined || terms.length === 0)
    throw new OptionError("qhbm", "terms", terms, "Hamiltonians that the circuit turns by", "As tfimTerms gives them."); // prettier-ignore
  if (features === undefined)
    throw new OptionError("qhbm", "energy", "a function", '"kobe" with the circuit "qaia", whose gates its parameters turn'); // prettier-ignore
  const size = 2 ** qubits;
  const mixers = terms.map((term, r): Mixer => {
    const matrix = requireHermitian("qhbm", `terms[${r}]`, term, size);
    return { matrix: complexPair(matrix), ...eigh(matrix) };
  });
  const perLayer = 1 + mixers.length;
  const at = (circuit: Tensor, layer: number, k: number): Tensor => circuit.slice(layer * perLayer + k);
  const through = (
    circuit: Tensor,
    energy: Tensor,
    visit: (layer: number, k: number, v: ComplexPair) => void,
  ) => {
    const energies = np.matmul(features, energy) as Tensor;
    let u = identity(size);
    for (let layer = 0; layer < layers; layer++) {
      u = phase(u, energies.mul(at(circuit, layer, 0)));
      visit(layer, 0, u);
      mixers.forEach((mixer, r) => {
        u = multiply(exponential(mixer, at(circuit, layer, r + 1)), u);
        visit(layer, r + 1, u);
      });
    }
    return u;
  };
  return {
    name: "qaia",
    parameters: layers * perLayer,
    isTied: true,
    hasShiftRule: false,
    unitary: (circuit, energy) => through(circuit, energy, () => undefined),
    generators(circuit, energy): Generators {
      const own: ComplexPair[] = [];
      let tied: ComplexPair = zeros(features.shape[1]!, size);
      const diagonals = (np.transpose(features) as Tensor).reshape([features.shape[1]!, 1, size]);
      const energies = (np.matmul(features, energy) as Tensor).reshape([1, 1, size]);
      const turned = (v: ComplexPair, rows: Tensor): ComplexPair =>
        turnedGenerators(v, {
          re: rows.mul(np.transpose(v.re) as Tensor),
          im: rows.mul(np.transpose(v.im) as Tensor),
        });
      const unitary = through(circuit, energy, (layer, k, v) => {
        if (k === 0) {
          own.push(turned(v, energies));
          const eta = at(circuit, layer, 0);
          const each = turned(v, diagonals);
          tied = { re: tied.re.add(each.re.mul(eta)), im: tied.im.add(each.im.mul(eta)) };
          return;
        }
        // i V† H V.
        const { re, im } = multiply(adjoint(v), multiply(mixers[k - 1]!.matrix, v));
        own.push({ re: im.neg().reshape([1, size, size]), im: re.reshape([1, size, size]) });
      });
      return { unitary, circuit: stacked(own, size), energy: tied };
    },
  };
}

/** exp(i γ H). */
function exponential({ values, vectors }: Mixer, gamma: Tensor): ComplexPair {
  const angles = values.mul(gamma);
  const cosine = fromEigenbasis(vectors, np.cos(angles));
  const sine = fromEigenbasis(vectors, np.sin(angles));
  return { re: cosine.re.sub(sine.im), im: cosine.im.add(sine.re) };
}

const zeros = (count: number, size: number): ComplexPair => ({
  re: np.zeros([count, size, size], exact),
  im: np.zeros([count, size, size], exact),
});

function stacked(of: readonly ComplexPair[], size: number): ComplexPair {
  if (of.length === 0) return zeros(0, size);
  const all = (parts: readonly Tensor[]): Tensor => np.concatenate([...parts], 0) as Tensor;
  return { re: all(of.map(({ re }) => re)), im: all(of.map(({ im }) => im)) };
}
