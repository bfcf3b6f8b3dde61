/**
 * The method around a search: each outer step asks for candidates, evaluates them, and tells their losses. There is no
 * gradient and no optimizer; what theta a run has, logs and keeps is the one that the search would recommend.
 */
import { type Key, random } from "../array/index.ts";
import { OptionError, ResumeError, requireKnownOptions } from "../errors.ts";
import type { CandidateLosses, Evaluate, Search } from "../search/index.ts";
import type { Method, Recipe } from "./method.ts";
import { shapes } from "./shapes.ts";

export interface AskTellOptions<Theta, State> {
  /** What asks for candidates: `cmaEs()`, `createSearch(name)`, or one of your own. */
  search: Search<Theta, State>;
  /** What finds their losses: `unrollCandidates(problem)`, `lossOfCandidates(loss)`, or a function of your own. */
  evaluate: Evaluate<Theta>;
  /** What the evaluation is, as data, for the recipe of the run. Default: nothing is said of it. */
  evaluation?: Recipe[string];
}

/** The search's own, and its name: a run is not gone on with by another. */
export interface AskTellState<State = unknown> {
  search: State;
}

/**
 * One outer step is one generation of `options.search`. The loss of the record is the mean over the candidates whose loss is
 * finite; metrics are `candidates`, `leastLoss` (of this step), `nonFinite` (candidates that have failed, where any has), and
 * the search's own, `bestLoss` so far and `sigma` among them.
 *
 * Throws `NonFiniteError` where every candidate has failed.
 *
 * @example
 * setup: ({ steps }) => ({
 *   theta,
 *   method: askTell({ search: cmaEs({ sigma: 0.5 }), evaluate: unrollCandidates(problem) }),
 *   steps,
 * })
 */
export function askTell<Theta, State>(
  options: AskTellOptions<Theta, State>,
): Method<Theta, AskTellState<State>> {
  requireKnownOptions("askTell", options, ["search", "evaluate", "evaluation"]);
  const { search, evaluate, evaluation = null } = options;
  requireSearch(search);
  if (typeof evaluate !== "function")
    throw new OptionError("askTell", "evaluate", evaluate, "a function of candidates and a key");
  const keyOf = (key: Key, name: string): Key => random.foldIn(key, name);
  return {
    name: "askTell",
    recipe: (_theta, { search: state }) => ({
      search: { name: search.name, ...search.recipe, state: shapes(state) },
      evaluation,
    }),
    init: (theta, key) => ({ search: search.init(theta, key) }),
    step(_theta, state, key) {
      const asked = search.ask(state.search, keyOf(key, "ask"));
      const { losses, innerSteps } = requireEvaluated(evaluate(asked.candidates, keyOf(key, "evaluate")));
      const told = search.tell(asked.state, losses);
      const finite = Array.from(losses).filter((loss) => Number.isFinite(loss));
      return {
        theta: search.incumbent(told.state),
        state: { search: told.state },
        loss: finite.length === 0 ? null : finite.reduce((sum, loss) => sum + loss / finite.length, 0),
        metrics: {
          innerSteps,
          candidates: losses.length,
          leastLoss: finite.length === 0 ? undefined : Math.min(...finite),
          nonFinite: finite.length < losses.length ? losses.length - finite.length : undefined,
          ...told.metrics,
        },
      };
    },
    evaluationTheta: (_theta, state) => search.incumbent(state.search),
    requireState(theta, state) {
      const wanted = shapes(search.init(theta, random.key(0)));
      const found = shapes((state as Partial<AskTellState> | null)?.search);
      const names = (of: unknown): string =>
        Object.keys(of as object)
          .toSorted()
          .join();
      if (names(wanted) === names(found)) return;
      throw new ResumeError(
        "askTell",
        `its state is not one of the search "${search.name}", which the experiment uses now. Start a new run.`,
      );
    },
  };
}

/** Throws `OptionError` for an evaluation of somebody's own that gives something else. */
function requireEvaluated(given: CandidateLosses): CandidateLosses {
  const { losses, then } = (given ?? {}) as Partial<CandidateLosses & { then: unknown }>;
  if (losses !== undefined) return given;
  const isPromise = typeof then === "function";
  throw new OptionError(
    "askTell",
    "what evaluate gave",
    isPromise ? "a promise" : given,
    "{ losses, innerSteps }",
    isPromise
      ? "Evaluations that wait are asked for and told by hand: search.ask and search.tell."
      : "losses: one number of each candidate; innerSteps: what they have cost together.",
  );
}

function requireSearch(search: unknown): void {
  const { init, ask, tell, incumbent } = (search ?? {}) as Partial<Search>;
  if ([init, ask, tell, incumbent].every((part) => typeof part === "function")) return;
  throw new OptionError(
    "askTell",
    "search",
    search,
    "a search",
    "Make one with cmaEs() or createSearch(name).",
  );
}
