/**
 * A design searched from outside, its controller inside: the two-stage way that `deps` is held against (Bolland et al. 2022,
 * "MathProg").
 *
 *     psi ← a search told of  -mean over B trajectories of the return of (psi, controller(psi))
 *
 * where the controller is a rule that is given, or a policy that is trained from scratch for each candidate.
 */
import { type Key, type Tensor, np, random } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requireOneOf } from "../../errors.ts";
import { type AskTellState, type Method, askTell } from "../../methods/index.ts";
import { type Search, type SearchName, createSearch, searchNames } from "../../search/index.ts";
import { type DepsOptions, deps } from "./deps.ts";
import { requireDesign } from "./designChecks.ts";
import { designNumbers } from "./designMetrics.ts";
import type { DesignTask } from "./designTask.ts";
import { numbersLike } from "./numbersLike.ts";
import { type DesignController, designEvaluator, policyEvaluator } from "./evaluateDesign.ts";
import { gridSearch } from "./gridSearch.ts";
import type { DesignTheta } from "./trajectories.ts";

/** A policy that is trained anew for every design. */
export interface InnerTraining<State, Theta> extends Omit<
  DepsOptions<State, Theta>,
  "task" | "learn" | "onWarning"
> {
  /** Steps of `deps` with `learn: "policy"`, which are those of REINFORCE. Default 500. */
  steps?: number;
}

export interface NestedSearchOptions<State, Theta> {
  /** The system: `designTask`, or one of those that are there. */
  task: DesignTask<State>;
  /** "grid", the name of a search, or a search over vectors in the unit box, into which designs are scaled. Default "grid". */
  outer?: "grid" | SearchName | Search<Tensor>;
  /** A rule, or how a policy is trained. */
  inner: { controller: DesignController<State> } | InnerTraining<State, Theta>;
  /** Trajectories of an evaluation. Default 64. */
  trajectories?: number;
  /** Whether candidates are evaluated under the same disturbances, so that the search sees no noise. Default true. */
  hasSharedDraws?: boolean;
}

const where = "nestedSearch";

/**
 * The method. Theta is the design; the loss is the mean of the candidates', metrics those of the search and
 * `design.NAME` of the design that it recommends.
 *
 * Cost of a candidate: trajectories · horizon inner steps, and with training steps · batch · horizon more.
 *
 * @example
 * const method = nestedSearch({ task: microgrid(), outer: "cmaEs", inner: { controller: baseLoadRule } });
 */
export function nestedSearch<State, Theta = never>(
  options: NestedSearchOptions<State, Theta>,
): Method<Tensor, AskTellState> {
  requireKnownOptions(where, options, ["task", "outer", "inner", "trajectories", "hasSharedDraws"]);
  const { task, outer = "grid", inner, trajectories = 64, hasSharedDraws = true } = options;
  requireInteger(where, "trajectories", trajectories, 1);
  const candidate = candidateLoss(task, inner, trajectories);
  const shared = random.key(0);
  const method = askTell<Tensor, unknown>({
    search: scaledIntoBox(outerSearch(outer), task),
    evaluate(designs, key) {
      const rows = Array.from({ length: designs.shape[0]! }, (_, i) => designs.slice(i));
      const own = hasSharedDraws ? shared : key;
      const made = rows.map((design) => candidate(design, own));
      return {
        losses: made.map(({ loss }) => loss),
        innerSteps: made.reduce((sum, x) => sum + x.innerSteps, 0),
      };
    },
    evaluation: {
      task: task.name,
      trajectories,
      inner: "controller" in inner ? inner.controller.name : "training",
    },
  });
  return {
    ...method,
    name: where,
    init(design, key) {
      requireDesign(where, task, design);
      return method.init(design, key);
    },
    step(theta, state, key) {
      const made = method.step(theta, state, key);
      return { ...made, metrics: { ...made.metrics, ...designNumbers("design", task, made.theta) } };
    },
  };
}

/**
 * The policy that `nestedSearch` trains for a design, from scratch.
 *
 * @example
 * const { theta, meanReturn } = trainedFor(massSpringDamper(), { policy, steps: 200 })(design, random.key(0));
 */
export function trainedFor<State, Theta>(
  task: DesignTask<State>,
  inner: InnerTraining<State, Theta>,
  trajectories = 64,
): (design: Tensor, key: Key) => { theta: DesignTheta<Theta>; meanReturn: number; innerSteps: number } {
  const { steps = 500, ...own } = inner;
  requireInteger(where, "inner.steps", steps, 1);
  const method = deps({ ...own, task, learn: "policy" });
  const evaluate = policyEvaluator(task, inner.policy, { trajectories });
  return (design, key) => {
    let theta: DesignTheta<Theta> = { design, policy: inner.policy.init(random.foldIn(key, "policy")) };
    let state = method.init(theta, key);
    let innerSteps = trajectories * task.horizon;
    for (let i = 0; i < steps; i++) {
      const made = method.step(theta, state, random.foldIn(random.foldIn(key, "training"), i));
      [theta, state] = [made.theta, made.state];
      innerSteps += made.metrics.innerSteps;
    }
    return { theta, meanReturn: evaluate(theta, random.foldIn(key, "evaluation")).meanReturn, innerSteps };
  };
}

function candidateLoss<State, Theta>(
  task: DesignTask<State>,
  inner: NestedSearchOptions<State, Theta>["inner"],
  trajectories: number,
): (design: Tensor, key: Key) => { loss: number; innerSteps: number } {
  if (typeof inner !== "object" || inner === null)
    throw new OptionError(
      where,
      "inner",
      inner,
      "{ controller }, or { policy, steps } that is trained for each candidate",
    );
  if ("controller" in inner) {
    if (typeof inner.controller !== "function") {
      throw new OptionError(
        where,
        "inner.controller",
        inner.controller,
        "a function of design, state, step and key",
      );
    }
    const evaluate = designEvaluator(task, inner.controller, { trajectories });
    return (design, key) => ({
      loss: -evaluate(design, random.foldIn(key, "evaluation")).meanReturn,
      innerSteps: trajectories * task.horizon,
    });
  }
  const train = trainedFor(task, inner, trajectories);
  return (design, key) => {
    const { meanReturn, innerSteps } = train(design, key);
    return { loss: -meanReturn, innerSteps };
  };
}

function outerSearch(outer: "grid" | SearchName | Search<Tensor>): Search<Tensor> {
  if (outer === "grid") return gridSearch();
  if (typeof outer !== "string") return outer;
  requireOneOf(where, "outer", outer, ["grid", ...searchNames]);
  return createSearch<Tensor>(outer, { box: { low: 0, high: 1 } });
}

/** A search over designs, from one over the unit box: each number then has the same range. */
function scaledIntoBox<State>(
  search: Search<Tensor, State>,
  { low, high }: { low: readonly number[]; high: readonly number[] },
): Search<Tensor, State> {
  const width = high.map((most, i) => most - low[i]! || 1);
  const intoUnits = (design: Tensor): Tensor =>
    np.clip(design.sub(numbersLike(design, low)).div(numbersLike(design, width)), 0, 1) as Tensor;
  const intoDesigns = (units: Tensor): Tensor =>
    units.mul(numbersLike(units, width)).add(numbersLike(units, low));
  return {
    name: search.name,
    recipe: search.recipe,
    init: (start, key) => search.init(intoUnits(start), key),
    ask(state, key) {
      const { candidates, state: next } = search.ask(state, key);
      return { candidates: intoDesigns(candidates), state: next };
    },
    tell: (state, losses) => search.tell(state, losses),
    incumbent: (state) => intoDesigns(search.incumbent(state)),
  };
}
