/** The method that trains theta itself by an optimizer of objectives: each outer step is one step of training. */
import { type Key, type Tensor, type Tree, random, tree } from "../array/index.ts";
import { requireKnownOptions } from "../errors.ts";
import {
  type Objective,
  type ObjectiveOptimizer,
  allFinite,
  compiledStep,
  requireFiniteStep,
} from "../optimizers/index.ts";
import type { Json } from "../json.ts";
import type { Method } from "./method.ts";
import { programFingerprint } from "./programFingerprint.ts";
import { shapes } from "./shapes.ts";

export interface ObjectiveDescentOptions<Theta, Batch, State extends Tree = Tree> {
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

/**
 * One outer step is one step of `options.optimizer` on a batch. Loss and metrics of the records are those of the step;
 * `innerSteps` counts steps. The state is the optimizer's.
 *
 * @example
 * setup: ({ steps }) => ({
 *   theta,
 *   method: objectiveDescent({ optimizer: kfac(), objective, data: (key) => minibatch(train, key, 100) }),
 *   steps,
 * })
 */
export function objectiveDescent<Theta, Batch, State extends Tree>(
  options: ObjectiveDescentOptions<Theta, Batch, State>,
): Method<Theta, State> {
  requireKnownOptions("objectiveDescent", options, ["optimizer", "objective", "data", "fisherData"]);
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
  const { evaluationTheta, registrationReport } = optimizer;
  return {
    name: "objectiveDescent",
    recipe: (theta, state) => ({
      optimizer: { name: optimizer.name, state: shapes(state), ...fingerprint(options, theta, state) },
    }),
    init: (theta, key) =>
      optimizer.init(theta, objective(data(keyOf(key, "first batch"))), keyOf(key, "optimizer")),
    step(theta, state, key) {
      const batch = { batch: keyOf(key, "batch") };
      const fisher = fisherData && { fisher: keyOf(key, "fisher batch") };
      const outcome = step(theta, state, batch, keyOf(key, "step"), fisher);
      const { [isFiniteMetric]: isFinite, ...metrics } = outcome.metrics;
      if (isFinite!.item() !== 1) requireFiniteStep(optimizer.name, outcome);
      return {
        loss: outcome.loss.item(),
        theta: outcome.theta,
        state: outcome.state,
        metrics: { innerSteps: 1, ...numbers(metrics) },
      };
    },
    ...(evaluationTheta !== undefined && {
      evaluationTheta: (theta, state) => evaluationTheta.call(optimizer, state, theta) as Theta,
    }),
    ...(registrationReport !== undefined && {
      registrationReport: (theta) =>
        registrationReport.call(optimizer, theta, objective(data(keyOf(random.key(0), "first batch")))),
    }),
  };
}

function numbers(metrics: Readonly<Record<string, Tensor>>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value.item()]));
}

/** The first step as a program, with the numbers in it: options of the optimizer, data and objective. */
function fingerprint<Theta, Batch, State extends Tree>(
  { optimizer, objective, data, fisherData }: ObjectiveDescentOptions<Theta, Batch, State>,
  theta: Theta,
  state: State,
): Record<string, Json> {
  const phase = optimizer.phaseAt?.(0);
  const traced = (at: Theta, own: State, key: Key) => {
    const { theta: next, loss } = optimizer.step(at, own, objective(data(key)), {
      key,
      ...(phase && { phase }),
      ...(fisherData && { fisher: objective(fisherData(key)) }),
    });
    return { next, loss };
  };
  try {
    const args = [tree.tensors(theta), state, random.key(0)];
    const { program, numbers: told } = programFingerprint("optimizer", traced, args);
    return { program, numbers: told };
  } catch {
    // What cannot be traced will say so when the run takes its first step.
    return {};
  }
}
