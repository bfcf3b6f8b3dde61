/** The interface of optimizers, and what every optimizer is allowed to assume. */
import type { Tensor, TensorLike, Tensors, Tree } from "../array/index.ts";

/**
 * A rule that turns gradients into new parameters. Pure: state in, state out. `update` is made of `np` functions
 * only, with no branch on values, so it runs on concrete tensors, inside `jit`, and as the inner optimizer of an
 * unrolled problem, where its options may themselves be tensors that are being learned.
 *
 * State is a tree of tensors. Its leaf `step` (int32 scalar) counts updates and drives schedules.
 */
export interface Optimizer<State extends Tree = Tree> {
  readonly name: string;
  init<Theta>(theta: Theta): State;
  update<Theta>(gradient: Tensors<Theta>, state: State, theta: Theta): { theta: Theta; state: State };
  /** Name of the record in the state that holds the first moment, if there is one. */
  readonly momentum?: string;
  /** The parameters to evaluate and to keep, where they are not `theta` itself (Lookahead's slow weights). */
  evaluationTheta?<Theta>(state: State, theta: Theta): Theta;
}

/** A value that may change with the update counter (int32 scalar, 0 at the first update). */
export type Schedule = (step: Tensor) => Tensor;

/** A number, a tensor (which can be learned), or a schedule. */
export type Hyperparameter = TensorLike | Schedule;
