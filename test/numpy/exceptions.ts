/**
 * Everything that the judge lets pass although NumPy says otherwise, with its reason. Nothing else is let pass.
 */
import { type Case, type Way } from "./case.ts";
import type { Failure } from "./compare.ts";

export interface Exception {
  readonly reason: string;
  readonly allows: (one: Case, way: Way, failure: Failure) => boolean;
}

export const exceptions: readonly Exception[] = [];
