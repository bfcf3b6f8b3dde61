/**
 * The method that runs a search on every function side by side, each with its own state. An outer step takes all of them to the same
 * share of their evaluations; its metrics are the best losses, and after how many evaluations a target was reached first.
 */
import {
  type BbobOptions,
  type Json,
  type Key,
  type Method,
  type Search,
  type Tensor,
  bbob,
  bbobCandidates,
  random,
} from "unspool";

/** Losses that runtimes are told to: 100, 10, … 1e-8. */
export const targets: readonly number[] = Array.from({ length: 11 }, (_, i) => Number(`1e${2 - i}`));

export interface SearchRunsOptions {
  search: Search<Tensor>;
  /** Evaluations of each function. */
  budget: number;
  rotation: NonNullable<BbobOptions["rotation"]>;
  /** Outer steps among which they are divided. */
  steps: number;
}

interface RunState {
  search: unknown;
  evaluations: number;
  best: number;
}

interface SearchRunsState {
  step: number;
  runs: Record<string, RunState>;
}

/** The metric of a function and a target that was reached in a step. */
export const reached = (name: string, target: number): string => `reached ${name} ${target}`;

export function searchRuns(options: SearchRunsOptions): Method<Record<string, Tensor>, SearchRunsState> {
  const { search, budget, rotation, steps } = options;
  return {
    name: "searchRuns",
    recipe: () => ({ search: { name: search.name, ...search.recipe } as Json, budget, rotation, steps }),
    init: (theta, key) => ({
      step: 0,
      runs: Object.fromEntries(
        bbob.names.map((name) => [
          name,
          { search: search.init(theta[name]!, random.foldIn(key, name)), evaluations: 0, best: Infinity },
        ]),
      ),
    }),
    step(_theta, state, key) {
      const step = state.step + 1;
      const until = Math.min(budget, Math.ceil((step / steps) * budget));
      const hits: Record<string, number> = {};
      const runs: Record<string, RunState> = {};
      let innerSteps = 0;
      for (const name of bbob.names) {
        const before = state.runs[name]!;
        const evaluate = evaluatorOf(name, before, rotation);
        runs[name] = advanced(search, before, evaluate, until, random.foldIn(key, name), (target, at) => {
          hits[reached(name, target)] = at;
        });
        innerSteps += runs[name].evaluations - before.evaluations;
      }
      const best = Object.fromEntries(bbob.names.map((name) => [`best ${name}`, runs[name]!.best]));
      return {
        theta: Object.fromEntries(bbob.names.map((name) => [name, search.incumbent(runs[name]!.search)])),
        state: { step, runs },
        loss: bbob.names.reduce(
          (sum, name) => sum + Math.log10(Math.max(runs[name]!.best, 1e-9)) / bbob.names.length,
          0,
        ),
        metrics: { innerSteps, ...best, ...hits },
      };
    },
  };
}

type Evaluator = (candidates: Tensor) => ArrayLike<number>;

function evaluatorOf(
  name: string,
  { search }: RunState,
  rotation: NonNullable<BbobOptions["rotation"]>,
): Evaluator {
  const { start } = search as { start: Tensor };
  const evaluate = bbobCandidates<Tensor>(name, start.size, { rotation });
  const noKey = random.key(0);
  return (candidates) => evaluate(candidates, noKey).losses;
}

/** Generations until so many evaluations are spent. The last may go beyond. */
function advanced(
  search: Search<Tensor>,
  from: RunState,
  evaluate: Evaluator,
  until: number,
  key: Key,
  hit: (target: number, evaluations: number) => void,
): RunState {
  let { search: state, evaluations, best } = from;
  while (evaluations < until) {
    const asked = search.ask(state, random.foldIn(key, evaluations));
    const losses = evaluate(asked.candidates);
    for (let i = 0; i < losses.length; i++) {
      const loss = losses[i]!;
      if (!(loss < best)) continue;
      for (const target of targets) if (loss <= target && best > target) hit(target, evaluations + i + 1);
      best = loss;
    }
    evaluations += losses.length;
    state = search.tell(asked.state, losses).state;
  }
  return { search: state, evaluations, best };
}
