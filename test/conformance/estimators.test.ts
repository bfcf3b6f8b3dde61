/** Every registered estimator through the conformance suite, with what its line in the registry says of it. */
import { describe, test } from "vitest";
import { estimatorConformance, registeredEstimator } from "unspool/conformance";
import { estimators } from "unspool/estimators";

describe.each(estimators.map((entry) => [entry.name, entry] as const))("%s", (_name, entry) => {
  for (const check of estimatorConformance(registeredEstimator(entry))) test(check.name, check.run);
});
