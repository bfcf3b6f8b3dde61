/** Training a network by an optimizer of objectives, as an outer loop: each outer step is one step of training. */
import { requireKnownOptions } from "../errors.ts";
import { type Key, type Tensor, type Tree, random, tree } from "../array/index.ts";
import {
  type Objective,
  type ObjectiveOptimizer,
  type Optimizer,
  compiledStep,
  requireFiniteStep,
  sgd,
} from "../optimizers/index.ts";
import type { AnyEstimator } from "./experiment.ts";
import { allFinite } from "./trainState.ts";

export interface TrainingStepsOptions<Theta, Batch, State extends Tree = Tree> {
  optimizer: ObjectiveOptimizer<State>;
  /** The objective on a batch. */
  objective(batch: Batch): Objective<Theta>;
  /** Draws a batch from resident data; made of `np` functions, compiled with the step. */
  data(key: Key): Batch;
  /** Draws a batch of its own for the Fisher information, for optimizers that ask for one. */
  fisherData?(key: Key): Batch;
}

/** Whether the state after a step is finite: looked at here, and no metric of the records. */
const isFiniteMetric = "the state is finite";

export interface TrainingSteps<Theta> {
  estimator: AnyEstimator<Theta>;
  optimizer: Optimizer;
}

/**
 * The estimator and the optimizer of a `Setup` that trains theta itself. The gradient of an estimate is the step of
 * `options.optimizer` with its sign turned, and `optimizer` is SGD with learning rate 1, which takes it. Loss and
 * metrics of the records are those of the step; `innerSteps` counts steps.
 *
 * @example
 * setup: ({ steps }) => ({
 *   theta,
 *   ...trainingSteps({ optimizer: kfac(), objective, data: (key) => minibatch(train, key, 100) }),
 *   steps,
 * })
 */
export function trainingSteps<Theta, Batch, State extends Tree>(
  options: TrainingStepsOptions<Theta, Batch, State>,
): TrainingSteps<Theta> {
  requireKnownOptions("trainingSteps", options, ["optimizer", "objective", "data", "fisherData"]);
  const { optimizer, objective, data, fisherData } = options;
  const watched: ObjectiveOptimizer<State> = {
    ...optimizer,
    step(...given) {
      const outcome = optimizer.step(...given);
      return { ...outcome, metrics: { ...outcome.metrics, [isFiniteMetric]: allFinite(outcome.state) } };
    },
  };
  // The "batch" of the program is a key: data is drawn inside, and stays where it is.
  const step = compiledStep<Theta, State, { batch: Key } | { fisher: Key }>(watched, (draw) =>
    objective("batch" in draw ? data(draw.batch) : fisherData!(draw.fisher)),
  );
  const keyOf = (key: Key, name: string): Key => random.foldIn(key, name);
  return {
    estimator: {
      name: optimizer.name,
      init: (theta, key) =>
        optimizer.init(theta, objective(data(keyOf(key, "first batch"))), keyOf(key, "optimizer")),
      estimate(theta, state, key) {
        const batch = { batch: keyOf(key, "batch") };
        const fisher = fisherData && { fisher: keyOf(key, "fisher batch") };
        const outcome = step(theta, state as State, batch, keyOf(key, "step"), fisher);
        const { [isFiniteMetric]: isFinite, ...metrics } = outcome.metrics;
        if (isFinite!.item() !== 1) requireFiniteStep(optimizer.name, outcome);
        return {
          loss: outcome.loss.item(),
          gradient: tree.map((from, to) => from.sub(to), theta, outcome.theta),
          state: outcome.state,
          metrics: { innerSteps: 1, ...numbers(metrics) },
        };
      },
      evaluationTheta: (state, theta) => optimizer.evaluationTheta?.(state as State, theta) ?? theta,
    },
    optimizer: sgd({ learningRate: 1 }),
  };
}

function numbers(metrics: Readonly<Record<string, Tensor>>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value.item()]));
}
