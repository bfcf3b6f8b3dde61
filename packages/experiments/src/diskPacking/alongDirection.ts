/**
 * A problem whose losses are directional derivatives of those of another, by forward mode: with it, `unroll` draws the
 * exact derivative of each step's loss at many thetas at once.
 */
import { type Problem, type Tensors, defineProblem, jvp, tree } from "unspool";

export interface Moving<State> {
  state: State;
  /** Derivative of the state along the direction. */
  tangent: State;
}

/** `direction` is a tree like theta, in its dtype; the state must be all floating-point. */
export function alongDirection<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  direction: Theta,
): Problem<Theta, Moving<Tensors<State>>, Batch> {
  const { name, horizon, data, step, init } = problem;
  return defineProblem({
    name: `derivative of ${name}`,
    horizon,
    ...(data === undefined ? {} : { data }),
    init(theta: Theta, key) {
      const start = (moved: Theta): Tensors<State> => tree.tensors(init(moved, key), tree.floatType(theta));
      const [state, tangent] = jvp(start, [theta], [direction]);
      return { state, tangent } as Moving<Tensors<State>>;
    },
    step(theta: Theta, moving, context) {
      const { state, tangent } = moving as Moving<Tensors<State>>;
      const advance = (moved: Theta, now: Tensors<State>) => step(moved, now, context);
      const [next, along] = jvp(advance, [theta, state], [direction, tangent]);
      // Tensors of a tree of tensors are that tree, which TypeScript does not see of a type parameter.
      return { state: { state: next.state, tangent: along.state } as never, loss: along.loss };
    },
  });
}
