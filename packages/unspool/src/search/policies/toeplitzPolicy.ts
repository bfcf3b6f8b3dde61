/**
 * Toeplitz networks (Choromanski et al., ICML 2018): along each diagonal of a matrix stands one number, h + n - 1 of them in
 * all: the first column, and then the first row from its second element on.
 */
import type { ChoicePolicy } from "./choicePolicy.ts";
import { type FixedPolicyOptions, fixedPolicy } from "./fixedPolicy.ts";

/**
 * The policy with such matrices, and a bias of each hidden node. Throws `OptionError` for sizes that are no numbers of nodes.
 */
export function toeplitzPolicy(options: FixedPolicyOptions): ChoicePolicy {
  return fixedPolicy(
    "toeplitzPolicy",
    {
      size: (rows, columns) => rows + columns - 1,
      at: (i, j, rows) => (i >= j ? i - j : rows - 1 + j - i),
    },
    options,
  );
}
