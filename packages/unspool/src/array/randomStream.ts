/**
 * Random numbers for plain JavaScript: the stream of a key, word by word. The n-th pair of words is the threefry block
 * of counter n, so a stream is a pure function of its key.
 */
import { OptionError } from "../errors.ts";
import { threefry2x32 } from "./threefry.ts";

/** Numbers drawn one after the other. */
export interface RandomStream {
  /** Uniform in [0, 1), all 53 bits random. */
  uniform(): number;
  /** Standard normal (Box-Muller). */
  normal(): number;
  /** Uniform integer from 0 to `below` - 1. */
  integer(below: number): number;
}

/** The stream of a key, given by its two uint32 words: `randomStream(key.data)`. */
export function randomStream(words: ArrayLike<number>): RandomStream {
  const [k0, k1] = [words[0]!, words[1]!];
  let drawn = 0;
  const uniform = (): number => {
    const [high, low] = threefry2x32(k0, k1, 0, drawn++);
    return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
  };
  return {
    uniform,
    normal() {
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      return radius * Math.cos(2 * Math.PI * uniform());
    },
    integer(below) {
      if (!Number.isInteger(below) || below < 1 || below > 2 ** 32)
        throw new OptionError("RandomStream.integer", "below", below, "an integer from 1 to 4294967296");
      return Math.floor(uniform() * below);
    },
  };
}
