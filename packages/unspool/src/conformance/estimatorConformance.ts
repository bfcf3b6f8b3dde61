/**
 * The properties that every gradient estimator has, as checks for any test runner. Statistical checks compare with
 * closed forms on small problems, for fixed seeds; the others are exact.
 */
import { type ConformanceCheck, declaredChecks } from "./check.ts";
import { contractChecks } from "./estimatorContract.ts";
import { statisticalChecks } from "./estimatorStatistics.ts";
import { type EstimatorSubject, checkedSubject } from "./estimatorSubject.ts";

/**
 * The checks of one estimator. They take a few seconds in all.
 *
 * @example
 * import { estimatorConformance, persistentVariance } from "unspool/conformance";
 *
 * const checks = estimatorConformance({
 *   name: "mine",
 *   create: (problem, { truncation, particles, objective }) =>
 *     mine(problem, { truncation, pairs: particles, objective, sigma: 0.1 }),
 *   variance: persistentVariance,
 * });
 * for (const check of checks) test(check.name, check.run);
 */
export function estimatorConformance(subject: EstimatorSubject): ConformanceCheck[] {
  const checked = checkedSubject(subject);
  return declaredChecks(subject, [...contractChecks(checked), ...statisticalChecks(checked)]);
}
