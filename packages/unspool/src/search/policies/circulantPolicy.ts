/** Circulant networks: each row of a matrix is the row above it, rotated by one; n numbers for n columns. */
import type { ChoicePolicy } from "./choicePolicy.ts";
import { type FixedPolicyOptions, fixedPolicy } from "./fixedPolicy.ts";

/**
 * The policy with such matrices: n numbers for a layer of n inputs. Throws `OptionError` for sizes that are no numbers of nodes.
 */
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
