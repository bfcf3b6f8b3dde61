/** Averages of growth rates that were recorded step by step: over trials, over blocks of steps, and as they run. */
import { moments } from "../numerics/index.ts";

/** Blocks of steps for the standard error of a single trial: long beside the memory of most systems. */
const blocks = 20;
/** Most points of a running average. */
const runningPoints = 200;

/** One entry per group of steps: [trials * count], trial by trial. */
export type Rows = readonly ArrayLike<number>[];

/** Means over groups [groups][trials * count] per trial and over trials, and standard errors, times `scale`. */
export function averages(
  groups: Rows,
  trials: number,
  count: number,
  scale: number,
): { mean: Float64Array; standardError: Float64Array; perTrial: Float64Array[] } {
  const meanOf = (from: number, to: number, trial: number): Float64Array => {
    const sum = new Float64Array(count);
    for (let g = from; g < to; g++) {
      for (let j = 0; j < count; j++) sum[j]! += groups[g]![trial * count + j]!;
    }
    return sum.map((value) => (value * scale) / (to - from));
  };
  const perTrial = Array.from({ length: trials }, (_, trial) => meanOf(0, groups.length, trial));
  const overTrials = moments(count);
  for (const one of perTrial) overTrials.add(one);
  // Not the accumulator's mean, which -Infinity turns into NaN.
  const mean = Float64Array.from({ length: count }, (_, j) =>
    perTrial.reduce((sum, one) => sum + one[j]! / trials, 0),
  );
  if (trials > 1) return { mean, standardError: overTrials.standardError(), perTrial };
  const overBlocks = moments(count);
  const parts = Math.min(blocks, groups.length);
  for (let b = 0; b < parts; b++) {
    const [from, to] = [b, b + 1].map((edge) => Math.floor((edge * groups.length) / parts)) as [
      number,
      number,
    ];
    overBlocks.add(meanOf(from, to, 0));
  }
  return { mean, standardError: overBlocks.standardError(), perTrial };
}

/** Averages over the first groups, for up to 200 numbers of them. */
export function runningAverages(
  groups: Rows,
  trials: number,
  count: number,
  scale: number,
  stepsPerGroup: number,
): { step: number; exponents: Float64Array }[] {
  const stride = Math.max(1, Math.floor(groups.length / runningPoints));
  const sum = new Float64Array(count);
  const points: { step: number; exponents: Float64Array }[] = [];
  groups.forEach((row, g) => {
    for (let i = 0; i < trials * count; i++) sum[i % count]! += row[i]!;
    if ((g + 1) % stride !== 0) return;
    points.push({
      step: (g + 1) * stepsPerGroup,
      exponents: sum.map((value) => (value * scale) / ((g + 1) * trials)),
    });
  });
  return points;
}

/** Indices by falling value; equal ones in their order. */
export function falling(values: Float64Array): number[] {
  const order = (i: number, j: number): number => {
    const [a, b] = [values[i]!, values[j]!];
    return a === b ? i - j : b > a ? 1 : -1;
  };
  return [...values.keys()].toSorted(order);
}
