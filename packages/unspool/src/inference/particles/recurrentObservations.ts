/**
 * Recurrent networks over the observations of a series, one vector per observation. Where only every P-th step is observed,
 * the networks walk along these alone.
 */
import { type Tensor, np, scan } from "../../array/index.ts";
import { type LstmState, type LstmWeights, lstmCell } from "../../networks/index.ts";
import type { ObservedSeries } from "./series.ts";

/** Steps 0, P, 2 P, … of a series: values [n, dy] and whether they are there, bool [n] or undefined. */
export function everyObservation(
  { y, observed, steps }: ObservedSeries,
  every: number,
): { y: Tensor; isThere: Tensor | undefined } {
  const pick = (x: Tensor): Tensor => (every === 1 ? x : x.slice([0, null, every]));
  const isWithin = steps === undefined ? undefined : np.arange(y.shape[0]!).less(steps);
  const both =
    observed === undefined || isWithin === undefined
      ? (observed ?? isWithin)
      : (np.logicalAnd(observed, isWithin) as Tensor);
  return { y: pick(y), isThere: both === undefined ? undefined : pick(both) };
}

/**
 * Hidden vectors [n, units] of an LSTM over values [n, inputs]: row i has seen 0 … i ("forward") or i … n-1 ("backward").
 * What is not there leaves the state as it is.
 */
export function lstmStates(
  weights: LstmWeights,
  { y, isThere }: { y: Tensor; isThere: Tensor | undefined },
  direction: "forward" | "backward",
): Tensor {
  const units = weights.stateWeights.shape[0]!;
  const turned = (x: Tensor): Tensor => (direction === "forward" ? x : (np.flip(x, 0) as Tensor));
  const dtype = weights.stateWeights.dtype === "float64" ? "float64" : "float32";
  const zero = np.zeros([1, units], { dtype });
  type Row = { y: Tensor; isThere?: Tensor };
  const rows: Row = { y: turned(y.astype(dtype)), ...(isThere && { isThere: turned(isThere) }) };
  const step = (state: LstmState, row: Row): [LstmState, Tensor] => {
    const moved = lstmCell(weights, row.y.reshape([1, -1]), state);
    const kept = (from: Tensor, to: Tensor): Tensor =>
      row.isThere === undefined ? to : (np.where(row.isThere, to, from) as Tensor);
    const next = { h: kept(state.h, moved.h), c: kept(state.c, moved.c) };
    return [next, next.h.reshape([units])];
  };
  const [, states] = scan(step, { h: zero, c: zero }, rows);
  return turned(states);
}

/** Rows of `values` [n, d] by step, [T, d], at fixed places; rows of zeros where a place is n. */
export function rowsByStep(values: Tensor, places: readonly number[]): Tensor {
  const [n, size] = [values.shape[0]!, values.shape[1]!];
  const withZero = np.concatenate(
    [values, np.zeros([1, size], { dtype: values.dtype === "float64" ? "float64" : "float32" })],
    0,
  ) as Tensor;
  const index = np.array(
    places.map((place) => Math.min(place, n)),
    { dtype: "int32" },
  );
  return np.take(withZero, index, 0) as Tensor;
}
