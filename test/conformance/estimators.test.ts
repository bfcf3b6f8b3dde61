/** Every registered estimator through the conformance suite. */
import { describe, test } from "vitest";
import {
  type EstimatorSubject,
  analyticVariance,
  estimatorConformance,
  noiseReuseVariance,
  persistentVariance,
  truncatedVariance,
} from "unspool/conformance";
import { type EstimatorEntry, type EstimatorName, createEstimator, estimators } from "unspool/estimators";

const allResets = ["staggered", "random-offset", { minLength: 2, maxLength: 5 }] as const;
const edgeResets = ["staggered", "random-offset"] as const;
const pairs = (particles: number, steps: number): number => 2 * particles * steps;
const tasks = (particles: number, steps: number): number => particles * steps;

/** What is known of an estimator beyond its entry in the registry; a test beside its file may know more. */
const known: Partial<Record<EstimatorName, Omit<EstimatorSubject, "name" | "create">>> = {
  fullEs: { variance: noiseReuseVariance, innerSteps: pairs },
  truncatedEs: { variance: truncatedVariance, innerSteps: (n, k) => 3 * n * k, resets: allResets },
  pes: { variance: persistentVariance, innerSteps: pairs, resets: allResets },
  pesAnalytic: { variance: analyticVariance, innerSteps: (n, k) => (2 * n + 1) * k },
  telescopingPes: { objective: "final", innerSteps: pairs, resets: edgeResets },
  nres: { variance: noiseReuseVariance, innerSteps: pairs, resets: allResets },
  gpes: { variance: persistentVariance, innerSteps: pairs, resets: allResets },
  bptt: { variance: () => 0, innerSteps: tasks },
  tbptt: { variance: () => 0, innerSteps: tasks, resets: edgeResets },
  rtrl: { variance: () => 0, innerSteps: tasks, resets: edgeResets },
  uoro: { innerSteps: tasks, resets: edgeResets },
  mixture: { innerSteps: pairs },
  dodge: { variance: noiseReuseVariance, innerSteps: tasks, resets: edgeResets },
};

function subjectOf({ name, isUnbiased, isWhole }: EstimatorEntry): EstimatorSubject {
  return {
    name,
    isWhole,
    expectation: isUnbiased ? "unbiased" : "truncated",
    ...known[name],
    create: (problem, { particles, ...request }) =>
      createEstimator(name, problem, { ...request, sigma: 0.1, pairs: particles, tasks: particles }),
  };
}

describe.each(estimators.map((entry) => [entry.name, entry] as const))("%s", (_name, entry) => {
  for (const check of estimatorConformance(subjectOf(entry))) test(check.name, check.run);
});
