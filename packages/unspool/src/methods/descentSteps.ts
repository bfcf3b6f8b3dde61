/**
 * Several outer steps as one program, where estimator and executor allow it: estimates and updates of the optimizer
 * need no JavaScript in between.
 *
 * What is done and recorded is the same for any grouping of steps into calls.
 */
import { type Tensor, np, random, tree } from "../array/index.ts";
import { type Recurrence, type TurnProgram, takeTurns, turnProgram, turnsOf } from "../estimators/index.ts";
import type { Setup } from "./experiment.ts";
import { type AnyOptimizer, type TrainState, loggedThetaSize, optimizerOf } from "./trainState.ts";
import { allFinite, skippedUpdates } from "./trainState.ts";

/** Measures of one outer step; after a call tensors [steps, …]. */
export interface OuterRecord {
  loss: Tensor;
  /** Euclidean norm, not finite if an element is not, or if it overflows float64. */
  gradientNorm: Tensor;
  /** bool: all elements of the new theta and of the optimizer's new state are finite. */
  isFinite: Tensor;
  /** int32: updates that the optimizer left out. */
  skipped: Tensor;
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

type Program = TurnProgram<unknown, OuterRecord>;

/** Programs of setups: a memo, so that a pure function of setup and state need not compile at every call. */
const programs = new WeakMap<Setup, WeakMap<Recurrence, Program>>();

function programOf(setup: Setup, recurrence: Recurrence): Program {
  const known = programs.get(setup) ?? new WeakMap<Recurrence, Program>();
  programs.set(setup, known);
  const program = known.get(recurrence) ?? outerProgram(recurrence, optimizerOf(setup));
  known.set(recurrence, program);
  return program;
}

/** The recurrence of the next estimates, and of how many of them at most. */
function nextTurns(
  { estimator }: Setup,
  state: unknown,
): { recurrence: Recurrence; estimates: number } | undefined {
  if (estimator.recurrenceAt !== undefined) return estimator.recurrenceAt(state);
  const { recurrence } = estimator;
  return recurrence && { recurrence, estimates: Infinity };
}

/** Takes up to `steps` outer steps in one call. Undefined where the setup must be taken step by step. */
export function outerSteps(setup: Setup, state: TrainState, steps: number): OuterSteps | undefined {
  const next = nextTurns(setup, state.estimatorState);
  if (next === undefined || turnsOf(next.recurrence) === undefined) return undefined;
  const { recurrence } = next;
  const program = programOf(setup, recurrence);
  const from = {
    theta: state.theta,
    carry: state.optimizerState,
    key: random.foldIn(state.key, "step"),
    step: state.step,
    estimatorState: state.estimatorState,
  };
  const { turns, theta, carry, estimatorState, record } = takeTurns(
    recurrence,
    program,
    from,
    Math.min(steps, next.estimates),
  );
  return {
    steps: turns,
    record,
    state: {
      step: state.step + turns,
      key: state.key,
      theta,
      estimatorState,
      optimizerState: carry,
      innerSteps: state.innerSteps + turns * recurrence.innerSteps,
    },
  };
}

function outerProgram(recurrence: Recurrence, optimizer: AnyOptimizer): Program {
  return turnProgram(recurrence, ({ loss, gradient, metrics }, turn) => {
    const { theta, state } = optimizer.update(gradient, turn.carry, turn.theta);
    const isSmall = tree.size(theta) <= loggedThetaSize;
    return {
      theta,
      carry: state,
      record: {
        loss,
        gradientNorm: norm(gradient),
        isFinite: np.logicalAnd(allFinite(theta), allFinite(state)),
        skipped: skippedUpdates(state).sub(skippedUpdates(turn.carry)),
        metrics,
        theta: isSmall ? theta : {},
      },
    };
  });
}

function norm(gradient: unknown): Tensor {
  const squares = tree.leaves(gradient).map((leaf) => {
    const wide = leaf.astype("float64");
    return wide.mul(wide).sum();
  });
  return np.sqrt(squares.reduce((sum, square) => sum.add(square), np.zeros([], { dtype: "float64" })));
}
