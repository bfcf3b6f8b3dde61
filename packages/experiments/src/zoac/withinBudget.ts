/** Methods compared at equal cost: each takes outer steps until it has spent its inner steps, and then stands still. */
import type { Method } from "unspool";

export interface BudgetState<State = unknown> {
  /** Inner steps so far. */
  spent: number;
  own: State;
}

/** `method` until the first outer step that begins with `budget` inner steps spent. Later steps cost nothing. */
export function withinBudget<Theta, State>(
  method: Method<Theta, State>,
  budget: number,
): Method<Theta, BudgetState<State>> {
  const { evaluationTheta, lossNote } = method;
  return {
    name: method.name,
    ...(lossNote !== undefined && { lossNote }),
    recipe: (theta, { own }) => ({ ...method.recipe(theta, own), budget }),
    init: (theta, key) => ({ spent: 0, own: method.init(theta, key) }),
    step(theta, state, key) {
      const { spent, own } = state;
      if (spent >= budget) return { theta, state, loss: null, metrics: { innerSteps: 0 } };
      const made = method.step(theta, own, key);
      return { ...made, state: { spent: spent + made.metrics.innerSteps, own: made.state } };
    },
    ...(evaluationTheta !== undefined && {
      evaluationTheta: (theta, { own }) => evaluationTheta.call(method, theta, own),
    }),
  };
}
