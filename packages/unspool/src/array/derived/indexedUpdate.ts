/**
 * Indexed writing, `x.at(i).set(v)`: a new tensor, since tensors do not change. The index has the forms of `slice`.
 *
 * Where each element of the update goes is what `slice` gives on the numbers of the elements. An index without traced
 * tensors is resolved when it is written; one with traced tensors becomes a scatter in the program.
 */
import { ShapeError } from "../../errors.ts";
import { np } from "../np.ts";
import type { Index, Tensor } from "../tensor.ts";
import { type ArrayLike, asTensor } from "./arguments.ts";
import { scatterAdd, scatterLast } from "./scatter.ts";

export interface IndexedUpdate {
  /** The selected elements. */
  get(): Tensor;
  /** The selected elements replaced; of several values for one place the last stays. */
  set(values: ArrayLike): Tensor;
  /** The values added, as often as a place is selected. */
  add(values: ArrayLike): Tensor;
  /** The values subtracted, as often as a place is selected. */
  subtract(values: ArrayLike): Tensor;
  /** Each selected element multiplied by its value; a place may be selected once only. */
  multiply(values: ArrayLike): Tensor;
  /** Each selected element divided by its value; a place may be selected once only. */
  divide(values: ArrayLike): Tensor;
  /** The smaller of each selected element and its value; a place may be selected once only. */
  min(values: ArrayLike): Tensor;
  /** The larger of each selected element and its value; a place may be selected once only. */
  max(values: ArrayLike): Tensor;
  /** `fn` of the selected elements in their places; a place may be selected once only. */
  apply(fn: (selected: Tensor) => Tensor): Tensor;
}

export function indexedUpdate(x: Tensor, index: readonly Index[]): IndexedUpdate {
  const numbers = np.arange(x.size).reshape([...x.shape]);
  const places = (): Tensor => numbers.slice(...index);
  const selected = (): Tensor => x.slice(...index);
  const spread = (values: ArrayLike, at: Tensor): Tensor => {
    const given = asTensor(values);
    requireFits(x, given, at);
    return (np.broadcastTo(given.astype(x.dtype), [...at.shape]) as Tensor).flatten();
  };
  const set = (values: ArrayLike): Tensor => {
    const at = places();
    if (at.size === 0) {
      requireFits(x, asTensor(values), at);
      return x;
    }
    // Every place looks up the number of its value, from 1; the last one that was written stays.
    const winner = scatterLast(x.size, at.flatten(), np.arange(1, at.size + 1)).reshape([...x.shape]);
    const found = np.take(spread(values, at), np.maximum(winner.sub(1), 0), 0) as Tensor;
    return np.where(winner.greater(0), found, x) as Tensor;
  };
  const add = (values: ArrayLike): Tensor => {
    const at = places();
    return x.add(scatterAdd(x.size, at.flatten(), spread(values, at)).reshape([...x.shape]));
  };
  return {
    get: selected,
    set,
    add,
    subtract: (values) => add(asTensor(values).neg()),
    multiply: (values) => set(selected().mul(asTensor(values))),
    divide: (values) => set(selected().div(asTensor(values))),
    min: (values) => set(np.minimum(selected(), asTensor(values)) as Tensor),
    max: (values) => set(np.maximum(selected(), asTensor(values)) as Tensor),
    apply: (fn) => set(fn(selected())),
  };
}

/** Values for the selected places: of their shape, or what broadcasts to it. */
function requireFits(x: Tensor, values: Tensor, at: Tensor): void {
  const ahead = at.ndim - values.ndim;
  if (ahead >= 0 && values.shape.every((length, i) => length === 1 || length === at.shape[i + ahead])) return;
  throw new ShapeError(
    "Tensor.at",
    `values ${values.toString()} do not fit the selected places [${at.shape.join(",")}] of ${x.toString()}. ` +
      "[start, stop, step] is a range; a list of places is a tensor: np.array([0, 2], { dtype: 'int32' }).",
  );
}
