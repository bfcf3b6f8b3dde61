/**
 * Training runs of a componentwise optimizer on tasks of a family, with the states and gradients of every parameter at
 * every step: what an analysis of the optimizer looks at.
 */
import { type Key, type Tensor, type Tree, np, random, tree, valueAndGrad } from "../array/index.ts";
import { requireInteger, requireKnownOptions } from "../errors.ts";
import type { ComponentwiseOptimizer, ComponentwiseState } from "../optimizers/index.ts";
import { type ForwardProgram, defaultExecutor, eraseProblem, initialState } from "../unroll/index.ts";
import { type MetaTrainingState, metaTraining } from "./metaTraining.ts";
import type { TaskFamily } from "./task.ts";

export interface CollectStatesOptions {
  /** Of tasks, batches and starts. */
  key: Key;
  /** Training runs, N. Default 16. */
  tasks?: number;
  /** Steps of each, T. Default 100. */
  steps?: number;
}

export interface CollectedStates {
  /** Parameters of one task, P. */
  parameters: number;
  /** Losses before each step, [T, N]. */
  losses: Tensor;
  /** Gradients of all parameters before each step, [T, N, P]. */
  gradients: Tensor;
  /** States after each step, [T, N, P, n]. */
  states: Tensor;
}

/**
 * Runs the optimizer with parameters `meta`, in float64. Tasks and batches are those of
 * `unroll(metaTraining(learned, family), meta, { key, particles: tasks })`. Memory: T N P n numbers.
 */
export function collectStates<Meta, Config, Parameters, Batch>(
  learned: ComponentwiseOptimizer<Meta>,
  meta: Meta,
  family: TaskFamily<Config, Parameters, Batch>,
  options: CollectStatesOptions,
): CollectedStates {
  requireKnownOptions("collectStates", options, ["key", "tasks", "steps"]);
  const { key, tasks = 16, steps = 100 } = options;
  requireInteger("collectStates", "tasks", tasks, 1);
  requireInteger("collectStates", "steps", steps, 1);
  const { size } = learned.rule;
  const wide: Meta = tree.astype(meta, "float64");
  const words = new Uint32Array(
    Array.from({ length: tasks }, (_, i) => [...random.foldIn(key, i).data]).flat(),
  );
  const { history } = defaultExecutor().forward(
    collectProgram(learned, family, steps),
    { meta: wide as unknown },
    { key: np.array(words, { shape: [tasks, 2] }) },
  );
  const parameters = history[0]!["gradients"]!.shape[1]!;
  const stacked = (name: string, shape: number[]): Tensor => {
    const width = shape.reduce((product, length) => product * length, 1);
    const values = new Float64Array(steps * width);
    history.forEach((record, t) => values.set(record[name]!.data, t * width));
    return np.array(values, { shape: [steps, ...shape] });
  };
  return {
    parameters,
    losses: stacked("loss", [tasks]),
    gradients: stacked("gradients", [tasks, parameters]),
    states: stacked("states", [tasks, parameters, size]),
  };
}

interface Carry {
  state: unknown;
  t: Tensor;
  loss: Tensor;
  gradients: Tensor;
  states: Tensor;
}

type CollectProgram = ForwardProgram<
  { meta: unknown },
  { key: Key },
  object,
  { key: Key },
  Carry,
  object,
  object
>;

function collectProgram<Meta, Config, Parameters, Batch>(
  learned: ComponentwiseOptimizer<Meta>,
  family: TaskFamily<Config, Parameters, Batch>,
  steps: number,
): CollectProgram {
  const problem = eraseProblem(metaTraining(learned, family, { horizon: steps }));
  const { size } = learned.rule;
  return {
    name: "collectStates",
    length: steps,
    begin({ meta }, { key }) {
      const state = initialState(problem, meta, key);
      const { optimizer } = state as MetaTrainingState;
      const states = flat((optimizer as ComponentwiseState).states, [size]);
      const gradients = np.zeros([states.shape[0]!], { dtype: "float64" });
      const carry = { state, t: tree.scalar(0, "int32"), loss: tree.scalar(0, "float64"), gradients, states };
      return { members: [{ constant: { key }, carry }], kept: {} };
    },
    step({ meta }, { key }, { state, t }) {
      const { config, parameters, optimizer } = state as MetaTrainingState<Config, Parameters>;
      const batch = problem.data?.(random.foldIn(random.foldIn(key, t.add(1)), 1)) as { train: Batch };
      const [loss, gradient] = valueAndGrad((at: Parameters) => family.loss(config, at, batch?.train))(
        parameters,
      );
      const next = learned
        .optimizer(meta as Meta)
        .update(gradient, optimizer as ComponentwiseState, parameters);
      return {
        state: { config, parameters: next.theta, optimizer: next.state },
        t: t.add(1),
        loss: loss.astype("float64"),
        gradients: flat(gradient as Tree, []),
        states: flat(next.state.states, [size]),
      };
    },
    finish: (_shared, unit) => ({ unit, mean: {}, each: {} }),
    record: ({ loss, gradients, states }) => ({ loss, gradients, states }),
  };
}

/** All leaves in one, [P, ...end]. */
function flat(of: Tree, end: readonly number[]): Tensor {
  return np.concatenate(tree.leaves(of).map((leaf) => leaf.reshape([-1, ...end])));
}
