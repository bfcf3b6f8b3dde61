/** Random search: the baseline that knows nothing of the inner process but what a whole run of it costs. */
import { type Key, type Problem, type Tensor, random, tree, unroll } from "unspool";

export interface RandomSearchOptions<Theta> {
  key: Key;
  /** Inner processes run, each with a theta of its own. */
  runs: number;
  /** `count` thetas: leaves [count, …]. */
  draw(key: Key, count: number): Theta;
}

/** A theta that was better than all before it. */
export interface SearchPoint<Theta> {
  theta: Theta;
  /** Its mean loss in the one run that it was judged by. */
  loss: number;
  /** Inner steps spent up to and with that run. */
  innerSteps: number;
}

/** Runs at once: bounds the memory. */
const batch = 128;

/** Whole runs at drawn thetas, one each; returns the successive best ones. Diverged runs are never among them. */
export function randomSearch<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  { key, runs, draw }: RandomSearchOptions<Theta>,
): SearchPoint<Theta>[] {
  const best: SearchPoint<Theta>[] = [];
  for (let first = 0; first < runs; first += batch) {
    const batchKey = random.foldIn(key, first);
    // A last batch of the same size, so that one program serves all: those beyond `runs` are not looked at.
    const thetas = draw(random.foldIn(batchKey, "theta"), batch);
    const { losses } = unroll(problem, thetas, {
      key: random.foldIn(batchKey, "run"),
      isThetaBatched: true,
    });
    const means = losses.mean(0).data.slice(0, runs - first);
    means.forEach((loss, i) => {
      if (!(loss < (best.at(-1)?.loss ?? Infinity))) return;
      const theta = tree.map((leaf: Tensor) => leaf.slice(i), thetas) as Theta;
      best.push({ theta, loss, innerSteps: (first + i + 1) * problem.horizon });
    });
  }
  return best;
}
