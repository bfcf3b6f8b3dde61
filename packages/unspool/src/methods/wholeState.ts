/** A state of a method that a caller has kept is one of this method, and still has its elements. */
import { Tensor } from "../array/index.ts";
import { OptionError } from "../errors.ts";

/**
 * For a step whose first act is to read a number of its state: throws `OptionError` where there is none at `path`, and
 * `ShapeError` for a tensor whose elements JSON has lost.
 */
export function requireWholeState(where: string, state: unknown, path: string): void {
  const found = path
    .split(".")
    .reduce<unknown>((node, name) => (node as Record<string, unknown> | null | undefined)?.[name], state);
  if (Tensor.is(found) && found.size === 1) return;
  const hint = "Give what init or step of this method, with these options, has returned.";
  throw new OptionError(where, `state.${path}`, found, "a tensor of one number", hint);
}
