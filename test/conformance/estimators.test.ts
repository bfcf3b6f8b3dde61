/** Every registered estimator through the conformance suite, with what its line in the registry says of it. */
import { describe, test } from "vitest";
import { estimatorConformance, registeredEstimator } from "unspool/conformance";
import { estimators } from "unspool/estimators";

/** Lengths of trajectories that are drawn, of every estimator: only by `npm run test:robustness`. */
const isLong = Boolean(process.env["UNSPOOL_LONG_TESTS"]);
const ofRandomLength = "the mean stays right with resets of random length";

describe.each(estimators.map((entry) => [entry.name, entry] as const))("%s", (name, entry) => {
  const checks = estimatorConformance(registeredEstimator(entry));
  const isRepeated = (check: (typeof checks)[number]): boolean =>
    check.name === ofRandomLength && name !== "pes" && !isLong;
  for (const check of checks) test.skipIf(isRepeated(check))(check.name, check.run);
});
