/** The axes that `vmap` maps over: what was asked for, checked against the arguments, and moved to the front and back. */
import { OptionError, ShapeError, show } from "../errors.ts";
import { plainAxis } from "./axes.ts";
import type { Tensor } from "./tensor.ts";
import * as tree from "./tree.ts";

/** One axis for all arguments, or one for each; null shares an argument. Negative ones count from the end. */
export type InAxes = number | readonly (number | null)[];

/** One axis for all leaves of the result, or one for each part of a result that is a list. */
export type OutAxes = number | readonly number[];

const where = "vmap";

/** The axis of each argument; what an argument has no entry for is refused. */
export function axesOfArguments(inAxes: InAxes | undefined, args: readonly unknown[]): (number | null)[] {
  const given: unknown = inAxes ?? 0;
  const axes: unknown[] = Array.isArray(given) ? given : args.map(() => given);
  if (axes.length !== args.length) {
    throw new ShapeError(
      where,
      `inAxes ${show(given)} has ${axes.length} entries, and the function was called with ${args.length} arguments. ` +
        "Write one entry for each argument, null for one that is shared.",
    );
  }
  for (const [i, axis] of axes.entries()) {
    if (axis === null || Number.isInteger(axis)) continue;
    throw new OptionError(
      where,
      `inAxes[${i}]`,
      axis,
      "the number of an axis, or null to share the argument",
    );
  }
  if (axes.length > 0 && axes.every((axis) => axis === null)) {
    throw new OptionError(
      where,
      "inAxes",
      given,
      "a number for at least one argument",
      "Call the function itself.",
    );
  }
  return axes as (number | null)[];
}

/** The arguments with the mapped axes in front, all of one length. */
export function mappedInFront(args: readonly unknown[], axes: readonly (number | null)[]): unknown[] {
  let first: { label: string; length: number } | undefined;
  return args.map((arg, i) => {
    const axis = axes[i]!;
    if (axis === null) return arg;
    return tree.mapWithPath((path, leaf) => {
      const label = `argument ${i + 1}${path === "" ? "" : ` at "${path}"`}`;
      if (leaf.ndim === 0) {
        throw new ShapeError(
          where,
          `${label} is ${plain(leaf)}, a scalar without an axis to map over. Share it: ` +
            `inAxes [${args.map((_, j) => (j === i ? "null" : String(axes[j]))).join(", ")}].` +
            (Array.isArray(arg) ? " A list of numbers is a tree of scalars: write np.array([...])." : ""),
        );
      }
      const along = plainAxis(`${where}: ${label}`, axis, leaf.ndim);
      const length = leaf.shape[along]!;
      first ??= { label, length };
      if (length !== first.length) {
        throw new ShapeError(
          where,
          `${label} is ${plain(leaf)} with length ${length} along axis ${axis}, and ${first.label} has length ` +
            `${first.length}. Mapped axes need one length; share an argument with null in inAxes.`,
        );
      }
      return moved(leaf, along, 0);
    }, arg);
  });
}

/** A result whose leaves have the mapped axis in front, with that axis where `outAxes` says. */
export function mappedBehind(result: unknown, outAxes: OutAxes | undefined): unknown {
  if (outAxes === undefined || outAxes === 0) return result;
  if (Array.isArray(outAxes)) {
    if (Array.isArray(result) && result.length === outAxes.length)
      return result.map((part, i) => mappedBehind(part, outAxes[i] as number));
    throw new OptionError(
      where,
      "outAxes",
      outAxes,
      "one axis, or one for each part of a result that is a list",
    );
  }
  return tree.map((leaf) => moved(leaf, 0, plainAxis(where, outAxes, leaf.ndim, "outAxes")), result);
}

const plain = ({ dtype, shape }: Tensor): string => `${dtype}[${shape.join(",")}]`;

function moved(x: Tensor, from: number, to: number): Tensor {
  if (from === to) return x;
  const rest = x.shape.map((_, i) => i).filter((i) => i !== from);
  return x.transpose(rest.toSpliced(to, 0, from));
}
