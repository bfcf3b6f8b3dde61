/** The network without structure: a number for every weight, row by row; what compact ones are measured against. */
import type { ChoicePolicy } from "./choicePolicy.ts";
import { type FixedPolicyOptions, fixedPolicy } from "./fixedPolicy.ts";

export function mlpPolicy(options: FixedPolicyOptions): ChoicePolicy {
  return fixedPolicy(
    "mlpPolicy",
    { size: (rows, columns) => rows * columns, at: (i, j, _rows, columns) => i * columns + j },
    options,
  );
}
