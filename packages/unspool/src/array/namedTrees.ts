/** Errors about trees, said by the function that was given the tree: "tree: the tree is undefined" helps nobody. */
import { ShapeError } from "../errors.ts";

/** What `body` gives; an error about a tree names the function `where` and calls the tree `what`. */
export function named<T>(where: string, what: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    const isOfTree = error instanceof ShapeError && /^tree(\.tensors)?: /.test(error.message);
    if (!isOfTree) throw error;
    const problem = error.message.replace(/^tree(\.tensors)?: (the tree)?/, (_all, _own, whole) =>
      whole === undefined ? `${what} at ` : what,
    );
    throw new ShapeError(where, problem, error.details);
  }
}
