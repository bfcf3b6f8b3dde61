/** What principal subspaces are measured against: the top left singular vectors, of a matrix or of products of its rows. */
import { Tensor, np } from "../../array/index.ts";
import { NonFiniteError, OptionError, ShapeError, requireInteger } from "../../errors.ts";
import { topEigenvectors } from "../../numerics/index.ts";
import { requireFewer } from "../featureMap.ts";
import { finiteMatrix, gramOf } from "./doubles.ts";

export interface PrincipalDirections {
  /** Orthonormal columns [S, d], float64: the top left singular vectors. */
  basis: Tensor;
  /** The top d singular values, falling. */
  singularValues: number[];
  /** Σ_{k > d} σ_k²: the outer loss that no features go below. */
  leastLoss: number;
}

/**
 * The top-d left singular vectors of Ψ [S, T], from the products of its rows, whose rounding is that of float64 over the
 * square of σ_1 / σ_d. Cost: S² T, and 50 S³ for up to 96 rows; of more, some hundred products with d + 16 vectors.
 */
export function principalDirections(matrix: Tensor, dimensions: number): PrincipalDirections {
  const psi = finiteMatrix("principalDirections", "the matrix", matrix);
  return directionsOf("principalDirections", gramOf(psi), dimensions);
}

/**
 * The same from Ψ Ψᵀ [S, S] itself, row by row, for matrices with more columns than can be held.
 *
 * @throws ShapeError unless they are symmetric, as products of rows are.
 */
export function directionsOfProducts(products: Float64Array, dimensions: number): PrincipalDirections {
  const where = "directionsOfProducts";
  if (!(products instanceof Float64Array)) {
    const hint = Tensor.is(products)
      ? "Of a tensor x [S, S] write Float64Array.from(x.data); principalDirections takes Ψ itself."
      : "Ψ Ψᵀ row by row; principalDirections takes Ψ itself.";
    throw new OptionError(where, "products", products, "a Float64Array of S · S numbers", hint);
  }
  const S = Math.sqrt(products.length);
  if (!Number.isInteger(S) || S === 0)
    throw new ShapeError(where, `products of rows must be [S, S], got ${products.length} numbers.`);
  requireProducts(where, products, S);
  return directionsOf(where, products, dimensions);
}

function directionsOf(where: string, products: Float64Array, dimensions: number): PrincipalDirections {
  const S = Math.sqrt(products.length);
  requireInteger(where, "dimensions", dimensions, 1);
  requireFewer(where, S, dimensions);
  const { values, vectors } = topEigenvectors(products, S, dimensions);
  let trace = 0;
  for (let i = 0; i < S; i++) trace += products[i * S + i]!;
  const basis = new Float64Array(S * dimensions);
  vectors.forEach((vector, k) => vector.forEach((x, i) => (basis[i * dimensions + k] = x)));
  return {
    basis: np.array(basis, { shape: [S, dimensions] }),
    singularValues: Array.from(values, (x) => Math.sqrt(Math.max(0, x))),
    leastLoss: Math.max(
      0,
      values.reduce((rest, x) => rest - x, trace),
    ),
  };
}

/** Throws `NonFiniteError` or `ShapeError` for what cannot be the products of the rows of a matrix. */
function requireProducts(where: string, products: Float64Array, S: number): void {
  let largest = 0;
  for (const x of products) {
    if (!Number.isFinite(x))
      throw new NonFiniteError(where, `a product of rows is ${x}.`, { quantity: "products" });
    largest = Math.max(largest, Math.abs(x));
  }
  for (let i = 0; i < S; i++)
    for (let j = 0; j < i; j++) {
      const [below, above] = [products[i * S + j]!, products[j * S + i]!];
      if (Math.abs(below - above) <= 1e-8 * largest) continue;
      const problem = `products of rows are symmetric, got ${below} at [${i}, ${j}] and ${above} at [${j}, ${i}]`;
      throw new ShapeError(where, `${problem}. Of Ψ itself principalDirections finds the directions.`);
    }
}
