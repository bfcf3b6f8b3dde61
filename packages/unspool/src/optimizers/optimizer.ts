/** The interface of optimizers, and what every optimizer is allowed to assume. */
import type { Tensor, Tensors, Tree } from "../array/index.ts";

/**
 * A rule that turns gradients into new parameters. Pure: state in, state out. `update` is made of `np` functions
 * only, with no branch on values, so it runs on concrete tensors, inside `jit`, and as the inner optimizer of an
 * unrolled problem, where its options may themselves be tensors that are being learned.
 *
 * State is a tree of tensors. Its leaf `step` (int32 scalar) counts updates and drives schedules. An optimizer
 * around another keeps the other's state in the record `inner`, with a `step` of its own. Leaves of theta that are
 * not floating-point numbers keep their value; a gradient other than 0 for one is refused, and so is a theta without any
 * other leaf.
 */
export interface Optimizer<State extends Tree = Tree> {
  readonly name: string;
  init<Theta>(theta: Theta): State;
  update<Theta>(
    gradient: Tensors<Theta>,
    state: State,
    theta: Theta,
    observed?: LossObservation,
  ): { theta: Theta; state: State };
  /** Whether `update` needs the loss: its fourth argument, with `loss`. Methods hand it over where this is true. */
  readonly usesLoss?: boolean;
  /** Path in the state (`velocity`, `inner.velocity`) of the tree that holds the first moment, if there is one. */
  readonly momentum?: string;
  /** Running mean of squared gradients, in the structure of theta: a diagonal estimate of curvature. */
  secondMoment?<Theta>(state: State, theta: Theta): Theta;
  /** The parameters to evaluate and to keep, where they are not `theta` itself (Lookahead's slow weights). */
  evaluationTheta?<Theta>(state: State, theta: Theta): Theta;
  /** What is worth logging of the last update, by name: scalars, read off the state. Methods add it to their metrics. */
  metrics?(state: State): Readonly<Record<string, Tensor>>;
  /**
   * Whether the next update, given a gradient that is not finite, leaves theta as it is and counts the step in a leaf
   * `skipped`: bool scalar. `train` then hands it such a gradient instead of throwing. An optimizer without this method
   * does not.
   */
  canSkip?(state: State): Tensor;
  /**
   * What a wrapper calls when it moved theta by itself: positions held in the state (slow weights) follow. An
   * optimizer without this method holds no positions.
   */
  moveTo?<Theta>(state: State, theta: Theta): State;
}

/** What a few optimizers look at besides the gradient (`usesLoss`); wrappers pass it on. Scalars. */
export interface LossObservation {
  /** The loss at theta, on the batch of the gradient. */
  loss?: Tensor;
  /** A loss on other data, where one was measured. */
  validationLoss?: Tensor;
  /** How many examples the gradient is the mean of. */
  examples?: Tensor;
}

/**
 * A value that may change with the update counter (int32 scalar, 0 at the first update). Optimizers ask for the
 * dtype of the leaf that they update; a schedule may ignore that, its result is cast.
 */
export type Schedule = (step: Tensor, dtype?: "float32" | "float64") => Tensor;

/**
 * A number, a tensor (which can be learned), or a schedule. A tensor that is learned by reverse mode must have the
 * dtype of theta: a cast between float types has no reverse rule in the array engine.
 */
export type Hyperparameter = number | Tensor | Schedule;
