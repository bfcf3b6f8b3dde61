/** Every registered optimizer through the conformance suite, with what its line in the registry says of it. */
import { describe, test } from "vitest";
import { optimizerConformance, registeredOptimizer } from "unspool/conformance";
import { optimizers } from "unspool/optimizers";

describe.each(optimizers.map((entry) => [entry.name, entry] as const))("%s", (_name, entry) => {
  for (const check of optimizerConformance(registeredOptimizer(entry))) test(check.name, check.run);
});
