/** The classical Runge-Kutta method of order 4 for ds/dt = field(s), over any tree of tensors. */
import { tree } from "../array/index.ts";

/** The state one time step later. */
export function rungeKutta<State>(field: (state: State) => State, state: State, timeStep: number): State {
  const moved = (rate: State, time: number): State => tree.map((s, k) => s.add(k.mul(time)), state, rate);
  const first = field(state);
  const second = field(moved(first, timeStep / 2));
  const third = field(moved(second, timeStep / 2));
  const fourth = field(moved(third, timeStep));
  return tree.map(
    (s, a, b, c, d) =>
      s.add(
        a
          .add(b.add(c).mul(2))
          .add(d)
          .mul(timeStep / 6),
      ),
    state,
    first,
    second,
    third,
    fourth,
  );
}
