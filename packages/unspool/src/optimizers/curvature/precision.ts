/**
 * In which dtype factors are kept and inverted. A damping that is tiny beside a factor leaves its inverse with few digits: of
 * a condition number κ, the digits of the dtype less log10 κ. float32 has 7, float64 has 16.
 */
import { type Tensor, np, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { asType } from "../hyperparameter.ts";

/**
 * "auto": theta's dtype, or float64 where at the first batch the damping is too small for float32; "float32", "float64": as
 * said, where a theta in float64 has its factors in float64 always.
 */
export type FactorPrecision = "auto" | "float32" | "float64";

export const factorPrecisions: readonly FactorPrecision[] = ["auto", "float32", "float64"];

export type FloatType = "float32" | "float64";

/** Condition numbers from which an inverse has too few digits: one digit of float32, two of float64. */
export const largestCondition: Readonly<Record<FloatType, number>> = { float32: 1e6, float64: 1e14 };

/** |M|₁ |M⁻¹|₁, of which |·|₁ is the largest sum of a column: at least the ratio of M's eigenvalues, and at most n times that. */
export function conditionNumber(matrix: Tensor, inverse: Tensor): Tensor {
  return norm1(matrix).mul(norm1(inverse));
}

/** The largest sum of absolute values of a column; of a diagonal matrix [n] its largest element. */
export function norm1(matrix: Tensor): Tensor {
  const size = np.abs(matrix) as Tensor;
  return (matrix.ndim === 1 ? size.max() : size.sum(0).max()) as Tensor;
}

/** 0 in the place of a number that is not finite: of an inverse that does not exist. */
export function orNone(condition: Tensor): Tensor {
  return np.where(np.isfinite(condition), condition, np.zerosLike(condition)) as Tensor;
}

/** A damping that float32 does not have. */
const leastOfFloat32 = 1e-30;

/** The dtype before anything is measured. */
export function firstPrecision(precision: FactorPrecision, theta: unknown, damping: unknown): FloatType {
  if (tree.floatType(theta) === "float64" || precision === "float64") return "float64";
  const isTiny = typeof damping === "number" && damping > 0 && damping < leastOfFloat32;
  return isTiny && precision === "auto" ? "float64" : "float32";
}

/** What a batch says of a layer. */
export interface MeasuredCondition {
  /** 0 where the inverse does not exist. */
  readonly condition: number;
  readonly isFrozen: boolean;
}

/** True where an inverse has too few digits, or does not exist. */
function isPoor({ condition, isFrozen }: MeasuredCondition, largest: number): boolean {
  return isFrozen || condition > largest;
}

/**
 * The state of the first batch in the dtype that it needs: `measure` makes one, `conditionsOf` says what is of its layers.
 * Throws `OptionError` that names the layer (`nameOf`) for which not even float64 will do.
 */
export function measuredInPrecision<State>(options: {
  where: string;
  precision: FactorPrecision;
  first: FloatType;
  measure(dtype: FloatType): State;
  conditionsOf(state: State): readonly MeasuredCondition[];
  nameOf(layer: number): string;
  /** Condition numbers from which there are too few digits. Default `largestCondition`. */
  largest?: Readonly<Record<FloatType, number>>;
}): State {
  const { where, precision, first, measure, conditionsOf, nameOf, largest = largestCondition } = options;
  const state = measure(first);
  const poor = conditionsOf(state).findIndex((one) => isPoor(one, largest[first]));
  if (poor < 0 || (first === "float32" && precision === "float32")) return state;
  if (first === "float32") return measuredInPrecision({ ...options, first: "float64" });
  const { condition, isFrozen } = conditionsOf(state)[poor]!;
  const given = isFrozen ? "without an inverse" : condition.toExponential(1);
  throw new OptionError(
    where,
    `the condition number of layer "${nameOf(poor)}" with this damping`,
    given,
    `at most ${largest.float64.toExponential(0)}, for which float64 has enough digits`,
    "Raise the damping.",
  );
}

/** The largest of scalars; 0 of none. */
export function largestOf(values: readonly Tensor[], dtype: FloatType): Tensor {
  return values.reduce((most, x) => np.maximum(most, asType(x, dtype)) as Tensor, tree.scalar(0, dtype));
}

/** Whether all of what stands for an inverse is 0, as of one that could not be computed: bool scalar. */
export function isNone(inverse: unknown): Tensor {
  return tree
    .leaves(inverse)
    .map((leaf) => leaf.equal(0).all() as Tensor)
    .reduce((all, isZero) => np.logicalAnd(all, isZero) as Tensor);
}
