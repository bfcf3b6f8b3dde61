/** Fields of ordinary differential equations, and what is common to those who step along them. */
import { type Tensor, tree } from "../../array/index.ts";
import { OptionError, ShapeError } from "../../errors.ts";

/** ds/dt at a state, a tree like it; the time is a scalar in the state's precision. */
export type Field<State> = (state: State, time: Tensor) => State;

/**
 * The field, whose rates are held against the state: one of another shape would broadcast, and change the state's. Throws
 * `OptionError` for a state that is not of floating-point numbers.
 */
export function checkedField<State>(where: string, field: Field<State>, state: State): Field<State> {
  for (const [path, { dtype }] of tree.entries(state)) {
    if (dtype === "float32" || dtype === "float64") continue;
    const label = path === "" ? "the dtype of the state" : `the dtype of "${path}" in the state`;
    throw new OptionError(where, label, dtype, "float32 or float64");
  }
  return (at, time) => {
    const rate = field(at, time);
    tree.requireSame(where, "what the field returns", state, rate);
    return rate;
  };
}

/** Throws unless a time is a number or a scalar. */
export function requireTime(where: string, name: string, time: unknown): void {
  if (typeof time === "number" && Number.isFinite(time)) return;
  if (typeof time !== "object" || time === null || !("shape" in time) || !Array.isArray(time.shape))
    throw new OptionError(where, name, time, "a finite number or a scalar");
  if (time.shape.length > 0)
    throw new ShapeError(where, `${name} must be a scalar, got [${time.shape.join(",")}].`);
}

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
