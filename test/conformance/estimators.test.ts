/** Every registered estimator through the conformance suite, with what its line in the registry says of it. */
import { describe, test } from "vitest";
import { estimatorConformance, registeredEstimator } from "unspool/conformance";
import { estimators } from "unspool/estimators";

/**
 * Lengths of trajectories that are drawn, of more than every fourth estimator, and places in them that are drawn, of more
 * than every second: only by `npm run test:robustness`.
 */
const isLong = Boolean(process.env["UNSPOOL_LONG_TESTS"]);
const resets = "the mean stays right with resets";

describe.each(estimators.map((entry, i) => [entry.name, entry, i] as const))("%s", (_name, entry, i) => {
  const checks = estimatorConformance(registeredEstimator(entry));
  const isRepeated = ({ name }: (typeof checks)[number]): boolean =>
    !isLong &&
    ((name.endsWith(`${resets} of random length`) && i % 4 !== 2) ||
      (name.endsWith(`${resets} random-offset`) && i % 2 === 1));
  for (const check of checks) test.skipIf(isRepeated(check))(check.name, check.run);
});
