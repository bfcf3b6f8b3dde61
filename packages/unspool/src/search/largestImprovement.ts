/** Where in the unit cube a function is largest: many points, then a few generations of CMA-ES from the best of them. */
import type { RandomStream } from "../array/index.ts";
import { intoBox, outOfBox } from "./boxTransform.ts";
import { cmaEsRules } from "./cmaEs.ts";

/** Points that are tried, half of them around the best known point at falling distances. */
const tries = 256;
const generations = 15;

/** The best point found, [d]. `around` is the best point that is known. Cost: about 256 + 15 (4 + 3 ln d) evaluations. */
export function largestImprovement(
  worth: (x: Float64Array) => number,
  around: Float64Array,
  stream: RandomStream,
): Float64Array {
  const size = around.length;
  const cube = { low: new Float64Array(size), high: new Float64Array(size).fill(1) };
  let best = around;
  let most = -1;
  const look = (x: Float64Array): number => {
    const value = worth(x);
    if (value > most) [best, most] = [x, value];
    return -value;
  };
  for (let i = 0; i < tries; i++) {
    const width = 10 ** (-3 * stream.uniform());
    const isNear = i % 2 === 1;
    look(
      Float64Array.from({ length: size }, (_, j) =>
        isNear ? clamp(around[j]! + width * stream.normal()) : stream.uniform(),
      ),
    );
  }
  const rules = cmaEsRules("largestImprovement", { sigma: 0.05 });
  let own = rules.init({ start: outOfBox(best, cube), box: undefined, stream });
  for (let generation = 0; generation < generations; generation++) {
    const asked = rules.ask(own, stream);
    const losses = Float64Array.from({ length: asked.candidates.length / size }, (_, i) =>
      look(intoBox(asked.candidates.slice(i * size, (i + 1) * size), cube)),
    );
    own = rules.tell(asked.own, asked.candidates, losses).own;
  }
  return best;
}

const clamp = (x: number): number => Math.min(Math.max(x, 0), 1);
