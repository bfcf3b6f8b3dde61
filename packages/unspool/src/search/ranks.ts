/** Orders of losses. Ties keep the order of the candidates, so that nothing depends on how a sort is made. */

/** Indices of the candidates, the best first. */
export function ranking(losses: ArrayLike<number>): number[] {
  return Array.from(losses, (_, i) => i).toSorted((a, b) => compare(losses[a]!, losses[b]!) || a - b);
}

/** Infinity less Infinity is no number. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/**
 * Ranks from the worst, -0.5, to the best, 0.5, evenly spaced (Salimans et al. 2017, "fitness shaping"). One candidate
 * alone has 0.
 */
export function centredRanks(losses: ArrayLike<number>): Float64Array {
  const ranks = new Float64Array(losses.length);
  const last = Math.max(1, losses.length - 1);
  ranking(losses).forEach((candidate, place) => {
    ranks[candidate] = losses.length === 1 ? 0 : 0.5 - place / last;
  });
  return ranks;
}
