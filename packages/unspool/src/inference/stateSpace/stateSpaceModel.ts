/**
 * State-space models as data: a hidden state that moves by itself, and observations of it,
 *
 *     x_0 ~ initial,   x_t ~ transition(x_{t-1}, t),   y_t ~ emission(x_t, t),   t = 0 … T - 1
 *
 * each a distribution whose parameters may depend on theta. Whoever filters, smooths or learns needs nothing else.
 */
import type { Key, Tensor } from "../../array/index.ts";
import type { Distribution } from "../../distributions/index.ts";

/** Functions of theta, pure and traceable; `defineStateSpaceModel` makes one and checks what they return. */
export interface StateSpaceModel<Theta> {
  readonly name: string;
  /** Elements of a state, dx. */
  readonly stateSize: number;
  /** Elements of an observation, dy. */
  readonly observationSize: number;
  /** Where learning starts. */
  init(key: Key): Theta;
  /** Of x_0: batch [], event [dx]. */
  initial(theta: Theta): Distribution;
  /** Of x_t for x_{t-1} [..., dx]: batch [...], event [dx]. `t`, int32 [], is the step that is entered, 1 … T - 1. */
  transition(theta: Theta, x: Tensor, t: Tensor): Distribution;
  /** Of y_t for x_t [..., dx]: batch [...], event [dy]. `t`, int32 [], is 0 … T - 1. */
  emission(theta: Theta, x: Tensor, t: Tensor): Distribution;
}
