/**
 * Quadratic bilevel problems: everything that an algorithm does on them is linear algebra, so that it can be checked.
 *
 *     f = ½ wᵀA w + wᵀB u + dᵀw,      F = ½ wᵀP w + wᵀQ u + ½ uᵀR u + fᵀw + hᵀu + c
 *     full training:  w ← w - A⁺(A w + B u + d),   the projection on S(u)
 *     T steps:        w ← w - alpha Σ_{j<T} (I - alpha A)ʲ (A w + B u + d)
 *
 * Vicol et al. 2022, section 3.
 */
import { Tensor, linalg, np } from "../../array/index.ts";
import {
  OptionError,
  ShapeError,
  requireInteger,
  requireRecord,
  requireKnownOptions,
  requirePositive,
} from "../../errors.ts";
import type { BilevelProblem } from "../bilevelProblem.ts";
import { requireSymmetric } from "./requireSymmetric.ts";

export interface QuadraticBilevelOptions {
  /** [p][p], symmetric and positive semidefinite. */
  A: readonly (readonly number[])[];
  /** [p][m]. */
  B: readonly (readonly number[])[];
  /** [p]. Default 0. */
  d?: readonly number[];
  /** [p][p], symmetric. Default 0. */
  P?: readonly (readonly number[])[];
  /** [p][m]. Default 0. */
  Q?: readonly (readonly number[])[];
  /** [m][m], symmetric. Default 0. */
  R?: readonly (readonly number[])[];
  /** [p]. Default 0. */
  f?: readonly number[];
  /** [m]. Default 0. */
  h?: readonly number[];
  /** Of F. Default 0. */
  c?: number;
}

/** The coefficients as float64 tensors. */
export interface QuadraticCoefficients {
  A: Tensor;
  B: Tensor;
  d: Tensor;
  P: Tensor;
  Q: Tensor;
  R: Tensor;
  f: Tensor;
  h: Tensor;
  c: number;
}

export interface QuadraticBilevel extends BilevelProblem<Tensor, Tensor> {
  coefficients: QuadraticCoefficients;
  /** Where nothing else is given: zeros, u [m] and w [p]. */
  theta: { outer: Tensor; weights: Tensor };
  /** Full training: the nearest minimum to `weights`. */
  solve(outer: Tensor, weights: Tensor): Tensor;
  /** `steps` of gradient descent with steps of `alpha`, as the closed form. */
  descend(alpha: number, steps: number): (outer: Tensor, weights: Tensor) => Tensor;
}

const names = ["A", "B", "d", "P", "Q", "R", "f", "h", "c"] as const;

/** A quadratic problem in float64. Throws `OptionError` unless A, P and R are symmetric, and A positive semidefinite. Parts of a `bilevel` method: `bilevel({ inner, outer, solver: problem.solve })`. */
export function quadraticBilevel(options: QuadraticBilevelOptions): QuadraticBilevel {
  const where = "quadraticBilevel";
  requireRecord(where, options, names);
  requireKnownOptions(where, options, names);
  for (const name of ["A", "B"] as const) requireLists(where, name, options[name], true);
  for (const name of ["P", "Q", "R"] as const) requireLists(where, name, options[name] ?? [], true);
  for (const name of ["d", "f", "h"] as const) requireLists(where, name, options[name] ?? [], false);
  const [p, m] = [options.A.length, options.B[0]?.length ?? 0];
  const part = (name: "A" | "B" | "d" | "P" | "Q" | "R" | "f" | "h", shape: number[]): Tensor => {
    const given = options[name];
    const values = given === undefined ? np.zeros(shape, { dtype: "float64" }) : exact(given);
    if (values.shape.join() === shape.join()) return values;
    throw new ShapeError(where, `${name} must be [${shape.join()}], got [${values.shape.join()}].`);
  };
  const { c = 0 } = options;
  const coefficients: QuadraticCoefficients = {
    A: part("A", [p, p]),
    B: part("B", [p, m]),
    d: part("d", [p]),
    P: part("P", [p, p]),
    Q: part("Q", [p, m]),
    R: part("R", [m, m]),
    f: part("f", [p]),
    h: part("h", [m]),
    c,
  };
  const { A, B, d, P, Q, R, f, h } = coefficients;
  requireSymmetric(where, { A, P, R });
  const [values] = linalg.eigh(A);
  const least = Math.min(...values.data);
  if (least < -1e-10 * Math.max(1, ...values.data)) {
    throw new OptionError(where, "A", least, "positive semidefinite (this is its least eigenvalue)");
  }
  const inverse = linalg.pinv(A);
  const at = (matrix: Tensor, x: Tensor): Tensor => np.matmul(matrix, x);
  const slope = (u: Tensor, w: Tensor): Tensor => at(A, w).add(at(B, u)).add(d);
  const form = (left: Tensor, matrix: Tensor, right: Tensor): Tensor => left.mul(at(matrix, right)).sum();
  return {
    name: where,
    coefficients,
    theta: { outer: np.zeros([m], { dtype: "float64" }), weights: np.zeros([p], { dtype: "float64" }) },
    inner: (u, w) =>
      form(w, A, w)
        .mul(0.5)
        .add(form(w, B, u))
        .add(w.mul(d).sum()),
    outer: (u, w) =>
      form(w, P, w)
        .mul(0.5)
        .add(form(w, Q, u))
        .add(form(u, R, u).mul(0.5))
        .add(w.mul(f).sum())
        .add(u.mul(h).sum())
        .add(c),
    solve: (u, w) => w.sub(at(inverse, slope(u, w))),
    descend(alpha, steps) {
      requirePositive(where, "alpha", alpha);
      requireInteger(where, "steps", steps, 1);
      // Σ_{j<T} (I - alpha A)ʲ by eigenvalues: (1 - (1 - alpha λ)^T) / (alpha λ), T at 0.
      const [lambdas, vectors] = linalg.eigh(A);
      const filter = exact(
        Array.from(lambdas.data, (lambda) =>
          Math.abs(alpha * lambda) < 1e-14 ? alpha * steps : (1 - (1 - alpha * lambda) ** steps) / lambda,
        ),
      );
      return (u, w) => w.sub(at(vectors, at(vectors.transpose(), slope(u, w)).mul(filter)));
    },
  };
}

/** Throws `OptionError` for a tensor, or whatever else is no list. */
function requireLists(where: string, name: string, given: unknown, isMatrix: boolean): void {
  if (Array.isArray(given) && (!isMatrix || given.every(Array.isArray))) return;
  const allowed = isMatrix ? "a list of rows, each a list of numbers" : "a list of numbers";
  const hint = Tensor.is(given) ? `Write ${name}: x.toArray() of a tensor x.` : undefined;
  throw new OptionError(where, name, given, allowed, hint);
}

const exact = (values: readonly number[] | readonly (readonly number[])[]): Tensor =>
  np.array(values as number[], { dtype: "float64" });
