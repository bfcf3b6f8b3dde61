/** Repairs of single rules of jax-js 0.1.25, held by tests. */
import * as jax from "@jax-js/jax";
import { repairBatching } from "./batchRepairs.ts";
import { repairConvolutions } from "./convolutionTranspose.ts";
import { repairEmptyReductions } from "./emptyRules.ts";
import { repairShapes } from "./shapeRepairs.ts";
import { repairSingleTerms } from "./singleTermRules.ts";
import { type Params, type Raw, bind } from "./jaxprs.ts";
import { rules } from "./ruleTables.ts";

/** The tangent rule of `mod` gave for integers their first operand, not the remainder: random integers were bits. */
export function repairRules(): void {
  const remainder = rules.tangents["mod"]!;
  rules.tangents["mod"] = (primals: Raw[], tangents: Raw[], params: Params) => {
    const isInteger = primals.every(({ dtype }) => dtype === jax.DType.Int32 || dtype === jax.DType.Uint32);
    if (!isInteger) return remainder.call(rules.tangents, primals, tangents, params);
    for (const tangent of tangents) tangent.dispose();
    const [value] = bind("mod", primals, params) as [Raw];
    return [[value], [jax.numpy.zerosLike(value.ref) as Raw]];
  };
  rules.tangents["jacobi_eigh"] = eigenTangents;
  repairBatching();
  repairShapes();
  repairSingleTerms();
  repairConvolutions();
  repairEmptyReductions();
}

/**
 * jax-js has no tangent rule for eigenvectors. For A = V diag(s) Vᵀ and P = Vᵀ dA V: ds is the diagonal of P, and
 * dV = V (F ∘ P) with F_ij = 1 / (s_j - s_i). Among equal eigenvalues, where eigenvectors have no derivative, F is 0.
 */
function eigenTangents(primals: Raw[], tangents: Raw[], params: Params): [Raw[], Raw[]] {
  const { matmul, matrixTranspose, where } = jax.numpy;
  const [diagonalised, vectors] = bind("jacobi_eigh", primals, params) as [Raw, Raw];
  const n = vectors.shape.at(-1)!;
  const rotated = matmul(matmul(matrixTranspose(vectors.ref), tangents[0]!), vectors.ref);
  const isDiagonal = jax.numpy.eye(n).equal(1);
  const values = where(isDiagonal.ref, diagonalised.ref, 0).sum(-1);
  const gap = values.ref.reshape([...values.shape.slice(0, -1), 1, n]);
  const gaps = gap.sub(values.reshape([...values.shape, 1]));
  const isTie = gaps.ref.equal(0);
  const slope = where(isTie.ref, 0, jax.numpy.reciprocal(where(isTie, 1, gaps)));
  const turned = matmul(vectors.ref, rotated.ref.mul(slope));
  return [
    [diagonalised, vectors],
    [where(isDiagonal, rotated, 0), turned],
  ];
}
