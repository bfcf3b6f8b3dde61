/** For tests: streams whose numbers other languages can draw as well, and a loop around rules of vectors. */
import type { RandomStream } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import type { VectorRules } from "./vectorSearch.ts";

/** Normals sqrt(2) sin(0.7 k² + 1.3 k) for k = 1, 2, …; other draws are refused. */
export function sineStream(): RandomStream {
  let k = 0;
  const refuse = (draw: string) => (): number => {
    throw new OptionError("sineStream", "draw", draw, "normal");
  };
  return {
    normal: () => (k++, Math.SQRT2 * Math.sin(0.7 * k ** 2 + 1.3 * k)),
    uniform: refuse("uniform"),
    integer: refuse("integer"),
  };
}

/** The stream of given numbers, whatever is drawn; undefined after the last is refused. */
export function listStream(numbers: readonly number[]): RandomStream {
  let k = 0;
  const next = (): number => {
    const number = numbers[k++];
    if (number === undefined) throw new OptionError("listStream", "draws", k, `at most ${numbers.length}`);
    return number;
  };
  return { normal: next, uniform: next, integer: next };
}

/** The state after some generations on a function of vectors. */
export function generations<Own>(
  rules: VectorRules<Own>,
  start: readonly number[],
  loss: (x: Float64Array) => number,
  count: number,
  stream: RandomStream = sineStream(),
): Own {
  const size = start.length;
  let own = rules.init({ start: Float64Array.from(start), box: undefined, stream });
  for (let i = 0; i < count; i++) {
    const asked = rules.ask(own, stream);
    const { candidates } = asked;
    const losses = Float64Array.from({ length: candidates.length / size }, (_, k) =>
      loss(candidates.subarray(k * size, (k + 1) * size)),
    );
    own = rules.tell(asked.own, candidates, losses).own;
  }
  return own;
}

export const sphere = (x: Float64Array): number => x.reduce((sum, one) => sum + one * one, 0);

export function rosenbrock(x: Float64Array): number {
  let sum = 0;
  for (let i = 0; i + 1 < x.length; i++) sum += 100 * (x[i]! ** 2 - x[i + 1]!) ** 2 + (1 - x[i]!) ** 2;
  return sum;
}

export const ellipsoid = (x: Float64Array): number =>
  x.reduce((sum, one, i) => sum + 10 ** ((6 * i) / (x.length - 1)) * one * one, 0);
