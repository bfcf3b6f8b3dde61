/** What is taken for a Hamiltonian or a state is one. */
import { type Tensor, np } from "../../array/index.ts";
import { OptionError, ShapeError } from "../../errors.ts";
import type { HermitianMatrix } from "./complexPair.ts";
import { realForm, symmetricEigen } from "./hermitianEigen.ts";
import { isKnown, largest, requireAdjoint, requirePair, toleranceOf } from "./requireAdjoint.ts";

/**
 * The matrix in float64, with no imaginary part where that is 0 throughout. Throws `ShapeError` unless it is [size, size],
 * and `OptionError` unless it is finite and Hermitian to 1e-8.
 */
export function requireHermitian(
  where: string,
  name: string,
  given: HermitianMatrix,
  size: number,
): HermitianMatrix {
  const part = (x: Tensor, of: string): Tensor => {
    if (x.shape.join() === `${size},${size}`) return x.astype("float64");
    throw new ShapeError(
      where,
      `${name}.${of} must be [${size}, ${size}], a row for each of the states of ${Math.log2(size)} qubits, got ${x.toString()}.`,
    );
  };
  requirePair(where, name, given);
  const re = part(given.re, "re");
  const matrix = given.im === undefined ? { re } : { re, im: part(given.im, "im") };
  requireAdjoint(where, name, matrix);
  return matrix.im === undefined || largest(matrix.im.data) === 0 ? { re } : matrix;
}

/** The same for a density matrix: throws `OptionError` unless its trace is 1 and no eigenvalue below 0, to 1e-8. */
export function requireState(
  where: string,
  name: string,
  given: HermitianMatrix,
  size: number,
): HermitianMatrix {
  const state = requireHermitian(where, name, given, size);
  knownState(where, name, state);
  return state;
}

/** A checked state's eigensystem in its real form. */
export interface KnownState {
  /** Rising. */
  values: Tensor;
  vectors: Tensor;
  /** How often each eigenvalue comes. */
  copies: 1 | 2;
}

/** Throws `OptionError` unless a known matrix of any size is Hermitian, of trace 1, and without eigenvalues below 0. */
export function knownState(where: string, name: string, given: HermitianMatrix): KnownState {
  requireAdjoint(where, name, given);
  requireTrace(where, name, given);
  const { matrix, copies } = realForm(given);
  const [values, vectors] = symmetricEigen(matrix);
  const least = values.data[0]!;
  if (least < -toleranceOf(given))
    throw new OptionError(
      where,
      `the smallest eigenvalue of ${name}`,
      least,
      "at least 0: probabilities are not negative",
    );
  return { values, vectors, copies };
}

/** Throws `OptionError` for a known matrix of another trace than 1. */
export function requireTrace(where: string, name: string, state: HermitianMatrix): void {
  if (!isKnown(state)) return;
  const trace = (np.trace(state.re) as Tensor).item();
  if (Math.abs(trace - 1) > toleranceOf(state))
    throw new OptionError(where, `the trace of ${name}`, trace, "1", "Divide the matrix by it.");
}
