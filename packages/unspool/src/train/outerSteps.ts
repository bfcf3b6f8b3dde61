/**
 * Several outer steps as one program: where the estimator says what its estimate is made of (`recurrence`) and its
 * executor can run windows in a row, estimates and updates of the optimizer need no JavaScript in between.
 *
 * What is done and recorded is the same for any grouping of steps into calls.
 */
import { type Key, type Tensor, np, random, tree } from "../array/index.ts";
import type { Recurrence } from "../estimators/index.ts";
import type { OuterProgram } from "../unroll/index.ts";
import type { Setup } from "./experiment.ts";
import { type AnyOptimizer, type TrainState, loggedThetaSize, optimizerOf } from "./trainState.ts";

/** What the program carries from one outer step to the next. */
interface Outer {
  theta: unknown;
  optimizer: unknown;
  /** Key of all outer steps. uint32[2] */
  key: Key;
  /** int32 scalars: outer steps done, estimates made. */
  step: Tensor;
  estimates: Tensor;
}

/** Measures of one outer step; after a call tensors [steps, …]. */
export interface OuterRecord {
  loss: Tensor;
  /** Euclidean norm, not finite if an element is not, or if it overflows float64. */
  gradientNorm: Tensor;
  /** bool: all elements of the new theta are finite. */
  isFinite: Tensor;
  metrics: Record<string, Tensor>;
  /** The new theta, where it is small enough to be logged. */
  theta: unknown;
}

export interface OuterSteps {
  state: TrainState;
  /** One entry per step done. */
  record: OuterRecord;
  steps: number;
}

type Program = OuterProgram<Outer, unknown, unknown, unknown, OuterRecord>;

/** Programs of setups: a memo, so that a pure function of setup and state need not compile at every call. */
const programs = new WeakMap<Setup, Program>();

/** Takes up to `steps` outer steps in one call. Undefined where the setup must be taken step by step. */
export function outerSteps(setup: Setup, state: TrainState, steps: number): OuterSteps | undefined {
  const recurrence = setup.estimator.recurrence;
  const run = recurrence?.executor.outer?.bind(recurrence.executor);
  if (recurrence === undefined || run === undefined) return undefined;
  let program = programs.get(setup);
  if (program === undefined) {
    program = outerProgram(recurrence, optimizerOf(setup));
    programs.set(setup, program);
  }
  const outer: Outer = {
    theta: state.theta,
    optimizer: state.optimizerState,
    key: random.foldIn(state.key, "step"),
    step: tree.scalar(state.step, "int32"),
    estimates: tree.scalar(recurrence.estimates(state.estimatorState), "int32"),
  };
  const result = run(program, outer, recurrence.units(state.estimatorState), steps);
  const done = result.record.loss.size;
  return {
    steps: done,
    record: result.record,
    state: {
      step: state.step + done,
      key: state.key,
      theta: result.outer.theta,
      estimatorState: recurrence.next(state.estimatorState, result.units, done),
      optimizerState: result.outer.optimizer,
      innerSteps: state.innerSteps + done * recurrence.innerSteps,
    },
  };
}

function outerProgram(recurrence: Recurrence, optimizer: AnyOptimizer): Program {
  const { window, restart, settle } = recurrence;
  return {
    window: window as never,
    ...(restart && { restart: restart as never }),
    ...(settle && { settle: settle as never }),
    share: ({ theta, key, step, estimates }) => recurrence.share(theta, random.foldIn(key, step), estimates),
    update(outer, mean) {
      const { loss, gradient, metrics } = recurrence.summary(mean, outer.theta);
      const { theta, state } = optimizer.update(gradient, outer.optimizer, outer.theta);
      const isSmall = tree.size(theta) <= loggedThetaSize;
      return {
        outer: {
          theta,
          optimizer: state,
          key: outer.key,
          step: outer.step.add(1),
          estimates: outer.estimates.add(1),
        },
        record: {
          loss,
          gradientNorm: norm(gradient),
          isFinite: allFinite(theta),
          metrics,
          theta: isSmall ? theta : {},
        },
      };
    },
  };
}

function norm(gradient: unknown): Tensor {
  const squares = tree.leaves(gradient).map((leaf) => {
    const wide = leaf.astype("float64");
    return wide.mul(wide).sum();
  });
  return np.sqrt(squares.reduce((sum, square) => sum.add(square), np.zeros([], { dtype: "float64" })));
}

function allFinite(theta: unknown): Tensor {
  const flags = tree.leaves(theta).map((leaf) => np.isfinite(leaf).all());
  return flags.reduce((all, flag) => np.logicalAnd(all, flag), np.ones([], { dtype: "bool" }));
}
