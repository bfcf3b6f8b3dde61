/** Circulant networks: each row of a matrix is the row above it, rotated by one; n numbers for n columns. */
import type { ChoicePolicy } from "./choicePolicy.ts";
import { type FixedPolicyOptions, fixedPolicy } from "./fixedPolicy.ts";

export function circulantPolicy(options: FixedPolicyOptions): ChoicePolicy {
  return fixedPolicy(
    "circulantPolicy",
    {
      size: (_rows, columns) => columns,
      at: (i, j, _rows, columns) => (((j - i) % columns) + columns) % columns,
    },
    options,
  );
}
