/**
 * Filtering and learning as a method that `train` runs: one outer step is one observation. The loss of a step is what the
 * observation has added to minus the estimate of log p(y_0 … y_t), or of its bound.
 */
import { type Key, type Tensor, type Tree, tree } from "../../array/index.ts";
import { OptionError, requireKnownOptions } from "../../errors.ts";
import { type Json, type Method, type MethodStep, shapes } from "../../methods/index.ts";
import type { Optimizer } from "../../optimizers/index.ts";
import { type Observations, requireObservations } from "../stateSpace/observations.ts";
import { thetaUpdate } from "./filterStream.ts";
import type { FilterStep, OnlineFilter } from "./onlineFilter.ts";
import { requireLearning } from "./requireLearning.ts";

export interface OnlineLearningOptions<Theta, State> {
  /** What takes an observation in an outer step. */
  filter: OnlineFilter<Theta, State>;
  /** What is observed, or a function that gives y_t [dy], null where nothing was observed, for t = 0, 1, … */
  observations: Observations | ((t: number) => Tensor | null);
  /** Learns theta by the gradient of a filter that `learns`; without one theta stays. */
  optimizer?: Optimizer;
  /** More metrics of a step: an error against states that are known, say. */
  measure?(step: LearnedStep<Theta, State>): Record<string, number>;
}

/** What a step was given, and what has come of it. */
export interface LearnedStep<Theta, State> {
  /** Its number, from 0. */
  t: number;
  y: Tensor | null;
  /** Of this step alone. */
  key: Key;
  /** Before it. */
  theta: Theta;
  before: State;
  made: FilterStep<Theta, State>;
  /** After it. */
  learned: Theta;
}

export interface OnlineLearningState<State> {
  /** Observations seen. */
  t: number;
  filter: State;
  /** Of the optimizer, or null. */
  optimizer: Tree | null;
  /** The estimate of log p(y_0 … y_{t-1}). */
  logEvidence: number;
}

const where = "onlineLearning";

/**
 * The method. Metrics are those of the filter, and `logEvidence`.
 *
 * Throws `OptionError` for an optimizer beside a filter that does not learn and for a step beyond the last observation, and what the filter throws.
 *
 * @example
 * const method = onlineLearning({ filter, observations: { y }, optimizer: adam({ learningRate: 0.01 }) });
 */
export function onlineLearning<Theta, State>(
  options: OnlineLearningOptions<Theta, State>,
): Method<Theta, OnlineLearningState<State>> {
  requireKnownOptions(where, options, ["filter", "observations", "optimizer", "measure"]);
  const { filter, observations, optimizer, measure } = options;
  if (typeof filter?.step !== "function") throw new OptionError(where, "filter", filter, "an online filter");
  requireLearning(where, filter, optimizer);
  const observed = observationsOf(observations, filter.observationSize);
  const update = thetaUpdate<Theta>(optimizer);
  return {
    name: where,
    recipe: (_theta, state) => ({
      filter: { name: filter.name, ...(filter.describe as Record<string, Json>) },
      optimizer: optimizer === undefined ? null : { name: optimizer.name, state: shapes(state.optimizer) },
    }),
    init: (theta, key) => ({
      t: 0,
      filter: filter.init(theta, key),
      optimizer: optimizer === undefined ? null : optimizer.init(theta),
      logEvidence: 0,
    }),
    step(theta, state, key): MethodStep<Theta, OnlineLearningState<State>> {
      const { t } = state;
      const y = observed(t);
      const made = filter.step(theta, state.filter, y, key);
      const next = update(made.gradient, state.optimizer, theta);
      const { logEvidence } = made;
      return {
        theta: next.theta,
        state: {
          t: t + 1,
          filter: made.state,
          optimizer: next.state,
          logEvidence: logEvidence ?? 0,
        },
        loss: logEvidence === null ? null : state.logEvidence - logEvidence,
        metrics: {
          ...made.metrics,
          ...(logEvidence !== null && { logEvidence }),
          ...(made.gradient !== undefined && { gradientNorm: tree.norm(made.gradient).item() }),
          ...measure?.({ t, y, key, theta, before: state.filter, made, learned: next.theta }),
        },
      };
    },
  };
}

function observationsOf(
  given: Observations | ((t: number) => Tensor | null),
  size: number,
): (t: number) => Tensor | null {
  if (typeof given === "function") return given;
  const { y, observed, steps } = requireObservations(where, given, size);
  return (t) => {
    if (t < steps) return observed.data[t] === 0 ? null : y.slice(t);
    const hint = "Give a function of t for a stream without an end.";
    throw new OptionError(where, "observations", steps, `at least ${t + 1}, one for each outer step`, hint);
  };
}
