/**
 * Matrices whose diagonals are constant: outputs + inputs - 1 numbers in place of outputs · inputs (Choromanski et al.,
 * arXiv 1804.02395).
 *
 *     W[i, j] = b[i - j] for i >= j,   b[outputs - 1 + j - i] for j > i
 */
import { type Tensor, np } from "../../../array/index.ts";

/** Numbers of the diagonals of a matrix [outputs, inputs]. */
export function toeplitzSize(outputs: number, inputs: number): number {
  return outputs + inputs - 1;
}

/** The matrix [outputs, inputs] of its diagonals: first column, then the rest of the first row. */
export function toeplitz(diagonals: Tensor, outputs: number, inputs: number): Tensor {
  const which = Array.from({ length: outputs * inputs }, (_, at) => {
    const [i, j] = [Math.floor(at / inputs), at % inputs];
    return i >= j ? i - j : outputs - 1 + j - i;
  });
  const numbers = np.array(which, { dtype: "int32" });
  return (np.take(diagonals, numbers) as Tensor).reshape([outputs, inputs]);
}
