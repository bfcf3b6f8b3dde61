/** Every registered estimator through the conformance suite, with what its line in the registry says of it. */
import { describe, test } from "vitest";
import { estimatorConformance, registeredEstimator } from "unspool/conformance";
import { estimators } from "unspool/estimators";

/** Lengths of trajectories that are drawn, of more than every fourth estimator: only by `npm run test:robustness`. */
const isLong = Boolean(process.env["UNSPOOL_LONG_TESTS"]);
const ofRandomLength = "the mean stays right with resets of random length";

describe.each(estimators.map((entry, i) => [entry.name, entry, i] as const))("%s", (_name, entry, i) => {
  const checks = estimatorConformance(registeredEstimator(entry));
  const isRepeated = (check: (typeof checks)[number]): boolean =>
    check.name === ofRandomLength && i % 4 !== 2 && !isLong;
  for (const check of checks) test.skipIf(isRepeated(check))(check.name, check.run);
});
