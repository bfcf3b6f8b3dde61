/** Systems of equations in a metric that may be nearly singular. */
import { type Tensor, linalg, np } from "../../array/index.ts";

export interface Damping {
  /**
   * "eigenvalue": (r + |min(λ_min, 0)|) I is added where the smallest eigenvalue λ_min is at most r; "plain": r I is always
   * added.
   */
  kind: "eigenvalue" | "plain";
  /** r. */
  floor: number;
  /** l of the least squares (gᵀg + l I)⁻¹ gᵀ b; 0 solves g x = b. */
  ridge: number;
}

export interface Damped {
  solution: Tensor;
  /** What was added to the diagonal. */
  shift: Tensor;
}

const exact = { dtype: "float64" } as const;
const identity = (size: number): Tensor => np.eye(size).astype("float64");
const square = (g: Tensor, from: number, size: number): Tensor =>
  g.slice([from, from + size], [from, from + size]);

/**
 * (g + shift)⁻¹ b of a symmetric g [P, P] with diagonal blocks of these lengths, all that is not 0 of it. With `isPositive`
 * no eigenvalue is below 0 but for rounding: whether one is at most r is then seen by a Cholesky factor of g - r I, without
 * an eigensystem.
 */
export function dampedSolve(
  g: Tensor,
  b: Tensor,
  { kind, floor, ridge }: Damping,
  { blocks, isPositive }: { blocks: readonly number[]; isPositive: boolean },
): Damped {
  const starts = blocks.map((_, i) => blocks.slice(0, i).reduce((sum, size) => sum + size, 0));
  const parts = blocks.flatMap((size, i) =>
    size === 0 ? [] : [{ size, g: square(g, starts[i]!, size), b: b.slice([starts[i]!, starts[i]! + size]) }],
  );
  const shift =
    kind === "plain"
      ? np.array(floor, exact)
      : isPositive
        ? shiftByFactor(parts, floor)
        : shiftByEigenvalue(parts, floor);
  const solutions = parts.map(({ size, g: own, b: right }) => {
    const damped = own.add(identity(size).mul(shift));
    const column = right.reshape([size, 1]);
    if (ridge === 0) return linalg.solve(damped, column).reshape([size]);
    const normal = (np.matmul(damped, damped) as Tensor).add(identity(size).mul(ridge));
    return linalg.solve(normal, np.matmul(damped, column) as Tensor).reshape([size]);
  });
  const solution = solutions.length === 1 ? solutions[0]! : (np.concatenate(solutions, 0) as Tensor);
  return { solution, shift };
}

interface Part {
  size: number;
  g: Tensor;
}

function shiftByFactor(parts: readonly Part[], floor: number): Tensor {
  if (floor === 0) return np.zeros([], exact);
  // A pivot that is not above 0 makes NaN of what comes after it.
  const isAbove = parts
    .map(({ size, g }) => {
      const factor = linalg.cholesky(g.sub(identity(size).mul(floor)));
      return np.all((np.diagonal(factor) as Tensor).greater(0)) as Tensor;
    })
    .reduce((all, one) => np.logicalAnd(all, one) as Tensor);
  return np.where(isAbove, np.zeros([], exact), np.array(floor, exact)) as Tensor;
}

function shiftByEigenvalue(parts: readonly Part[], floor: number): Tensor {
  const least = parts
    .map(({ g }) => linalg.eigvalsh(g).slice(0))
    .reduce((a, b) => np.minimum(a, b) as Tensor);
  const below = np.abs(np.minimum(least, 0)).add(floor);
  return np.where(least.lessEqual(floor), below, np.zeros([], exact)) as Tensor;
}
