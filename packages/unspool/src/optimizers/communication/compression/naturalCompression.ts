/**
 * Natural compression (Horváth, Ho, Horváth, Sahu, Canini & Richtárik 2019), and stochastic rounding to any number of
 * mantissa bits b: the neighbours in the short format, at random so that the mean is right.
 *
 *     |g| in [2^e, 2^(e+1)):   decoded = ± 2^e      with probability 2 - |g| / 2^e
 *                                        ± 2^(e+1)  with probability |g| / 2^e - 1          (b = 0)
 *
 * It is addition of random bits below the ones that stay, and cutting them off. Float64 is rounded to float32 first.
 */
import { type Tensor, lax, np, random, tree } from "../../../array/index.ts";
import { OptionError } from "../../../errors.ts";
import { withDefaults } from "../../hyperparameter.ts";
import { leafwise } from "./leafwise.ts";
import type { StatelessCompressor } from "./noCompression.ts";

export interface NaturalCompressionOptions {
  /** Bits behind the leading one that are sent, 0 to 22. Default 0: powers of two; 7 is bfloat16, stochastically. */
  mantissaBits?: number;
}

export const naturalCompressionDefaults: Required<NaturalCompressionOptions> = { mantissaBits: 0 };

/** Bits of the mantissa of float32. */
const mantissa = 23;

/** Unbiased, with a variance of at most g² / 8 for powers of two. Cost: no memory; 9 + mantissaBits bits per element. */
export function naturalCompression(options: NaturalCompressionOptions = {}): StatelessCompressor {
  const { mantissaBits } = withDefaults("naturalCompression", options, naturalCompressionDefaults);
  if (!Number.isInteger(mantissaBits) || mantissaBits < 0 || mantissaBits >= mantissa) {
    throw new OptionError("naturalCompression", "mantissaBits", mantissaBits, "an integer from 0 to 22");
  }
  const dropped = 2 ** (mantissa - mantissaBits) - 1;
  return {
    name: "naturalCompression",
    isUnbiased: true,
    init: () => ({}),
    compress: (gradient, _state, key) => ({
      ...leafwise(gradient, (leaf, _path, index) => {
        const noise = np.bitwiseAnd(random.bits(random.foldIn(key, index), leaf.shape), word(dropped));
        const decoded = roundedBits(leaf, noise as Tensor, dropped);
        return { message: decoded, decoded, bytes: Math.ceil((leaf.size * (9 + mantissaBits)) / 8) };
      }),
      state: {},
    }),
  };
}

const word = (value: number): Tensor => tree.scalar(value, "uint32");

function roundedBits(x: Tensor, noise: Tensor, dropped: number): Tensor {
  const words = lax.bitcastConvertType(x.astype("float32"), "uint32") as Tensor;
  const kept = np.bitwiseAnd(words.add(noise), word(~dropped >>> 0)) as Tensor;
  return (lax.bitcastConvertType(kept, "float32") as Tensor).astype(x.dtype);
}
