/**
 * The derivative of eigendecompositions of symmetric matrices, which jax-js 0.1.25 does not have. With A V = V D:
 *
 *     P = Vᵀ dA V,   dD = diag(P),   dV = V (F ∘ P),   F_ij = 1 / (d_j - d_i), and 0 where they are equal
 *
 * Eigenvectors of equal eigenvalues have no derivative; 0 keeps functions of A in which they cancel finite.
 */
import * as jax from "@jax-js/jax";
import { type Params, type Raw, bind } from "./jaxprs.ts";
import { lift, toRaw, withSession, wrap } from "./lift.ts";
import { rules } from "./ruleTables.ts";
import type { Tensor } from "./tensor.ts";

type OfTensors = (...args: unknown[]) => Tensor;

const abs = lift(jax.numpy.abs) as OfTensors;
const diagonal = lift(jax.numpy.diagonal) as OfTensors;
const eye = lift(jax.numpy.eye) as OfTensors;
const matmul = lift(jax.numpy.matmul) as OfTensors;
const transpose = lift(jax.numpy.matrixTranspose) as OfTensors;
const where = lift(jax.numpy.where) as OfTensors;
const zerosLike = lift(jax.numpy.zerosLike) as OfTensors;
const onesLike = lift(jax.numpy.onesLike) as OfTensors;

/** Adds the rule to jax-js's table. */
export function addEighTangent(): void {
  rules.tangents["jacobi_eigh"] = (primals: Raw[], tangents: Raw[], params: Params) =>
    withSession((): [Raw[], Raw[]] => {
      const [d, v] = wrap(bind("jacobi_eigh", primals, params)) as [Tensor, Tensor];
      const rotated = matmul(matmul(transpose(v), wrap(tangents[0])), v);
      const n = d.shape.at(-1)!;
      const values = diagonal(d, 0, -2, -1);
      const batch = d.shape.slice(0, -2);
      const gap = values.reshape([...batch, 1, n]).sub(values.reshape([...batch, n, 1]));
      const isEqual = abs(gap).lessEqual(
        abs(values)
          .max(-1)
          .reshape([...batch, 1, 1])
          .mul(params["tolerance"] as number),
      );
      const turn = rotated.div(where(isEqual, onesLike(gap), gap));
      const identity = eye(n, n, { dtype: d.dtype });
      return [
        [toRaw(d), toRaw(v)],
        [toRaw(rotated.mul(identity)), toRaw(matmul(v, where(isEqual, zerosLike(turn), turn)))],
      ];
    });
}
