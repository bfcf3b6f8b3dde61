/** `--seeds 0..4` or `--seeds 0,3,7`. */
import { UsageError } from "../failure.ts";

const largest = 2 ** 32 - 1;
/** More runs of one setting are a mistake. */
const mostSeeds = 10_000;

/** The seeds in a text, in its order. Throws `UsageError` that says how they are written. */
export function parseSeeds(text: string): number[] {
  const wrong = (problem: string): UsageError =>
    new UsageError(
      "USAGE",
      `unspool sweep: --seeds ${problem}, got ${JSON.stringify(text)}. Write 0..4 for five of them, or 0,3,7.`,
      { option: "seeds", given: text },
    );
  const seeds = text.split(",").flatMap((part) => {
    const [, first, last] = /^\s*(\d+)\s*(?:\.\.\s*(\d+)\s*)?$/.exec(part) ?? [];
    if (first === undefined) throw wrong("must be integers of at least 0 or ranges of them");
    const [from, to] = [Number(first), Number(last ?? first)];
    if (to < from) throw wrong(`has the range ${from}..${to}, which runs backwards: ${to}..${from}`);
    if (to > largest) throw wrong("must be below 2^32");
    if (to - from >= mostSeeds) throw wrong(`may be ${mostSeeds} at most`);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
  const twice = seeds.find((seed, i) => seeds.indexOf(seed) !== i);
  if (twice !== undefined) throw wrong(`has ${twice} twice`);
  return seeds;
}
