/**
 * The Ising model in a transverse field, on a ring or on a torus:
 *
 *     H = -Σ_{neighbours} Z_i Z_j - bias Σ_i X_i
 *
 * Every site has a neighbour in each direction, so that of two sites that are neighbours both ways the bond counts twice.
 */
import { np } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import type { HermitianMatrix } from "../hermitian/index.ts";
import { requireQubits } from "../models/quantumModel.ts";
import { pauliSum } from "./pauliSum.ts";

export interface TfimOptions {
  /** Sites of a ring. Give this or `torus`. */
  qubits?: number;
  /** Rows and columns of a torus, at most 8 sites together. */
  torus?: readonly [rows: number, columns: number];
  /** The strength of the field. Default 1. */
  bias?: number;
}

/** -Σ Z Z (`coupling`) and -Σ X (`field`) [2ⁿ, 2ⁿ]: the terms of `tfim`, of a `qbm` that contains it, and of "qaia". */
export function tfimTerms(options: Omit<TfimOptions, "bias">): {
  qubits: number;
  coupling: HermitianMatrix;
  field: HermitianMatrix;
} {
  return termsOf("tfimTerms", options);
}

function termsOf(where: string, options: Omit<TfimOptions, "bias">) {
  const { qubits, bonds } = lattice(where, options);
  const product = (letter: string, sites: readonly number[]): readonly [number, string] => [
    -1,
    Array.from({ length: qubits }, (_, q) => (sites.includes(q) ? letter : "I")).join(""),
  ];
  // A site that is its own neighbour has Z Z = 1.
  const coupling = pauliSum(bonds.map((bond) => product("Z", bond[0] === bond[1] ? [] : bond)));
  const field = pauliSum(Array.from({ length: qubits }, (_, q) => product("X", [q])));
  return { qubits, coupling, field };
}

/** The Hamiltonian [2ⁿ, 2ⁿ], real. Throws `OptionError` for more than 8 sites. */
export function tfim(options: TfimOptions): HermitianMatrix {
  requireKnownOptions("tfim", options, ["qubits", "torus", "bias"]);
  const { bias = 1, ...sites } = options;
  if (!Number.isFinite(bias)) throw new OptionError("tfim", "bias", bias, "a finite number");
  const { coupling, field } = termsOf("tfim", sites);
  return { re: coupling.re.add(field.re.mul(np.array(bias, { dtype: "float64" }))) };
}

function lattice(where: string, options: Omit<TfimOptions, "bias">): { qubits: number; bonds: number[][] } {
  requireKnownOptions(where, options, ["qubits", "torus"]);
  const { qubits, torus } = options;
  if ((qubits === undefined) === (torus === undefined))
    throw new OptionError(
      where,
      "options",
      options,
      "either { qubits } of a ring, or { torus: [rows, columns] }",
    );
  if (torus === undefined) {
    requireInteger(where, "qubits", qubits, 2);
    requireQubits(where, qubits, () => 2);
    return { qubits, bonds: Array.from({ length: qubits }, (_, i) => [i, (i + 1) % qubits]) };
  }
  const [rows, columns] = torus;
  requireInteger(where, "torus[0]", rows, 2);
  requireInteger(where, "torus[1]", columns, 2);
  const site = (i: number, j: number): number => (i % rows) * columns + (j % columns);
  const sites = rows * columns;
  requireQubits(where, sites, () => 2);
  const bonds = Array.from({ length: sites }, (_, k) => {
    const [i, j] = [Math.floor(k / columns), k % columns];
    return [
      [k, site(i, j + 1)],
      [k, site(i + 1, j)],
    ];
  });
  return { qubits: sites, bonds: bonds.flat() };
}
