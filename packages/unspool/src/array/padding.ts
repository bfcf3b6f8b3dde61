/** `np.pad` with NumPy's modes. All but "constant" take elements of x again, by their places along each axis. */
import { OptionError, ShapeError, requireOneOf, show } from "../errors.ts";
import { plainAxis } from "./axes.ts";
import { onesLike } from "./constructors.ts";
import { take } from "./indexing.ts";
import { concrete } from "./lift.ts";
import type { Tensor } from "./tensor.ts";
import { where as choose } from "./where.ts";

type Pair = readonly [number, number];

/** Elements before and behind: of every axis, of each axis, or by the number of the axis. */
export type PadWidth = number | Pair | readonly Pair[] | Readonly<Record<number, Pair>>;

export interface PadOptions {
  /**
   * "constant" (the default): `constantValues`; "edge": the last element; "reflect" and "symmetric": mirrored at the last
   * element, which the second repeats; "wrap": from the other end.
   */
  mode?: PadMode;
  /** With mode "constant". Default 0. */
  constantValues?: number;
}

export type PadMode = "constant" | "edge" | "reflect" | "symmetric" | "wrap";

const name = "np.pad";
const modes: readonly PadMode[] = ["constant", "edge", "reflect", "symmetric", "wrap"];

/** `np.pad` by the one of jax-js, which pads with zeros. */
export const padBy =
  (withZeros: (...args: unknown[]) => unknown) =>
  (x: Tensor, width: PadWidth, options: PadOptions = {}): Tensor => {
    const { mode = "constant", constantValues } = options;
    requireOneOf(name, "mode", mode, modes);
    const widths = widthsOf(x, width);
    if (mode !== "constant") {
      if (constantValues !== undefined)
        throw new OptionError(name, "constantValues", constantValues, `left out with mode "${mode}"`);
      return widths.reduce((padded, pair, axis) => alongAxis(padded, axis, pair, mode), x);
    }
    const padded = withZeros(x, widths) as Tensor;
    const value: unknown = constantValues ?? 0;
    if (typeof value !== "number") throw new OptionError(name, "constantValues", value, "one number");
    if (value === 0) return padded;
    return choose(withZeros(onesLike(x), widths) as Tensor, padded, value);
  };

function widthsOf(x: Tensor, width: PadWidth): Pair[] {
  const isWhole = (one: unknown): boolean => Number.isInteger(one) && (one as number) >= 0;
  const isPair = (one: unknown): one is Pair => Array.isArray(one) && one.length === 2 && one.every(isWhole);
  const none: Pair = [0, 0];
  if (isWhole(width)) return x.shape.map(() => [width, width] as Pair);
  if (isPair(width)) return x.shape.map(() => width);
  if (Array.isArray(width)) {
    const pairs = width as readonly unknown[];
    if (pairs.every(isPair) && pairs.length === x.ndim) return [...pairs];
    if (pairs.length === 1 && isPair(pairs[0])) return x.shape.map(() => pairs[0] as Pair);
  } else if (typeof width === "object" && width !== null && Object.values(width).every(isPair)) {
    const named = Object.entries(width).map(([axis, pair]): [number, Pair] => [
      plainAxis(name, Number(axis), x.ndim),
      pair as Pair,
    ]);
    return x.shape.map((_, axis) => named.find(([own]) => own === axis)?.[1] ?? none);
  }
  throw new ShapeError(
    name,
    `width must be a whole number from 0, [before, after], or one such pair for each of ${x.ndim} axes, got ` +
      `${show(width)}. An example is np.pad(x, [1, 0]).`,
  );
}

function alongAxis(x: Tensor, axis: number, [before, after]: Pair, mode: PadMode): Tensor {
  const length = x.shape[axis]!;
  if (before + after === 0) return x;
  if (length === 0) {
    throw new ShapeError(
      name,
      `mode "${mode}" has no element to repeat along axis ${axis} of ${x.toString()}.`,
    );
  }
  const places = Int32Array.from({ length: before + length + after }, (_, i) =>
    place(i - before, length, mode),
  );
  return take(x, concrete(places, [places.length], "int32"), axis);
}

/** The element that stands at place `at`, which may be outside of 0 … length - 1. */
function place(at: number, length: number, mode: PadMode): number {
  if (mode === "edge" || length === 1) return Math.max(0, Math.min(length - 1, at));
  if (mode === "wrap") return modulo(at, length);
  // Mirrored: there and back is one period, in which "symmetric" has both ends twice.
  const repeated = mode === "symmetric" ? 1 : 0;
  const period = 2 * (length - 1 + repeated);
  const within = modulo(at, period);
  return within < length ? within : period - repeated - within;
}

const modulo = (a: number, n: number): number => ((a % n) + n) % n;
