/** What a search is told: as many losses as candidates were asked for, and numbers, each of them. */
import { Tensor } from "../array/index.ts";
import { OptionError, ShapeError, show } from "../errors.ts";

/** Throws `ShapeError` for anything but `count` losses, and for what is no number: only a number can say that it failed. */
export function lossNumbers(where: string, given: ArrayLike<number>, count: number): Float64Array {
  const losses: unknown = given;
  if (typeof (losses as { then?: unknown } | null | undefined)?.then === "function")
    throw new OptionError(where, "losses", "a promise", "numbers", "Wait for it ahead of tell.");
  const { length } = (losses ?? {}) as { length?: unknown };
  if (Tensor.is(losses))
    throw new OptionError(where, "losses", losses, "a list of numbers", "Of a tensor hand in its .data.");
  if (typeof losses === "string" || typeof length !== "number")
    throw new OptionError(where, "losses", losses, "a list of numbers, one of each candidate");
  if (length !== count)
    throw new ShapeError(
      where,
      `tell takes one loss for each of the ${count} candidates that were asked for, got ${length}.`,
      { expected: count, given: length },
    );
  return Float64Array.from({ length: count }, (_, i) => {
    const loss: unknown = given[i];
    if (typeof loss === "number") return loss;
    throw new OptionError(where, `the loss of candidate ${i}`, loss, "a number", failedHint(loss));
  });
}

const failedHint = (loss: unknown): string =>
  loss === undefined || loss === null
    ? "A candidate that has failed has the loss NaN."
    : `Convert ${show(loss)} where it is measured.`;
