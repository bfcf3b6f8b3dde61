/**
 * Whether a derivative that is being recorded is one that reverse mode will transpose. Traces nest: in the Hessian, forward
 * mode of a gradient, values are pushed forward while reverse mode is open, and must be computed at once.
 */
import { internalsOf } from "./jaxInternals.ts";
import type { Raw } from "./jaxprs.ts";

let isInBody = false;

/** Records the body of a loop that will be transposed. */
export function inTransposedBody<T>(record: () => T): T {
  const outer = isInBody;
  isInBody = true;
  try {
    return record();
  } finally {
    isInBody = outer;
  }
}

/** Whether a derivative along `tangents` will be transposed: one of them is the unknown of reverse mode, or of such a body. */
export function willBeTransposed(tangents: readonly (Raw | undefined)[]): boolean {
  return (
    isInBody ||
    tangents.some((tangent) => tangent !== undefined && internalsOf(tangent).pval?.isKnown === false)
  );
}
