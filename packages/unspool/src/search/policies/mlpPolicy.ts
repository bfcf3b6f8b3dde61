/** The network without structure: a number for every weight, row by row; what compact ones are measured against. */
import type { ChoicePolicy } from "./choicePolicy.ts";
import { type FixedPolicyOptions, fixedPolicy } from "./fixedPolicy.ts";

/**
 * The policy: (inputs + 1) · outputs numbers for each hidden layer, inputs · outputs for the last, which has no bias. Throws
 * `OptionError` for sizes that are no numbers of nodes.
 */
export function mlpPolicy(options: FixedPolicyOptions): ChoicePolicy {
  return fixedPolicy(
    "mlpPolicy",
    { size: (rows, columns) => rows * columns, at: (i, j, _rows, columns) => i * columns + j },
    options,
  );
}
