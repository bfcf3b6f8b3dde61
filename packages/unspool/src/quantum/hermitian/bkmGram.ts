/** The Bogoliubov-Kubo-Mori inner product of directions in which a state may move. */
import { type Tensor, np } from "../../array/index.ts";
import { type HermitianMatrix, complexPair } from "./complexPair.ts";
import { realForm, symmetricEigen } from "./hermitianEigen.ts";
import { matrixProduct } from "./matrixProduct.ts";
import { formOf, inEigenbasis, ofPairs } from "./matrixFunction.ts";
import { logarithm } from "./spectralFunction.ts";

/**
 * The Gram matrix [m, m] of tr[A d log ρ[B]] for m Hermitian directions A, B [D, D] of a density matrix ρ: half of it is the
 * relative entropy between ρ and the state that a small step leads to.
 */
export function bkmGram(rho: HermitianMatrix, directions: readonly HermitianMatrix[]): Tensor {
  const { matrix, copies } = realForm(complexPair(rho));
  const [values, vectors] = symmetricEigen(matrix);
  const inside = directions.map((b) => inEigenbasis(vectors, formOf(complexPair(b), copies)));
  const weights = ofPairs(values, logarithm.slope);
  const size = matrix.size;
  const rows = np.stack(inside.map((b) => b.reshape([size])));
  const weighted = rows.mul(weights.reshape([size]));
  return matrixProduct(weighted, np.transpose(rows) as Tensor).div(copies);
}
