/** Sums of products of Pauli matrices: how Hamiltonians of qubits are written. */
import { np } from "../../array/index.ts";
import { OptionError, requireInteger } from "../../errors.ts";
import type { HermitianMatrix } from "../hermitian/index.ts";
import { requireQubits } from "../models/quantumModel.ts";

/**
 * Σ of coefficients times products of I, X, Y and Z, one letter for each qubit and qubit 0 first: a Hermitian matrix
 * [2ⁿ, 2ⁿ], real (no `im`) where every product has an even number of Y. Throws `OptionError` for an empty list, other letters
 * and products of unequal length.
 *
 * @example
 * const h = pauliSum([[-1, "ZZ"], [-0.5, "XI"], [-0.5, "IX"]]);
 */
export function pauliSum(
  terms: readonly (readonly [coefficient: number, product: string])[],
): HermitianMatrix {
  if (!Array.isArray(terms) || !terms.every((term) => Array.isArray(term)) || terms.length === 0)
    throw new OptionError(
      "pauliSum",
      "terms",
      terms,
      "a list of at least one [coefficient, product]",
      'Write [[-1, "ZZ"], [-0.5, "XI"]]; of nothing the number of qubits is unknown.',
    );
  const qubits = terms[0]![1]?.length;
  requireInteger("pauliSum", "the number of letters", qubits, 1);
  requireQubits("pauliSum", qubits, () => 2);
  const size = 2 ** qubits;
  const [re, im] = [new Float64Array(size * size), new Float64Array(size * size)];
  for (const [coefficient, product] of terms) {
    if (product?.length !== qubits || !/^[IXYZ]+$/.test(product))
      throw new OptionError("pauliSum", "a product", product, `${qubits} letters out of I, X, Y and Z`);
    if (!Number.isFinite(coefficient))
      throw new OptionError("pauliSum", `the coefficient of ${product}`, coefficient, "a finite number");
    addProduct(product, coefficient, size, re, im);
  }
  const tensor = (x: Float64Array) => np.array(x, { shape: [size, size], dtype: "float64" });
  return { re: tensor(re), ...(im.some((x) => x !== 0) && { im: tensor(im) }) };
}

/** Every column has one element: bits under X and Y are flipped, Z gives a sign, Y a factor i or -i. */
function addProduct(
  product: string,
  coefficient: number,
  size: number,
  re: Float64Array,
  im: Float64Array,
): void {
  const qubits = product.length;
  for (let column = 0; column < size; column++) {
    let row = column;
    // A power of i.
    let quarter = 0;
    for (let q = 0; q < qubits; q++) {
      const mask = 1 << (qubits - 1 - q);
      const isSet = (column & mask) !== 0;
      const letter = product[q];
      if (letter === "X" || letter === "Y") row ^= mask;
      if (letter === "Z" && isSet) quarter += 2;
      if (letter === "Y") quarter += isSet ? 3 : 1;
    }
    const at = row * size + column;
    const sign = quarter % 4 < 2 ? 1 : -1;
    if (quarter % 2 === 0) re[at]! += sign * coefficient;
    else im[at]! += sign * coefficient;
  }
}
