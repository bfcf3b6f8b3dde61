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
  const last = Math.max(1, losses.length - 1);
  return worthOfPlaces(losses, (place) => (losses.length === 1 ? 0 : 0.5 - place / last));
}

/**
 * Of each candidate what its place is worth, 0 the best; candidates of equal losses have the mean of their places' worth,
 * so that a plateau pulls nowhere, in place of to where the first of them happens to be.
 */
export function worthOfPlaces(losses: ArrayLike<number>, worth: (place: number) => number): Float64Array {
  const worths = new Float64Array(losses.length);
  const order = ranking(losses);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && losses[order[to]!] === losses[order[from]!]) to++;
    let sum = 0;
    for (let place = from; place < to; place++) sum += worth(place);
    for (let place = from; place < to; place++) worths[order[place]!] = sum / (to - from);
    from = to;
  }
  return worths;
}
