/** Boxes: bounds of every number of theta, given as numbers or as trees like theta. */
import { type TreeLike, np, tree } from "../array/index.ts";
import { OptionError, requireKnownOptions } from "../errors.ts";
import type { Json } from "../json.ts";

/** Least and greatest values: numbers for all of theta, or trees like it. */
export interface Box {
  /** `-Infinity` where there is no bound. */
  low: TreeLike;
  /** `Infinity` where there is no bound. */
  high: TreeLike;
}

/** A box by the numbers of theta, in the order of `tree.flatten`. */
export interface FlatBox {
  low: Float64Array;
  high: Float64Array;
}

/** Throws `OptionError` for what is no box; whether it fits theta is seen at `flatBox`. */
export function requireBox(where: string, box: Box | undefined): void {
  if (box === undefined) return;
  requireKnownOptions(where, box, ["low", "high"]);
  for (const side of ["low", "high"] as const) {
    if (box[side] === undefined)
      throw new OptionError(where, `box.${side}`, box[side], "a number, or a tree like theta");
  }
  const { low, high } = box;
  if (typeof low === "number" && typeof high === "number") requireOrder(where, low, high, "box");
}

function requireOrder(where: string, low: number, high: number, what: string): void {
  if (low < high) return;
  throw new OptionError(where, what, [low, high], "a lower bound below an upper one", "Swap them?");
}

/** A box as data, for recipes. */
export function boxRecipe(box: Box | undefined): Json {
  if (box === undefined) return null;
  const side = (given: unknown): Json => {
    const numbers = Array.from(tree.flatten(tree.tensors(given, "float64")), (x): Json =>
      Number.isFinite(x) ? x : String(x),
    );
    return typeof given === "number" ? numbers[0]! : numbers;
  };
  return { low: side(box.low), high: side(box.high) };
}

/** The box of theta's numbers; throws `OptionError` unless it has theta's structure and holds `start`. */
export function flatBox(where: string, box: Box, theta: unknown): FlatBox {
  const start = tree.flatten(theta);
  // In theta's dtypes, so that a number that is rounded to them does not leave the box by that.
  const side = (name: "low" | "high"): Float64Array => {
    const given: unknown = box[name];
    if (typeof given === "number")
      return tree.flatten(tree.map((leaf) => np.full(leaf.shape, given, { dtype: leaf.dtype }), theta));
    const bounds = tree.tensors(given, "float64") as unknown;
    tree.requireSame(where, `box.${name}`, tree.astype(theta, "float64"), tree.astype(bounds, "float64"));
    return tree.flatten(tree.map((leaf, bound) => bound!.astype(leaf.dtype), theta, bounds));
  };
  const [low, high] = [side("low"), side("high")];
  for (let i = 0; i < start.length; i++) {
    requireOrder(where, low[i]!, high[i]!, `box at number ${i} of theta`);
    if (start[i]! >= low[i]! && start[i]! <= high[i]!) continue;
    throw new OptionError(where, `number ${i} of the start`, start[i], `in its box, [${low[i]}, ${high[i]}]`);
  }
  return { low, high };
}

/** `x` moved to the nearest point of the box, in place. */
export function clip(x: Float64Array, { low, high }: FlatBox): Float64Array {
  const size = low.length;
  for (let i = 0; i < x.length; i++) x[i] = Math.min(Math.max(x[i]!, low[i % size]!), high[i % size]!);
  return x;
}
