/** Optimizers of searches that estimate a gradient: named, with their options, so that a recipe says all of them. */
import { OptionError } from "../errors.ts";
import type { Json } from "../json.ts";
import { type Optimizer, createOptimizer } from "../optimizers/index.ts";

/** An optimizer as data: its name in the registry, and its options. */
export type OptimizerChoice = { readonly name: string; readonly [option: string]: Json };

/** The optimizer that is chosen. Throws `OptionError` as `createOptimizer` does. */
export function optimizerOf(where: string, choice: OptimizerChoice): Optimizer {
  if (
    typeof choice !== "object" ||
    choice === null ||
    typeof choice.name !== "string" ||
    "update" in choice
  ) {
    const allowed = "a record with the name of an optimizer and its options";
    throw new OptionError(
      where,
      "optimizer",
      choice,
      allowed,
      'Such as { name: "adam", learningRate: 0.01 }.',
    );
  }
  const { name, ...options } = choice;
  return createOptimizer(name, options);
}
