/**
 * A hardware-efficient circuit. Each of its layers turns every qubit by X^a and Z^b, and then neighbours by CZ^c, the pairs
 * (0, 1), (2, 3), … before (1, 2), (3, 4), …, on an open chain:
 *
 *     X^a = exp(-iπa X / 2),   Z^b = diag(1, e^{iπb}),   CZ^c = diag(1, 1, 1, e^{iπc})      (up to global phases)
 *
 * Gates of one kind in a layer commute, so a layer is n turns by X and one diagonal of phases. Directions, with W the unitary
 * before the layer and Y that after its turns by X:
 *
 *     G = -(iπ/2) W† X_q W,     iπ Y† diag(b_q) Y,     iπ Y† diag(b_q b_r) Y.
 */
import { type Tensor, np } from "../../array/index.ts";
import type { ComplexPair } from "../hermitian/index.ts";
import { spinsOf } from "./energyModel.ts";
import { flippedColumns, identity, phase, rotateX, turnedGenerators } from "./gates.ts";
import type { QuantumCircuit } from "./quantumCircuit.ts";

const exact = { dtype: "float64" } as const;

/** 2n + (n - 1) parameters per layer, in the order of the gates: X, Z of each qubit, then the pairs. */
export function qhea(qubits: number, layers: number): QuantumCircuit {
  const perLayer = 3 * qubits - 1;
  const phases = phasesOf(qubits);
  const xOf = np.array(
    Int32Array.from({ length: qubits }, (_, q) => 2 * q),
    { dtype: "int32" },
  );
  const others = Array.from({ length: perLayer }, (_, k) => k).filter((k) => k >= 2 * qubits || k % 2 === 1);
  const phaseOf = np.array(Int32Array.from(others), { dtype: "int32" });
  /** Angles of the layers: those of X [n], and phases of the rows [D]. */
  const parts = (circuit: Tensor, layer: number) => {
    const own = circuit.slice([layer * perLayer, (layer + 1) * perLayer]);
    const half = (np.take(own, xOf, 0) as Tensor).mul(Math.PI / 2);
    const rows = np.matmul(phases, np.take(own, phaseOf, 0) as Tensor) as Tensor;
    return { cosines: np.cos(half), sines: np.sin(half), rows: rows.mul(Math.PI) };
  };
  /** Walks through the layers; `visit` sees the unitary before and after the turns by X. */
  const through = (circuit: Tensor, visit: (w: ComplexPair, y: ComplexPair) => void): ComplexPair => {
    let u = identity(2 ** qubits);
    for (let layer = 0; layer < layers; layer++) {
      const { cosines, sines, rows } = parts(circuit, layer);
      let y = u;
      for (let q = 0; q < qubits; q++) y = rotateX(y, q, cosines.slice(q), sines.slice(q));
      visit(u, y);
      u = phase(y, rows);
    }
    return u;
  };
  return {
    name: "qhea",
    parameters: layers * perLayer,
    isTied: false,
    hasShiftRule: true,
    unitary: (circuit) => through(circuit, () => undefined),
    generators(circuit) {
      const found: ComplexPair[] = [];
      const unitary = through(circuit, (w, y) => found.push(layerGenerators(w, y, phases, qubits)));
      return { unitary, circuit: inOrder(found, qubits) };
    },
  };
}

/** b_q of every qubit, then b_q b_r of every pair in the order of their gates: [D, 2n - 1]. */
function phasesOf(qubits: number): Tensor {
  const spins = spinsOf(qubits).data;
  const size = 2 ** qubits;
  const firsts = Array.from({ length: qubits - 1 }, (_, q) => q);
  const pairs = [...firsts.filter((q) => q % 2 === 0), ...firsts.filter((q) => q % 2 === 1)];
  const bit = (b: number, q: number): number => (1 - spins[b * qubits + q]!) / 2;
  const columns = Array.from({ length: size }, (_, b) => [
    ...Array.from({ length: qubits }, (__, q) => bit(b, q)),
    ...pairs.map((q) => bit(b, q) * bit(b, q + 1)),
  ]);
  return np.array(columns, exact);
}

/** Of one layer, [n + 2n - 1, D, D]: those of X, then those of phases. */
function layerGenerators(w: ComplexPair, y: ComplexPair, phases: Tensor, qubits: number): ComplexPair {
  const size = w.re.shape[0]!;
  const transposed = (x: Tensor): Tensor => np.transpose(x) as Tensor;
  const turnedAll = (x: Tensor): Tensor =>
    np.stack(Array.from({ length: qubits }, (_, q) => flippedColumns(transposed(x), q))).mul(-Math.PI / 2);
  const diagonals = transposed(phases)
    .mul(Math.PI)
    .reshape([2 * qubits - 1, 1, size]);
  const x = turnedGenerators(w, { re: turnedAll(w.re), im: turnedAll(w.im) });
  const z = turnedGenerators(y, {
    re: diagonals.mul(transposed(y.re)),
    im: diagonals.mul(transposed(y.im)),
  });
  return { re: np.concatenate([x.re, z.re], 0) as Tensor, im: np.concatenate([x.im, z.im], 0) as Tensor };
}

/** All layers, their parameters in the order of the gates: X and Z of a qubit beside each other. */
function inOrder(layers: readonly ComplexPair[], qubits: number): ComplexPair {
  const perLayer = 3 * qubits - 1;
  const order = Array.from({ length: perLayer }, (_, k) =>
    k >= 2 * qubits ? k : k % 2 === 0 ? k / 2 : qubits + (k - 1) / 2,
  );
  const size = 2 ** qubits;
  const index = layers.flatMap((_, layer) => order.map((k) => layer * perLayer + k));
  const rows = np.array(Int32Array.from(index), { dtype: "int32" });
  const all = (of: readonly Tensor[]): Tensor =>
    of.length === 0
      ? np.zeros([0, size, size], exact)
      : (np.take(np.concatenate([...of], 0) as Tensor, rows, 0) as Tensor);
  return { re: all(layers.map(({ re }) => re)), im: all(layers.map(({ im }) => im)) };
}
