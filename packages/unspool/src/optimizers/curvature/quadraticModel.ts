/**
 * The quadratic model of the loss along a few directions, with the exact Fisher information of a batch (Martens and
 * Grosse 2015, 6.4, 7 and appendix C):
 *
 *     M(δ) - M(0) = ½ δᵀ (F + damping I) δ + ∇hᵀ δ,   δ = Σ c_i v_i,   v_iᵀ F v_j = mean over examples of (J v_i)ᵀ F_R (J v_j)
 *
 * J v, the change of the outputs along v, is one forward-mode derivative.
 */
import { type Tensor, jvp, np, plainLayers } from "../../array/index.ts";
import { asType } from "../hyperparameter.ts";
import { dot } from "../leaves.ts";
import type { NetworkView } from "../objective/objective.ts";

/** Elements [i][j] belong to directions i and j: scalars. */
export type Products = readonly (readonly Tensor[])[];

export interface QuadraticModel {
  /** v_iᵀ F v_j. */
  readonly fisher: Products;
  /** v_iᵀ v_j. */
  readonly lengths: Products;
  /** ∇hᵀ v_i. */
  readonly slopes: readonly Tensor[];
}

/** The model along directions with the structure of theta. `gradient` is ∇h. */
export function quadraticModel<Theta>(
  network: NetworkView<Theta>,
  theta: Theta,
  directions: readonly Theta[],
  gradient: unknown,
): QuadraticModel {
  const outputsAt = (at: Theta): Tensor => network.outputs(at, plainLayers);
  const changes = directions.map((v) => jvp(outputsAt, [theta], [v]));
  const products = changes.map(([outputs, change]) => network.likelihood.fisherProduct(outputs, change));
  const symmetric = (product: (i: number, j: number) => Tensor): Tensor[][] => {
    const rows = directions.map((_, i) => directions.slice(0, i + 1).map((_other, j) => product(i, j)));
    return directions.map((_, i) => directions.map((_other, j) => (j > i ? rows[j]![i]! : rows[i]![j]!)));
  };
  const lengths = symmetric((i, j) => dot(directions[i], directions[j]));
  const fisher = symmetric((i, j) => {
    const product = products[i]!.mul(changes[j]![1]);
    return asType(product.sum().div(product.shape[0]!), lengths[0]![0]!.dtype);
  });
  return { fisher, lengths, slopes: directions.map((v) => dot(gradient, v)) };
}

/** v_iᵀ (F + damping I) v_j. */
export function curvatureOf({ fisher, lengths }: QuadraticModel, damping: Tensor | number): Products {
  return fisher.map((row, i) => row.map((x, j) => x.add(lengths[i]![j]!.mul(damping))));
}

/** M(δ) - M(0) for δ = Σ c_i v_i. */
export function modelChange(
  { slopes }: Pick<QuadraticModel, "slopes">,
  curvature: Products,
  coefficients: readonly Tensor[],
): Tensor {
  const terms = coefficients.map((c, i) => {
    const along = coefficients.map((d, j) => d.mul(curvature[i]![j]!)).reduce((sum, x) => sum.add(x));
    return c.mul(along.mul(0.5).add(slopes[i]!));
  });
  return terms.reduce((sum, term) => sum.add(term));
}

/** Below this part of a product of diagonal elements, a determinant is rounding. */
const smallestDeterminant = { float32: 1e-5, float64: 1e-12 };

/**
 * The coefficients (α, μ) that minimise the model along two directions; those that are given stay. Where the directions
 * are parallel, or the second is 0, the second is left out.
 */
export function minimise(
  { slopes }: Pick<QuadraticModel, "slopes">,
  curvature: Products,
  given: { alpha?: Tensor | undefined; mu?: Tensor | undefined },
): [alpha: Tensor, mu: Tensor] {
  const [first, cross, second] = [curvature[0]![0]!, curvature[0]![1]!, curvature[1]![1]!];
  const [slope, secondSlope] = [slopes[0]!, slopes[1]!];
  const { alpha, mu } = given;
  if (alpha !== undefined && mu !== undefined) return [alpha, mu];
  if (mu !== undefined) return [quotient(slope.add(cross.mul(mu)).neg(), first), mu];
  if (alpha !== undefined) return [alpha, quotient(secondSlope.add(cross.mul(alpha)).neg(), second)];
  const determinant = first.mul(second).sub(cross.mul(cross));
  const least = smallestDeterminant[first.dtype === "float64" ? "float64" : "float32"];
  const isPlane = determinant.greater(first.mul(second).mul(least));
  const safe = np.where(isPlane, determinant, np.onesLike(determinant));
  const both = [
    cross.mul(secondSlope).sub(second.mul(slope)).div(safe),
    cross.mul(slope).sub(first.mul(secondSlope)).div(safe),
  ] as const;
  return [
    np.where(isPlane, both[0], quotient(slope.neg(), first)),
    np.where(isPlane, both[1], np.zerosLike(determinant)),
  ];
}

/** a / b, and 0 where b is 0. */
export function quotient(a: Tensor, b: Tensor): Tensor {
  const isZero = b.equal(0);
  return np.where(isZero, np.zerosLike(a), a.div(np.where(isZero, np.onesLike(b), b)));
}
