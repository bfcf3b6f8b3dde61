/** What observations and actions may be: numbers within bounds, or one of so many choices. */
import { type Tensor, np } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";

/** Arrays of numbers, each between its own bounds, which may be infinite. */
export interface BoxSpace {
  readonly kind: "box";
  readonly shape: readonly number[];
  /** One bound per element, row by row. */
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** Whole numbers from 0 to `count` - 1: int32 scalars. */
export interface DiscreteSpace {
  readonly kind: "discrete";
  readonly count: number;
}

export type Space = BoxSpace | DiscreteSpace;

export interface BoxSpaceOptions {
  /** One bound for all elements, or one for each. Default -Infinity. */
  low?: number | readonly number[];
  /** Default Infinity. */
  high?: number | readonly number[];
  /** Default: one axis of as many elements as there are bounds. */
  shape?: readonly number[];
}

/** A box. Throws `OptionError` for bounds that do not fit the shape, or that nothing lies between. */
export function boxSpace(options: BoxSpaceOptions): BoxSpace {
  requireKnownOptions("boxSpace", options, ["low", "high", "shape"]);
  const { low = -Infinity, high = Infinity } = options;
  const bounds = [low, high].find((bound): bound is readonly number[] => typeof bound !== "number");
  const shape = options.shape ?? [bounds?.length ?? 1];
  shape.forEach((length) => requireInteger("boxSpace", "a length of shape", length, 1));
  const size = shape.reduce((product, length) => product * length, 1);
  const each = (name: string, bound: number | readonly number[]): readonly number[] => {
    const all = typeof bound === "number" ? Array.from({ length: size }, () => bound) : [...bound];
    if (all.length !== size)
      throw new OptionError("boxSpace", name, bound, `one number, or ${size} for shape [${shape.join()}]`);
    return all;
  };
  const space = { kind: "box", shape: [...shape], low: each("low", low), high: each("high", high) } as const;
  space.low.forEach((least, i) => {
    if (!(least < space.high[i]!))
      throw new OptionError("boxSpace", `low[${i}]`, least, `below high[${i}], which is ${space.high[i]}`);
  });
  return space;
}

/** So many choices. */
export function discreteSpace(count: number): DiscreteSpace {
  requireInteger("discreteSpace", "count", count, 1);
  return { kind: "discrete", count };
}

/** Throws `OptionError` for what has no spaces of observations and actions: an environment that was not made, say. */
export function requireSpaces(
  where: string,
  environment: { observationSpace?: { kind?: unknown }; actionSpace?: { kind?: unknown } } | undefined,
): void {
  const { observationSpace, actionSpace } = environment ?? {};
  if (typeof observationSpace?.kind === "string" && typeof actionSpace?.kind === "string") return;
  const hint = "Its spaces say how many numbers there are.";
  throw new OptionError(where, "environment", environment, "an environment", hint);
}

/** Numbers of an element of the space: of an observation, the inputs of a network; of an action, its outputs. */
export function spaceSize(space: Space): number {
  return space.kind === "discrete" ? space.count : space.low.length;
}

/** The shape of an element. */
export function spaceShape(space: Space): readonly number[] {
  return space.kind === "discrete" ? [] : space.shape;
}

/** `x` brought into the bounds of a box; the same tensor where it has none. */
export function clipToSpace(space: BoxSpace, x: Tensor): Tensor {
  const bound = (bounds: readonly number[]) =>
    np.array([...bounds], { shape: [...space.shape], dtype: x.dtype });
  const isLow = space.low.some(Number.isFinite);
  const isHigh = space.high.some(Number.isFinite);
  const above = isLow ? (np.maximum(x, bound(space.low)) as Tensor) : x;
  return isHigh ? (np.minimum(above, bound(space.high)) as Tensor) : above;
}
