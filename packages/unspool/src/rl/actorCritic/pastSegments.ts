/** Segments as units of the programs that draw their perturbations again, by sampler and then by segment. */
import { type Tensor, tensorOf } from "../../array/index.ts";
import type { Draw, PastSegment } from "./segmentProgram.ts";

/** int32 [count]. */
export function wholeNumbers(count: number, of: (i: number) => number): Tensor {
  return tensorOf(
    Int32Array.from({ length: count }, (_, i) => of(i)),
    [count],
    "int32",
  );
}

/** Which perturbation each of `count` units has, whose sampler is `samplerOf(i)`. */
export function drawsOf(isAntithetic: boolean, count: number, samplerOf: (i: number) => number): Draw {
  return {
    pair: wholeNumbers(count, (i) => (isAntithetic ? samplerOf(i) >> 1 : samplerOf(i))),
    sign: wholeNumbers(count, (i) => (isAntithetic && samplerOf(i) % 2 === 1 ? -1 : 1)),
  };
}

/** A function of how many segments each sampler has, and of their weights [samplers · segments]. */
export function pastSegments(
  samplers: number,
  isAntithetic: boolean,
): (segments: number, weights: Float64Array) => PastSegment {
  return (segments, weights) => {
    const count = samplers * segments;
    return {
      segment: wholeNumbers(count, (i) => i % segments),
      draw: drawsOf(isAntithetic, count, (i) => Math.floor(i / segments)),
      weight: tensorOf(weights, [count], "float64"),
    };
  };
}
