/**
 * Training by any method, with measurements as outer steps of their own: what a training step takes is then its own
 * time, and a measurement that takes long is logged like any other work.
 */
import { type Key, type Method, random } from "unspool";

export interface MeasuredTrainingOptions<Theta> {
  /** What trains. */
  method: Method<Theta>;
  /** Update i has the key `foldIn(key, i)`: the same batches whenever and however often is measured. */
  key: Key;
  updates: number;
  /** Numbers of updates after which is measured, ascending; 0 is before the first. Default: after the last. */
  measureAt?: readonly number[];
  /** Each is an outer step. The numbers are metrics of that step. */
  measures: readonly ((theta: Theta) => Readonly<Record<string, number>>)[];
}

export interface MeasuredTrainingState {
  training: unknown;
  /** Updates done. */
  updates: number;
  /** Measures taken since the last update. */
  measured: number;
  /** Of the last update; null before the first. */
  loss: number | null;
}

/**
 * The method, and the outer steps that training and all measures take. Metric `update`: the updates done with the
 * step. Steps that measure have no loss of their own: theirs is that of the last update, or the first number measured.
 */
export function measuredTraining<Theta>(options: MeasuredTrainingOptions<Theta>): {
  method: Method<Theta, MeasuredTrainingState>;
  steps: number;
} {
  const { method, key, updates, measureAt = [updates], measures } = options;
  const evaluated = (theta: Theta, { training }: MeasuredTrainingState): Theta =>
    method.evaluationTheta?.(theta, training) ?? theta;
  const measured: Method<Theta, MeasuredTrainingState> = {
    name: "measuredTraining",
    recipe: (theta, { training }) => ({
      ...method.recipe(theta, training),
      measuredTraining: {
        method: method.name,
        updates,
        measureAt: [...measureAt],
        measures: measures.length,
      },
    }),
    init: (theta, own) => ({ training: method.init(theta, own), updates: 0, measured: 0, loss: null }),
    step(theta, state) {
      const { training, updates: done } = state;
      if (state.measured < measures.length && measureAt.includes(done)) {
        const found = measures[state.measured]!(evaluated(theta, state));
        const metrics = { innerSteps: 0, update: done, ...found };
        const loss = state.loss ?? Object.values(found)[0]!;
        return { theta, state: { ...state, measured: state.measured + 1 }, loss, metrics };
      }
      const made = method.step(theta, training, random.foldIn(key, done));
      return {
        ...made,
        state: { training: made.state, updates: done + 1, measured: 0, loss: made.loss },
        metrics: { ...made.metrics, update: done + 1 },
      };
    },
    ...(method.evaluationTheta !== undefined && { evaluationTheta: evaluated }),
    ...(method.registrationReport !== undefined && {
      registrationReport: (theta) => method.registrationReport!(theta),
    }),
  };
  return { method: measured, steps: updates + measures.length * measureAt.length };
}
