/** Spaces with a discrete and a continuous part, and their points. */
import { type Tensor, tree } from "../../array/index.ts";
import { OptionError, ShapeError, requireInteger, requireKnownOptions } from "../../errors.ts";
import { type ChoiceSpace, inOrder, requireChoice } from "./choiceSpace.ts";
import { floats, integers, integersOf } from "./hostTensors.ts";

/** A point: what `ask` gives stacked, with a first axis of candidates. */
export interface HybridPoint {
  /** int32 [k], as the discrete space has it. */
  choice: Tensor;
  /** float [d]. */
  theta: Tensor;
}

export interface HybridSpaceOptions {
  /** What is chosen: `oneOf(k)`, `choose(k, n)`, `mask(n)`, `list([...])`. */
  discrete: ChoiceSpace;
  /** d: how many numbers theta has. */
  continuous: number;
  /** Bounds of theta's numbers: of all of them, or of each. Default: none. */
  box?: { low: number | readonly number[]; high: number | readonly number[] };
}

export interface HybridSpace {
  readonly discrete: ChoiceSpace;
  readonly continuous: number;
  /** [d] each. */
  readonly box: { readonly low: Float64Array; readonly high: Float64Array } | undefined;
  /** A point to start from: `theta`, or zeros moved into the box, and `choice`, or the first one. */
  point(theta?: ArrayLike<number>, choice?: ArrayLike<number>): HybridPoint;
}

const where = "hybridSpace";

/**
 * A space that is partly discrete.
 *
 * Throws `OptionError` for a box with a lower bound that is not below the upper one.
 *
 * @example
 * // Which 20 of 200 connections a network keeps, and the weights of all.
 * const space = hybridSpace({ discrete: choose(20, 200), continuous: 200 });
 */
export function hybridSpace(options: HybridSpaceOptions): HybridSpace {
  requireKnownOptions(where, options, ["discrete", "continuous", "box"]);
  const { discrete, continuous, box } = options;
  if (!Array.isArray(discrete?.decisions) || !Number.isInteger(discrete.size))
    throw new OptionError(
      where,
      "discrete",
      discrete,
      "a discrete space",
      "Make one with oneOf(k), choose(k, n), mask(n) or list([...]).",
    );
  requireInteger(where, "continuous", continuous, 1);
  if (box !== undefined) requireKnownOptions(`${where}: box`, box, ["low", "high"]);
  const bounds = box && { low: bound("low", box.low, continuous), high: bound("high", box.high, continuous) };
  bounds?.low.forEach((low, i) => {
    const high = bounds.high[i]!;
    if (!(low < high))
      throw new OptionError(where, `box at number ${i}`, [low, high], "a lower bound below an upper one");
  });
  const nearest = (x: number, i: number): number =>
    bounds === undefined ? x : Math.min(Math.max(x, bounds.low[i]!), bounds.high[i]!);
  return {
    discrete,
    continuous,
    box: bounds,
    point(theta = new Float64Array(continuous).map(nearest), choice = firstChoice(discrete)) {
      const point = {
        choice: integers(Int32Array.from(choice)),
        theta: floats(Float64Array.from(theta)),
      };
      requirePoint(where, { discrete, continuous }, point);
      return { ...point, choice: integers(inOrder(discrete, integersOf(point.choice))) };
    },
  };
}

function bound(side: string, given: number | readonly number[], size: number): Float64Array {
  const all = typeof given === "number" ? new Float64Array(size).fill(given) : Float64Array.from(given ?? []);
  if (all.length !== size)
    throw new OptionError(where, `box.${side}`, given, `a number, or ${size} of them, one for each of theta`);
  return all;
}

/** Zeros; of sets the first elements. */
export function firstChoice({ decisions, size }: ChoiceSpace): Int32Array {
  const choice = new Int32Array(size);
  for (const { count, at } of decisions) for (let i = 0; i < count; i++) choice[at + i] = i;
  return choice;
}

/** Throws `ShapeError` or `OptionError` unless a point is one of the space, with a theta that is finite. */
export function requirePoint(
  at: string,
  { discrete, continuous }: Pick<HybridSpace, "discrete" | "continuous">,
  given: HybridPoint,
): void {
  const { choice, theta } = (given ?? {}) as Partial<HybridPoint>;
  if (choice?.dtype !== "int32" || choice.ndim !== 1)
    throw new ShapeError(at, `choice must be int32 [${discrete.size}], got ${String(choice)}.`);
  requireChoice(at, discrete, integersOf(choice));
  const isFloat = theta?.dtype === "float64" || theta?.dtype === "float32";
  if (theta === undefined || !isFloat || theta.ndim !== 1 || theta.shape[0] !== continuous)
    throw new ShapeError(at, `theta must be float [${continuous}], got ${String(theta)}.`);
  if (!tree.isFinite(theta)) throw new OptionError(at, "every number of theta", theta, "finite");
}
