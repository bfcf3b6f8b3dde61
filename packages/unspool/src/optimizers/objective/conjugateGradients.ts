/** Conjugate gradients for A x = b, from products with A, as a loop of fixed length that a compiler can take whole. */
import { type Tensor, np, scan, tree } from "../../array/index.ts";
import { addScaled } from "../floatVector.ts";
import { dot } from "../leaves.ts";

export interface ConjugateGradientOptions {
  iterations: number;
  /**
   * A positive matrix near A: its diagonal, in the structure of b, or the product of its inverse with a vector. Default: the
   * identity.
   */
  preconditioner?: Tensor[] | ((r: Tensor[]) => Tensor[]);
}

export interface Solution {
  x: Tensor[];
  /** b - A x. */
  residual: Tensor[];
}

/** Residuals below this part of b are rounding errors: the iterations after it change nothing. */
const leastResidual: Readonly<Record<string, number>> = { float32: 1e-6, float64: 1e-12 };

/**
 * `iterations` steps from `start`; fewer count where the residual vanishes or a direction without positive curvature
 * comes up. One product with A each, and one at the start. Hestenes and Stiefel 1952.
 */
export function conjugateGradients(
  product: (v: Tensor[]) => Tensor[],
  b: Tensor[],
  start: Tensor[],
  { iterations, preconditioner }: ConjugateGradientOptions,
): Solution {
  const divided = (r: Tensor[]): Tensor[] => {
    if (preconditioner === undefined) return r;
    if (typeof preconditioner === "function") return preconditioner(r);
    return r.map((leaf, i) => leaf.div(preconditioner[i]!));
  };
  const residual = addScaled(b, -1, product(start));
  const direction = divided(residual);
  const square = dot(b, b);
  const bound = square.mul((leastResidual[square.dtype] ?? 1e-6) ** 2);
  type Carry = Solution & { direction: Tensor[]; weight: Tensor; isOver: Tensor };
  const step = (carry: Carry): [Carry, undefined] => {
    const { x, residual: r, direction: p, weight, isOver } = carry;
    const image = product(p);
    const curvature = dot(p, image);
    const isSmall = dot(r, r).lessEqual(bound);
    const stops = np.where(isSmall, np.onesLike(isOver), np.where(curvature.greater(0), isOver, np.onesLike(isOver))); // prettier-ignore
    const isDone = stops.greater(0);
    // Quotients of what counts only: those of rounding errors have wild derivatives.
    const orOne = (value: Tensor): Tensor => np.where(isDone, np.onesLike(value), value);
    const length = orOne(weight).div(orOne(curvature));
    const nextResidual = addScaled(r, length.neg(), image);
    const scaledResidual = divided(nextResidual);
    const nextWeight = dot(nextResidual, scaledResidual);
    const next = {
      x: addScaled(x, length, p),
      residual: nextResidual,
      direction: addScaled(scaledResidual, orOne(nextWeight).div(orOne(weight)), p),
      weight: nextWeight,
    };
    const kept = { x, residual: r, direction: p, weight };
    return [{ ...tree.select(isDone, kept, next), isOver: stops }, undefined];
  };
  const [end] = scan(
    step,
    {
      x: start,
      residual,
      direction,
      weight: dot(residual, direction),
      isOver: np.zerosLike(square),
    },
    undefined,
    { length: iterations },
  );
  return { x: end.x, residual: end.residual };
}
