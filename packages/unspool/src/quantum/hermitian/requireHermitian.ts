/** What is taken for a Hamiltonian or a state is one. */
import { type Tensor, np } from "../../array/index.ts";
import { OptionError, ShapeError } from "../../errors.ts";
import type { HermitianMatrix } from "./complexPair.ts";
import { realForm, symmetricEigen } from "./hermitianEigen.ts";

/** Largest difference between a matrix and its adjoint, by its largest element. */
export const hermitianTolerance = 1e-8;

/** How far the trace of a state may be from 1, and its eigenvalues below 0. */
const stateTolerance = 1e-8;

const largest = (data: ArrayLike<number>): number => {
  let most = 0;
  for (let i = 0; i < data.length; i++) most = Math.max(most, Math.abs(data[i]!));
  return most;
};

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
  const part = (x: Tensor | undefined, of: string): Tensor | undefined => {
    if (x === undefined) return undefined;
    if (x.shape.join() === `${size},${size}`) return x.astype("float64");
    throw new ShapeError(
      where,
      `${name}.${of} must be [${size}, ${size}], a row for each of the states of ${Math.log2(size)} qubits, got ${x.toString()}.`,
    );
  };
  if (given?.re === undefined)
    throw new OptionError(where, name, given, "a Hermitian matrix { re, im }", "Without `im` it is real.");
  const [re, im] = [part(given.re, "re")!, part(given.im, "im")];
  const [x, y] = [re.data, im?.data];
  const scale = Math.max(largest(x), y === undefined ? 0 : largest(y));
  if (!Number.isFinite(scale) || [x, y].some((data) => data?.some((value) => Number.isNaN(value))))
    throw new OptionError(where, name, given.re, "a matrix of finite numbers");
  let off = 0;
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      off = Math.max(off, Math.abs(x[i * size + j]! - x[j * size + i]!));
      if (y !== undefined) off = Math.max(off, Math.abs(y[i * size + j]! + y[j * size + i]!));
    }
  if (off > hermitianTolerance * Math.max(1, scale))
    throw new OptionError(
      where,
      name,
      off,
      `Hermitian: re symmetric and im antisymmetric, to ${hermitianTolerance}`,
      "That is the largest difference from its adjoint. Take the mean of the two.",
    );
  return im === undefined || largest(im.data) === 0 ? { re } : { re, im };
}

/** The same for a density matrix: throws `OptionError` unless its trace is 1 and no eigenvalue below 0, to 1e-8. */
export function requireState(
  where: string,
  name: string,
  given: HermitianMatrix,
  size: number,
): HermitianMatrix {
  const state = requireHermitian(where, name, given, size);
  const trace = (np.trace(state.re) as Tensor).item();
  if (Math.abs(trace - 1) > stateTolerance)
    throw new OptionError(where, `the trace of ${name}`, trace, "1", "Divide the matrix by it.");
  const least = symmetricEigen(realForm(state).matrix)[0].data[0]!;
  if (least < -stateTolerance)
    throw new OptionError(
      where,
      `the smallest eigenvalue of ${name}`,
      least,
      "at least 0: probabilities are not negative",
    );
  return state;
}
