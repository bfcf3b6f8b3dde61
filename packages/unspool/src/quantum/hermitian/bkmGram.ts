/** The Bogoliubov-Kubo-Mori inner product of directions in which a state may move. */
import { type Tensor, np } from "../../array/index.ts";
import { type HermitianMatrix, complexPair } from "./complexPair.ts";
import { realForm, symmetricEigen } from "./hermitianEigen.ts";
import { matrixProduct } from "./matrixProduct.ts";
import { formOf, inEigenbasis, ofPairs } from "./matrixFunction.ts";
import { isKnown, requireAdjoint } from "./requireAdjoint.ts";
import { requireDomain } from "./requireDomain.ts";
import { logarithm } from "./spectralFunction.ts";

/**
 * The Gram matrix [m, m] of tr[A d log ρ[B]] for m Hermitian directions A, B [D, D] of a density matrix ρ: half of it is the
 * relative entropy between ρ and the state that a small step leads to. Throws `OptionError` for a known ρ that is not
 * Hermitian or has an eigenvalue of 0, and for directions that are not Hermitian.
 */
export function bkmGram(rho: HermitianMatrix, directions: readonly HermitianMatrix[]): Tensor {
  requireAdjoint("hermitian.bkmGram", "rho", rho);
  directions.forEach((b, k) => requireAdjoint("hermitian.bkmGram", `directions[${k}]`, b));
  const { matrix, copies } = realForm(complexPair(rho));
  const [values, vectors] = symmetricEigen(matrix);
  if (isKnown(rho)) requireDomain("hermitian.bkmGram", logarithm, rho, values);
  const inside = directions.map((b) => inEigenbasis(vectors, formOf(complexPair(b), copies)));
  const weights = ofPairs(values, logarithm.slope);
  const size = matrix.size;
  const rows = np.stack(inside.map((b) => b.reshape([size])));
  const weighted = rows.mul(weights.reshape([size]));
  return matrixProduct(weighted, np.transpose(rows) as Tensor).div(copies);
}
