/**
 * The points of a grid in the unit box, one after the other: with n a side, coordinate i of a point is
 *
 *     k / (n - 1)   or, without the sides of the box,   (k + 1) / (n + 1),   k = 0 … n - 1
 */
import { type Tensor, np, tree } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import type { Search } from "../../search/index.ts";

export interface GridSearchOptions {
  /** Points along each number. Default 20. */
  points?: number;
  /** Whether the grid leaves out the sides of the box. Default false. */
  isInterior?: boolean;
  /** Candidates in a step. Default 16. */
  population?: number;
}

export interface GridSearchState {
  /** Points that were evaluated. */
  done: number;
  /** Candidates of the step that goes on, [n, d]. */
  asked: Tensor | null;
  best: Tensor;
  /** Infinity before the first. */
  bestLoss: number;
}

/** Most points of a grid. */
const mostPoints = 1e7;

/** A search of vectors in [0, 1]^d. Recommends the best point so far. When the grid is done, it asks for its last points again. */
export function gridSearch(options: GridSearchOptions = {}): Search<Tensor, GridSearchState> {
  const where = "gridSearch";
  requireKnownOptions(where, options, ["points", "isInterior", "population"]);
  const { points = 20, isInterior = false, population = 16 } = options;
  requireInteger(where, "points", points, 2);
  requireInteger(where, "population", population, 1);
  const coordinate = (k: number): number => (isInterior ? (k + 1) / (points + 1) : k / (points - 1));
  return {
    name: where,
    recipe: { points, isInterior, population },
    init(start) {
      const size = start.size;
      if (points ** size > mostPoints) {
        const allowed = `small enough for ${mostPoints} points of ${size} numbers`;
        throw new OptionError(where, "points", points, allowed, "Search by nelderMead or cmaEs.");
      }
      return { done: 0, asked: null, best: start, bestLoss: Infinity };
    },
    ask(state) {
      const size = state.best.size;
      const total = points ** size;
      const first = Math.min(state.done, Math.max(0, total - population));
      const count = Math.min(population, total - first);
      const rows = Array.from({ length: count }, (_, row) =>
        Array.from({ length: size }, (_, i) => coordinate(Math.floor((first + row) / points ** i) % points)),
      );
      const candidates = np.array(rows, { dtype: tree.floatType(state.best) });
      return { candidates, state: { ...state, done: first, asked: candidates } };
    },
    tell({ done, asked, best, bestLoss }, losses) {
      if (asked === null || losses.length !== asked.shape[0]) {
        throw new OptionError(
          where,
          "losses",
          Array.from(losses),
          `one for each of ${asked?.shape[0] ?? 0} candidates`,
        );
      }
      const all = Array.from(losses, (loss) => (Number.isFinite(loss) ? loss : Infinity));
      const least = Math.min(...all);
      const isBetter = least < bestLoss;
      const found = isBetter ? asked.slice(all.indexOf(least)) : best;
      const state = {
        done: done + losses.length,
        asked: null,
        best: found,
        bestLoss: Math.min(least, bestLoss),
      };
      return { state, metrics: { bestLoss: state.bestLoss, gridPoints: state.done } };
    },
    incumbent: ({ best }) => best,
  };
}
