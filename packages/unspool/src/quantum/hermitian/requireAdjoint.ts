/** What is taken for a Hermitian matrix is one. Traced values are unknown, and pass. */
import { Tensor, isTracing } from "../../array/index.ts";
import { OptionError, ShapeError } from "../../errors.ts";
import type { HermitianMatrix } from "./complexPair.ts";

/** By how much a matrix may differ from its adjoint, the trace of a state from 1, and its eigenvalues fall below 0. */
const hermitianTolerance = 1e-8;

/** The same of float32 numbers, which have seven digits. */
const roundedTolerance = 1e-5;

/** The largest absolute value. */
export const largest = (data: ArrayLike<number>): number => {
  let most = 0;
  for (let i = 0; i < data.length; i++) most = Math.max(most, Math.abs(data[i]!));
  return most;
};

const parts = (a: HermitianMatrix): Tensor[] => (a.im === undefined ? [a.re] : [a.re, a.im]);

/** True where the values are known, and those of what is made of them: outside of traces. */
export const isKnown = (...matrices: readonly HermitianMatrix[]): boolean =>
  !isTracing() && matrices.every((a) => parts(a).every((x) => !x.isTraced));

/** The tolerance for what is given in the dtype of the matrix. */
export const toleranceOf = (a: HermitianMatrix): number =>
  parts(a).every((x) => x.dtype === "float64") ? hermitianTolerance : roundedTolerance;

/** Throws `OptionError` unless the parts are tensors, and `ShapeError` unless both are [D, D] of one D. */
export function requirePair(where: string, name: string, given: HermitianMatrix): void {
  const [re, im]: unknown[] = [given?.re, given?.im];
  if (!(re instanceof Tensor) || !(im === undefined || im instanceof Tensor))
    throw new OptionError(
      where,
      name,
      re instanceof Tensor ? im : (re ?? given),
      "a Hermitian matrix { re, im } of tensors",
      'Write { re: np.array([[…], …], { dtype: "float64" }) }; without `im` it is real.',
    );
  const size = given.re.shape[0] ?? 0;
  const wrong = parts(given).find((x) => x.shape.join() !== `${size},${size}`);
  if (wrong !== undefined || size === 0)
    throw new ShapeError(
      where,
      `${name} must have re, and im where there is one, of one shape [D, D], got ${parts(given).map(String).join(" and ")}.`,
    );
}

/** Throws `OptionError` for known matrices that are not finite or not Hermitian, and what `requirePair` throws. */
export function requireAdjoint(where: string, name: string, given: HermitianMatrix): void {
  requirePair(where, name, given);
  if (!isKnown(given)) return;
  const size = given.re.shape[0]!;
  const [x, y] = [given.re.data, given.im?.data];
  const scale = Math.max(largest(x), y === undefined ? 0 : largest(y));
  if (!Number.isFinite(scale) || [x, y].some((data) => data?.some((value) => Number.isNaN(value))))
    throw new OptionError(where, name, given.re, "a matrix of finite numbers");
  let off = 0;
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      off = Math.max(off, Math.abs(x[i * size + j]! - x[j * size + i]!));
      if (y !== undefined) off = Math.max(off, Math.abs(y[i * size + j]! + y[j * size + i]!));
    }
  const tolerance = toleranceOf(given);
  if (off > tolerance * Math.max(1, scale))
    throw new OptionError(
      where,
      name,
      off,
      `Hermitian: re symmetric and im antisymmetric, to ${tolerance}`,
      "That is the largest difference from its adjoint. Take the mean of the two.",
    );
}
