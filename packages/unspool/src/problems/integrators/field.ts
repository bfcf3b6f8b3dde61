/** Fields of ordinary differential equations, and what is common to those who step along them. */
import { type Tensor, tree } from "../../array/index.ts";

/** ds/dt at a state, a tree like it; the time is a scalar in the state's precision. */
export type Field<State> = (state: State, time: Tensor) => State;

/** Σ_j factor_j rate_j, over trees; factors of 0 cost nothing. At least one is not 0. */
export function weightedRates<State>(factors: readonly number[], rates: readonly State[]): State {
  const used = factors.flatMap((factor, j) => (factor === 0 ? [] : [{ factor, rate: rates[j]! }]));
  const [first, ...others] = used;
  return others.reduce(
    (sum, { factor, rate }) => tree.map((s: Tensor, k: Tensor) => s.add(k.mul(factor)), sum, rate),
    tree.map((k: Tensor) => k.mul(first!.factor), first!.rate),
  );
}

/** The state moved by a time along a rate. */
export function along<State>(state: State, rate: State, time: number | Tensor): State {
  return tree.map((s: Tensor, k: Tensor) => s.add(k.mul(time)), state, rate);
}

/** A time as a scalar in the precision of the state. */
export function asTime(time: number | Tensor, dtype: "float32" | "float64"): Tensor {
  return typeof time === "number" ? tree.scalar(time, dtype) : time.astype(dtype);
}
