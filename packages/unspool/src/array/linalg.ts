/** Linear algebra of jax-js, lifted. */
import * as jax from "@jax-js/jax";
import { ShapeError } from "../errors.ts";
import { plainAxes } from "./axes.ts";
import { guardAll } from "./guard.ts";
import { linalgSignatures, onTensor } from "./signatures.ts";
import { lift } from "./lift.ts";
import type { Lifted } from "./liftTypes.ts";
import { np } from "./np.ts";
import { promote } from "./promotion.ts";
import { kinds } from "./promotionTable.ts";
import type { Axis, Tensor } from "./tensor.ts";
import { applied } from "./trace.ts";

type JaxLinalg = typeof jax.numpy.linalg;

const names = [
  "cholesky",
  "eigh",
  "eigvalsh",
  "inv",
  "lstsq",
  "matrixNorm",
  "matrixPower",
  "solve",
  "svd",
] as const;

/** LU factors and the sign of the permutation. */
function factors(x: Tensor): { diagonal: Tensor; sign: Tensor } {
  const [lu, pivots] = luFactors(x) as [Tensor, Tensor, Tensor];
  const swaps = pivots
    .notEqual(np.arange(x.shape.at(-1)!))
    .astype("int32")
    .sum(-1);
  const sign = np.where(swaps.mod(2).equal(1), -1, 1).astype(x.dtype);
  return { diagonal: np.diagonal(lu, 0, -2, -1), sign };
}

/** Determinants of matrices [..., n, n]. Its gradient needs the matrix to be invertible. */
function det(x: Tensor): Tensor {
  const { diagonal, sign } = factors(x);
  return diagonal.prod(-1).mul(sign);
}

/** Sign and logarithm of the absolute value of determinants. */
function slogdet(x: Tensor): [Tensor, Tensor] {
  const { diagonal, sign } = factors(x);
  return [np.sign(diagonal).prod(-1).mul(sign), np.log(np.abs(diagonal)).sum(-1)];
}

/** Vector norm of order `ord` (default 2) over the axes. */
function vectorNorm(x: Tensor, options: NormOptions = {}): Tensor {
  const { ord = 2, axis = null, keepdims = false } = options;
  if (ord === 2) return np.sqrt(x.mul(x).sum(axis, { keepdims }));
  const size = np.abs(x);
  if (Math.abs(ord) === Infinity) requireSome(x, axis);
  if (ord === Infinity) return size.max(axis, { keepdims });
  if (ord === -Infinity) return size.min(axis, { keepdims });
  if (ord === 0) return x.notEqual(0).astype(x.dtype).sum(axis, { keepdims });
  if (ord === 1) return size.sum(axis, { keepdims });
  return np.power(np.power(size, ord).sum(axis, { keepdims }), 1 / ord);
}

/** Extremes of nothing do not exist. */
function requireSome(x: Tensor, axis: Axis): void {
  const axes = axis === null ? x.shape.map((_, i) => i) : plainAxes("linalg.vectorNorm", axis, x.ndim);
  if (axes.every((i) => x.shape[i] !== 0) || x.shape.some((n, i) => n === 0 && !axes.includes(i))) return;
  const what = `no elements have no extreme, got ${x.toString()}. Check its length first.`;
  throw new ShapeError("linalg.vectorNorm", what);
}

export interface NormOptions {
  ord?: number;
  axis?: Axis;
  keepdims?: boolean;
}

/** Matrices are of floats, of one dtype. */
const floats =
  <Out>(name: string, run: (...args: never[]) => Out) =>
  (...args: unknown[]): Out =>
    applied(run, promote(`linalg.${name}`, kinds.get(name)!, args)) as Out;

const luFactors = floats("lu", lift(jax.lax.linalg.lu));

export type Linalg = { [Name in (typeof names)[number]]: Lifted<JaxLinalg[Name]> } & {
  det: typeof det;
  slogdet: typeof slogdet;
  vectorNorm: typeof vectorNorm;
  /** The 2-norm of a vector, or the Frobenius norm of a matrix. */
  norm: typeof vectorNorm;
  lu: Lifted<typeof jax.lax.linalg.lu>;
  triangularSolve: Lifted<typeof jax.lax.linalg.triangularSolve>;
};

export const linalg: Linalg = guardAll(
  "linalg",
  {
    ...Object.fromEntries(names.map((name) => [name, floats(name, lift(jax.numpy.linalg[name]))])),
    det: floats("det", det),
    slogdet: floats("slogdet", slogdet),
    vectorNorm: floats("vectorNorm", vectorNorm),
    norm: floats("vectorNorm", vectorNorm),
    lu: luFactors,
    triangularSolve: floats("triangularSolve", lift(jax.lax.linalg.triangularSolve)),
  } as Linalg,
  linalgSignatures,
  onTensor,
);
