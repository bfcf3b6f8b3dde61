/** Eigenvalues are those that a function has values at. */
import type { Tensor } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import type { HermitianMatrix } from "./complexPair.ts";
import { largest, toleranceOf } from "./requireAdjoint.ts";
import type { SpectralFunction } from "./spectralFunction.ts";

/** D ε, with ε of the dtype in which the matrix is given: what rounding may make of 0 beside an eigenvalue of 1. */
export const roundingOf = (a: HermitianMatrix): number =>
  a.re.shape[0]! * (a.re.dtype === "float32" ? 2 ** -23 : 2 ** -52);

/**
 * Eigenvalues up to this cannot be told from 0: D ε of the largest one. Those of a diagonal matrix are exact.
 */
export function zeroWithin(a: HermitianMatrix, values: Tensor): number {
  const size = a.re.shape[0]!;
  const isDiagonal = [a.re, a.im].every((x) =>
    x === undefined ? true : x.data.every((value, k) => value === 0 || k % (size + 1) === 0),
  );
  return isDiagonal ? 0 : roundingOf(a) * largest(values.data);
}

/** Throws `OptionError` unless f is of the rising eigenvalues of a known matrix. */
export function requireDomain(where: string, f: SpectralFunction, a: HermitianMatrix, values: Tensor): void {
  if (f.domain === undefined) return;
  const least = values.data[0]!;
  const option = "the smallest eigenvalue of A";
  if (f.domain === "nonNegative") {
    const tolerance = toleranceOf(a) * Math.max(1, largest(values.data));
    if (least < -tolerance) throw new OptionError(where, option, least, `at least 0, to ${tolerance}`);
    return;
  }
  const zero = zeroWithin(a, values);
  if (least <= zero)
    throw new OptionError(
      where,
      option,
      least,
      zero === 0 ? "above 0" : `above 0, by more than rounding makes of it (${zero.toPrecision(2)})`,
      "Of a state without full rank take hermitian.entropy or hermitian.relativeEntropy, which need no logarithm of 0.",
    );
}
