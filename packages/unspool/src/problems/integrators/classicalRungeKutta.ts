/** The classical Runge-Kutta method of order 4, over any tree of tensors. Kutta 1901. */
import { type Tensor, tree } from "../../array/index.ts";
import type { Field } from "./field.ts";

/** The state one time step later. */
export function classicalRungeKutta<State>(
  field: Field<State>,
  state: State,
  time: Tensor,
  timeStep: number | Tensor,
): State {
  const half = timeStep instanceof Object ? timeStep.mul(0.5) : timeStep / 2;
  const moved = (rate: State, by: number | Tensor): State =>
    tree.map((s, k) => s.add(k.mul(by)), state, rate);
  const first = field(state, time);
  const second = field(moved(first, half), time.add(half));
  const third = field(moved(second, half), time.add(half));
  const fourth = field(moved(third, timeStep), time.add(timeStep));
  const sixth = timeStep instanceof Object ? timeStep.div(6) : timeStep / 6;
  return tree.map(
    (s, a, b, c, d) => s.add(a.add(b.add(c).mul(2)).add(d).mul(sixth)),
    state,
    first,
    second,
    third,
    fourth,
  );
}
