/**
 * What the four meanings of "solution" give on a quadratic bilevel problem.
 *
 *     optimistic   min over u of min over w in S(u) of F       cold   min over u of F at the projection of w_0 on S(u)
 *     pessimistic  min over u of max over w in S(u) of F       warm   where full warm starts from w_0 come to rest
 *
 * S(u) = { w(u) + N z }: all S(u) are parallel, because A does not depend on u, so that training never moves the part of w
 * in the null space of A, and warm starts end where cold ones do. Vicol et al. 2022, section 2 and Figure 2.
 */
import { type Tensor, linalg, np } from "../../array/index.ts";
import { ShapeError, requireKnownOptions } from "../../errors.ts";
import type { QuadraticBilevel } from "./quadraticBilevel.ts";
import { requireSymmetric } from "./requireSymmetric.ts";

export interface Solution {
  /** u of least distance from the start among the solutions, [m]. */
  outer: number[];
  /** w there, [p]. */
  weights: number[];
  /** F: -Infinity or Infinity where there is no bound; then u and w are where the search began. */
  loss: number;
}

export interface SolutionConcepts {
  optimistic: Solution;
  pessimistic: Solution;
  cold: Solution;
  warm: Solution;
}

export interface SolutionOptions {
  /** w_0, [p]. Default zeros. */
  weights?: Tensor;
  /** u_0, [m]: of all optimal u the nearest is reached. Default zeros, which gives the one of least norm. */
  outer?: Tensor;
}

/** Values of all four concepts, by linear algebra in float64. */
export function solutionConcepts(problem: QuadraticBilevel, options: SolutionOptions = {}): SolutionConcepts {
  const where = "solutionConcepts";
  requireKnownOptions(where, options, ["weights", "outer"]);
  const { theta, coefficients } = problem;
  const { weights: w0 = theta.weights, outer: u0 = theta.outer } = options;
  const { A, B, d, P, Q, R, f, h } = coefficients;
  requireSymmetric(where, { A, P, R });
  const inverse = linalg.pinv(A);
  requireSolvable(where, A, inverse, [B, d.reshape([-1, 1])]);
  const jacobian = np.matmul(inverse, B).neg();
  const basis = nullSpace(A);
  const w = (u: Tensor): Tensor => problem.solve(u, w0);
  /** v = ∂F/∂w at the cold-start solution, and dF/du along it. */
  const v = (u: Tensor): Tensor => at(P, w(u)).add(at(Q, u)).add(f);
  const slope = (u: Tensor): Tensor =>
    at(jacobian.transpose(), v(u))
      .add(at(Q.transpose(), w(u)))
      .add(at(R, u))
      .add(h);
  const cross = np.matmul(P, jacobian).add(Q);
  const jq = np.matmul(jacobian.transpose(), Q);
  const curvature = np
    .matmul(np.matmul(jacobian.transpose(), P), jacobian)
    .add(jq)
    .add(jq.transpose())
    .add(R);
  const made = (u: Tensor, z: Tensor | undefined): Solution => {
    const weights = z === undefined ? w(u) : w(u).add(at(basis, z));
    return { outer: list(u), weights: list(weights), loss: problem.outer(u, weights, undefined).item() };
  };
  const unbounded = (loss: number): Solution => ({ outer: list(u0), weights: list(w(u0)), loss });

  const coldStep = minimiser(curvature, slope(u0));
  const cold = coldStep === undefined ? unbounded(-Infinity) : made(u0.add(coldStep), undefined);

  const null_ = basis.shape[1]!;
  const across = np.matmul(basis.transpose(), cross);
  const inside = np.matmul(np.matmul(basis.transpose(), P), basis);
  const tilt = (u: Tensor): Tensor => at(basis.transpose(), v(u));
  const optimistic = (): Solution => {
    if (null_ === 0) return cold;
    const joint = np.concatenate([
      np.concatenate([curvature, across.transpose()], 1),
      np.concatenate([across, inside], 1),
    ]);
    const step = minimiser(joint, np.concatenate([slope(u0), tilt(u0)]));
    if (step === undefined) return unbounded(-Infinity);
    const m = u0.size;
    return made(u0.add(step.slice([0, m])), step.slice([m, m + null_]));
  };
  const pessimistic = (): Solution => {
    if (null_ === 0) return cold;
    const [values, vectors] = linalg.eigh(inside);
    const scale = Math.max(1, ...values.data.map(Math.abs));
    const most = Math.max(...values.data);
    // Along a direction in which F bends upwards the worst w is at infinity.
    if (most > tolerance * scale) return unbounded(Infinity);
    const isFlat = Array.from(values.data, (value) => Number(value) > -tolerance * scale);
    const columns = (chosen: boolean): Tensor | undefined => {
      const places = isFlat.flatMap((flat, i) => (flat === chosen ? [i] : []));
      return places.length === 0
        ? undefined
        : np.stack(
            places.map((i) => vectors.slice([], i)),
            1,
          );
    };
    // Flat directions must not tilt: a condition on u. In the others the worst z is a maximum, and goes into u's quadratic.
    const [flat, bent] = [columns(true), columns(false)];
    let [hessian, gradient] = [curvature, slope(u0)];
    if (bent !== undefined) {
      const inverted = linalg.pinv(np.matmul(np.matmul(bent.transpose(), inside), bent));
      const lean = np.matmul(bent.transpose(), across);
      const worst = np.matmul(lean.transpose(), inverted);
      hessian = hessian.sub(np.matmul(worst, lean));
      gradient = gradient.sub(at(worst, at(bent.transpose(), tilt(u0))));
    }
    let base = u0;
    let free: Tensor | undefined;
    if (flat !== undefined) {
      const condition = np.matmul(flat.transpose(), across);
      const miss = at(flat.transpose(), tilt(u0));
      const shift = at(linalg.pinv(condition), miss).neg();
      if (largest(at(condition, shift).add(miss)) > tolerance * Math.max(1, largest(miss)))
        return unbounded(Infinity);
      base = u0.add(shift);
      gradient = gradient.add(at(hessian, shift));
      free = nullSpace(np.matmul(condition.transpose(), condition));
      if (free.shape[1] === 0) return settled(base);
      hessian = np.matmul(np.matmul(free.transpose(), hessian), free);
      gradient = at(free.transpose(), gradient);
    }
    const step = minimiser(hessian, gradient);
    if (step === undefined) return unbounded(-Infinity);
    return settled(base.add(free === undefined ? step : at(free, step)));
  };
  /** The worst z at u: -C⁻¹ of the tilt, in the directions that bend. */
  const settled = (u: Tensor): Solution => made(u, at(linalg.pinv(inside), tilt(u)).neg());

  return { optimistic: optimistic(), pessimistic: pessimistic(), cold, warm: cold };
}

const tolerance = 1e-9;

const at = (matrix: Tensor, x: Tensor): Tensor => np.matmul(matrix, x);
const list = (x: Tensor): number[] => Array.from(x.data, Number);
const largest = (x: Tensor): number => Math.max(0, ...list(x).map(Math.abs));

/** The shortest step to a minimum of a quadratic with this Hessian and gradient; undefined where it has no bound below. */
function minimiser(hessian: Tensor, gradient: Tensor): Tensor | undefined {
  const [values] = linalg.eigh(hessian);
  const scale = Math.max(1, ...values.data.map(Math.abs));
  if (Math.min(...values.data) < -tolerance * scale) return undefined;
  const step = at(linalg.pinv(hessian), gradient).neg();
  const left = largest(at(hessian, step).add(gradient));
  return left > tolerance * Math.max(1, largest(gradient)) ? undefined : step;
}

/** Orthonormal columns that a symmetric matrix takes to 0, [n, k]. */
function nullSpace(matrix: Tensor): Tensor {
  const [values, vectors] = linalg.eigh(matrix);
  const scale = Math.max(...values.data.map(Math.abs), 1e-300);
  const places = list(values).flatMap((value, i) => (Math.abs(value) <= tolerance * scale ? [i] : []));
  if (places.length === 0) return np.zeros([matrix.shape[0]!, 0], { dtype: "float64" });
  return np.stack(
    places.map((i) => vectors.slice([], i)),
    1,
  );
}

/** S(u) is empty where A w = -(B u + d) has no solution: the inner loss falls without end. */
function requireSolvable(where: string, A: Tensor, inverse: Tensor, sides: readonly Tensor[]): void {
  for (const side of sides) {
    const left = side.sub(np.matmul(A, np.matmul(inverse, side)));
    if (largest(left) <= tolerance * Math.max(1, largest(side))) continue;
    throw new ShapeError(where, "B and d must be in the range of A: else the inner loss has no minimum.");
  }
}
