/** How results of the engine are held against those of the reference: exact where they are whole, else in ulps. */
import { type DType, type Tensor, tree } from "../../../array/index.ts";

/** Distance between 1 and the next larger number. */
export const ulpOf: Readonly<Record<"float32" | "float64", number>> = {
  float32: 2 ** -23,
  float64: 2 ** -52,
};

export const isFloat = (dtype: DType): dtype is "float32" | "float64" =>
  dtype === "float32" || dtype === "float64";

export interface Bound {
  /** In ulps of the larger of the number wanted and `scale`. */
  ulps: number;
  /** Size of the terms that were added up to give the number. Default 0. */
  scale?: number;
  /** Float type that was computed in. Default: that of the result; means are float64 of what may be float32. */
  dtype?: "float32" | "float64";
  /** Whether 0 and -0 are told apart. Default false. */
  isSigned?: boolean;
}

/** The elements of `got` that are not those of `wanted`, in words; empty if all are. */
export function differences(got: Tensor, wanted: Tensor, bound: Bound): string[] {
  const { ulps, scale = 0, dtype = got.dtype as "float64", isSigned = false } = bound;
  if (got.toString() !== wanted.toString()) return [`${got.toString()}, wanted ${wanted.toString()}`];
  const isSame = (a: number, b: number): boolean => {
    if (Object.is(a, b)) return true;
    if (!isFloat(got.dtype)) return false;
    const ulp = ulpOf[dtype] * ulps;
    // Below the smallest normal number only the absolute distance counts.
    const floor = dtype === "float32" ? 2 ** -126 : 2 ** -1022;
    if (a === b) return !isSigned;
    return Math.abs(a - b) <= ulp * Math.max(Math.abs(b), scale, floor);
  };
  return Array.from(got.data).flatMap((a, i) => {
    const b = wanted.data[i]!;
    return isSame(a, b) ? [] : [`[${i}] ${a}, wanted ${b}`];
  });
}

/** The same for all leaves of two trees. */
export function treeDifferences(got: unknown, wanted: unknown, bound: Bound): string[] {
  const reference = new Map(tree.entries(wanted));
  return tree.entries(got).flatMap(([path, leaf]) => {
    const other = reference.get(path);
    const found = other === undefined ? ["not wanted"] : differences(leaf, other, bound);
    return found.length === 0 ? [] : [`${path}: ${found.slice(0, 4).join("; ")}`];
  });
}
