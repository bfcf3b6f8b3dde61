/** The ranges that random numbers are drawn from, checked, and what rounding does at their upper end. */
import { OptionError } from "../errors.ts";

type Float = "float32" | "float64";

const rounded = (value: number, dtype: Float): number => (dtype === "float32" ? Math.fround(value) : value);

/** maxval - minval, where both are finite, in order, and apart in the dtype. */
export function requireRange(minval: number, maxval: number, dtype: Float): number {
  const range = rounded(maxval, dtype) - rounded(minval, dtype);
  if (Number.isFinite(rounded(range, dtype)) && range > 0) return maxval - minval;
  throw new OptionError(
    "random.uniform",
    "maxval",
    maxval,
    `a finite number above minval ${minval} in ${dtype}`,
    "The range must not overflow either.",
  );
}

/** The largest number of the dtype below a number of it. */
export function largestBelow(value: number, dtype: Float): number {
  const [floats, words] =
    dtype === "float32"
      ? [Float32Array.of(value), (data: ArrayBuffer) => new Int32Array(data)]
      : [Float64Array.of(value), (data: ArrayBuffer) => new BigInt64Array(data)];
  if (floats[0] === 0) return dtype === "float32" ? -(2 ** -149) : -(2 ** -1074);
  const bits = words(floats.buffer as ArrayBuffer);
  // Neighbours among floats of one sign are neighbours among whole numbers.
  if (bits instanceof Int32Array) bits[0] = bits[0]! + (value > 0 ? -1 : 1);
  else bits[0] = bits[0]! + (value > 0 ? -1n : 1n);
  return floats[0]!;
}

/** Whether the largest draw, 1 - 2^-23, becomes maxval: with the product rounded, or not (as a fused operation). */
export function mayReach(minval: number, maxval: number, dtype: Float): boolean {
  const product = (1 - 2 ** -23) * rounded(maxval - minval, dtype);
  const ends = [rounded(product, dtype), product].map((one) => rounded(one + rounded(minval, dtype), dtype));
  return ends.some((end) => end >= rounded(maxval, dtype));
}

/** Throws unless [minval, maxval) are whole numbers of the dtype, at least one. */
export function requireWholeRange(minval: number, maxval: number, dtype: "int32" | "uint32"): void {
  const where = "random.randint";
  if (dtype !== "int32" && dtype !== "uint32")
    throw new OptionError(where, "dtype", dtype, '"int32" or "uint32"');
  const [least, most] = dtype === "int32" ? [-(2 ** 31), 2 ** 31] : [0, 2 ** 32];
  if (!Number.isInteger(maxval) || maxval > most || !(maxval > minval)) {
    const hint = dtype === "int32" ? 'Larger numbers are drawn with { dtype: "uint32" }.' : undefined;
    throw new OptionError(
      where,
      "maxval",
      maxval,
      `an integer above minval ${minval}, at most ${most}`,
      hint,
    );
  }
  if (!Number.isInteger(minval) || minval < least) {
    throw new OptionError(where, "minval", minval, `an integer of at least ${least}`);
  }
}
