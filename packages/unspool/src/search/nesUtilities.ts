/** Utilities of natural evolution strategies: what a candidate's rank is worth (Wierstra et al. 2014, section 3.1). */
import { worthOfPlaces } from "./ranks.ts";

/**
 * Of each candidate, in the order of the candidates: max(0, ln(n / 2 + 1) - ln rank), made to sum to 1, less 1 / n. They sum to
 * 0. Candidates of equal losses have the mean of what theirs are worth.
 */
export function nesUtilities(losses: ArrayLike<number>): Float64Array {
  const count = losses.length;
  const raw = Array.from({ length: count }, (_, i) => Math.max(0, Math.log(count / 2 + 1) - Math.log(i + 1)));
  const total = raw.reduce((sum, x) => sum + x, 0);
  return worthOfPlaces(losses, (place) => raw[place]! / total - 1 / count);
}
