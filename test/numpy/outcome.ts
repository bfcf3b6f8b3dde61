/** What a way of evaluating a case gives, or what it throws. */
import type { Case, Way } from "./case.ts";
import type { Tensor } from "./library.ts";
import { evaluate } from "./ways.ts";

export function outcome(one: Case, way: Way): Tensor[] | Error {
  try {
    return evaluate(one, way);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
