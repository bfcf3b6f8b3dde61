/** Random search: the baseline that knows nothing of the inner process but what a whole run of it costs. */
import {
  type Key,
  type Method,
  type Problem,
  type StepRecord,
  type Tensor,
  random,
  tree,
  unroll,
} from "unspool";

/** Draws `count` thetas: leaves [count, …]. */
export type DrawThetas<Theta> = (key: Key, count: number) => Theta;

export interface RandomSearchOptions<Theta> {
  key: Key;
  /** Inner processes run, each with a theta of its own. */
  runs: number;
  draw: DrawThetas<Theta>;
}

/** Runs of an outer step, side by side. */
const batch = 128;

export const searchSteps = (runs: number): number => Math.ceil(runs / batch);

interface SearchState {
  /** Runs done. */
  runs: number;
  /** The mean loss of theta in the one run that it was judged by; Infinity before there is one. */
  best: number;
}

/**
 * Asks for a batch of thetas and is told the mean loss of a whole run at each. Theta is the best so far; diverged runs
 * are never that. Metrics `better0`, `better1`, …: numbers of the runs that were better than all before them.
 */
export function randomSearch<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  { key, runs, draw }: RandomSearchOptions<Theta>,
): Method<Theta, SearchState> {
  return {
    name: "randomSearch",
    recipe: () => ({ randomSearch: { problem: problem.name, runs, batch } }),
    init: () => ({ runs: 0, best: Infinity }),
    step(theta, state) {
      const thetas = thetasOf(draw, key, state.runs);
      const { losses } = unroll(problem, thetas, {
        key: random.foldIn(random.foldIn(key, state.runs), "run"),
        isThetaBatched: true,
      });
      // A last batch of the same size, so that one program serves all: those beyond `runs` are not looked at.
      const means = losses.mean(0).data.slice(0, runs - state.runs);
      let best = state.best;
      const better = [...means].flatMap((loss, i) => {
        if (!(loss < best)) return [];
        best = loss;
        return [i];
      });
      const chosen = better.at(-1);
      return {
        theta: chosen === undefined ? theta : thetaAt(thetas, chosen),
        state: { runs: state.runs + means.length, best },
        // All may have diverged so far.
        loss: best === Infinity ? null : best,
        metrics: {
          innerSteps: means.length * problem.horizon,
          ...Object.fromEntries(better.map((i, n) => [`better${n}`, state.runs + i])),
        },
      };
    },
  };
}

function thetasOf<Theta>(draw: DrawThetas<Theta>, key: Key, first: number): Theta {
  return draw(random.foldIn(random.foldIn(key, first), "theta"), batch);
}

function thetaAt<Theta>(thetas: Theta, i: number): Theta {
  return tree.map((leaf: Tensor) => leaf.slice(i), thetas) as Theta;
}

/** The theta of a run of a search with this key. */
export function searchedTheta<Theta>(draw: DrawThetas<Theta>, key: Key, run: number): Theta {
  const first = run - (run % batch);
  return thetaAt(thetasOf(draw, key, first), run - first);
}

/** Numbers of the runs that were better than all before them. */
export function betterRuns(records: readonly StepRecord[]): number[] {
  return records.flatMap((record) =>
    Object.entries(record).flatMap(([name, value]) =>
      /^better\d+$/.test(name) && typeof value === "number" ? [value] : [],
    ),
  );
}
