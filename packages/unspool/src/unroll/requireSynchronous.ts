/** Functions that a program is made of return values, not promises. */
import { ShapeError, isThenable } from "../errors.ts";

export { isThenable } from "../errors.ts";

/** `value`, which the user's function `where` returned. Throws `ShapeError` if it is a promise. */
export function requireSynchronous<T>(where: string, value: T): T {
  if (!isThenable(value)) return value;
  // Nobody waits for it any more; that it fails later is no second error.
  void Promise.resolve(value).catch(() => {});
  throw new ShapeError(
    where,
    "it is async: it returned a promise. It is traced into a program and so must return values at once. " +
      "Load data before, in setup of the experiment, which may be async, and remove async and await here.",
  );
}
