/**
 * Time evolution in slices: one step of first-order Trotter for H = A + B,
 *
 *     W = exp(-i B dt) exp(-i A dt),     σ ↦ W σ W†.
 */
import { np } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import {
  type ComplexPair,
  type HermitianMatrix,
  adjoint,
  eigh,
  fromEigenbasis,
  multiply,
} from "../hermitian/index.ts";
import { requireHermitian } from "../hermitian/requireHermitian.ts";
import { identity } from "../models/gates.ts";
import { qubitsOf } from "./thermalState.ts";

export interface TrotterStep {
  /** W^slices [D, D]. */
  unitary: ComplexPair;
  /** σ evolved, W σ W†. */
  evolve(sigma: HermitianMatrix): ComplexPair;
}

/**
 * `slices` steps of length `time` / `slices` with the terms in order, the first acting first. Of the Ising model with the
 * field first: `trotterStep([field, coupling], time)`.
 */
export function trotterStep(terms: readonly HermitianMatrix[], time: number, slices = 1): TrotterStep {
  if (!Number.isFinite(time)) throw new OptionError("trotterStep", "time", time, "a finite number");
  const size = 2 ** qubitsOf("trotterStep", "terms[0]", terms[0]!);
  const gates = terms.map((term, k) => {
    const { values, vectors } = eigh(requireHermitian("trotterStep", `terms[${k}]`, term, size));
    const angles = values.mul(-time / slices);
    const [cosine, sine] = [fromEigenbasis(vectors, np.cos(angles)), fromEigenbasis(vectors, np.sin(angles))];
    return { re: cosine.re.sub(sine.im), im: cosine.im.add(sine.re) };
  });
  let unitary = identity(size);
  for (let slice = 0; slice < slices; slice++) for (const gate of gates) unitary = multiply(gate, unitary);
  return { unitary, evolve: (sigma) => multiply(multiply(unitary, sigma), adjoint(unitary)) };
}
