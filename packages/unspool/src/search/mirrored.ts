/** Candidates in mirrored pairs around a mean. */

/** Rows mean + s z, mean - s z in turn, [population · d]; s one number, or one of each element. */
export function mirrored(
  mean: Float64Array,
  sigma: number | Float64Array,
  population: number,
  draw: () => number,
): Float64Array {
  const size = mean.length;
  const rows = new Float64Array(population * size);
  for (let pair = 0; pair < population / 2; pair++) {
    for (let j = 0; j < size; j++) {
      const step = (typeof sigma === "number" ? sigma : sigma[j]!) * draw();
      rows[2 * pair * size + j] = mean[j]! + step;
      rows[(2 * pair + 1) * size + j] = mean[j]! - step;
    }
  }
  return rows;
}

/** Losses of a pair, and its perturbation: rows 2 · pair and 2 · pair + 1. */
export interface Pair {
  plus: number;
  minus: number;
  /** Of the element j. */
  step(j: number): number;
}

/** The pairs of mirrored candidates; `worth` are losses, or what stands for them. */
export function pairsOf(mean: Float64Array, candidates: Float64Array, worth: ArrayLike<number>): Pair[] {
  const size = mean.length;
  return Array.from({ length: worth.length / 2 }, (_, pair) => ({
    plus: worth[2 * pair]!,
    minus: worth[2 * pair + 1]!,
    step: (j) => candidates[2 * pair * size + j]! - mean[j]!,
  }));
}
