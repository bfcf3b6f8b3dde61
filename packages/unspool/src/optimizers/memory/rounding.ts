/**
 * Half-precision formats as roundings of float32: what a value is after it was stored in bfloat16 or float16. Both round
 * to the nearest, ties to even. Float64 becomes float32 first.
 *
 *     bfloat16: 8 bits of exponent, 7 of mantissa        float16: 5 and 10; least 2⁻²⁴, largest 65504
 */
import { type Tensor, lax, np, tree } from "../../array/index.ts";

const word = (value: number): Tensor => tree.scalar(value, "uint32");

/** `x` as bfloat16 has it; the derivative is that of the identity (straight through). */
export function roundToBfloat16(x: Tensor): Tensor {
  return straightThrough(x, (narrow) => withoutBits(narrow, 16));
}

/** `x` as IEEE float16 has it, with subnormals and overflow to infinity; the derivative is that of the identity. */
export function roundToFloat16(x: Tensor): Tensor {
  return straightThrough(x, (narrow) => {
    const size = np.abs(narrow) as Tensor;
    // Next to 1/2 the numbers of float32 are 2⁻²⁴ apart, as the subnormals of float16 are.
    const tiny = size.add(0.5).sub(0.5);
    const normal = withoutBits(size, 13);
    const rounded = np.where(size.less(2 ** -14), tiny, normal) as Tensor;
    const bounded = np.where(size.greaterEqual(65520), np.fullLike(size, Infinity), rounded) as Tensor;
    return np.where(np.isnan(narrow), narrow, np.copysign(bounded, narrow)) as Tensor;
  });
}

/** Formats by name; "float32" is exact. */
export type HalfFormat = "float32" | "bfloat16" | "float16";

/** The rounding of a format. */
export function roundingOf(format: HalfFormat): (x: Tensor) => Tensor {
  if (format === "float32") return (x) => x;
  return format === "bfloat16" ? roundToBfloat16 : roundToFloat16;
}

/** The low bits of float32 rounded away, to the nearest, ties to even: a carry goes into the exponent. */
function withoutBits(x: Tensor, count: number): Tensor {
  const words = lax.bitcastConvertType(x, "uint32") as Tensor;
  const isOdd = np.bitwiseAnd(np.rightShift(words, word(count)), word(1)) as Tensor;
  const half = isOdd.add(word(2 ** (count - 1) - 1));
  const kept = np.bitwiseAnd(words.add(half), word(~(2 ** count - 1) >>> 0)) as Tensor;
  const rounded = lax.bitcastConvertType(kept, "float32") as Tensor;
  return np.where(np.isfinite(x), rounded, x) as Tensor;
}

function straightThrough(x: Tensor, round: (narrow: Tensor) => Tensor): Tensor {
  const frozen = lax.stopGradient(x) as Tensor;
  const rounded = round(frozen.dtype === "float32" ? frozen : frozen.astype("float32"));
  const value = rounded.dtype === x.dtype ? rounded : rounded.astype(x.dtype);
  // 0 in value where x is finite, 1 in derivative.
  const through = x.sub(frozen);
  return value.add(np.where(np.isfinite(frozen), through, np.zerosLike(x)) as Tensor);
}
