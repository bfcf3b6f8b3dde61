/**
 * The properties that every optimizer of objectives has, as checks for any test runner: on its own on a small network,
 * compiled with its phases, saved and loaded, and inside an unrolled problem whose theta are its hyperparameters.
 */
import { type ConformanceCheck, declaredChecks } from "./check.ts";
import { objectiveRuleChecks } from "./objectiveRule.ts";
import type { CheckedObjectiveOptimizer, ObjectiveOptimizerSubject } from "./objectiveSubject.ts";
import { objectiveUnrolledChecks } from "./objectiveUnrolled.ts";

/**
 * The checks of one optimizer of objectives. They take about a second in all.
 *
 * @example
 * import { objectiveConformance } from "unspool/conformance";
 *
 * const checks = objectiveConformance({ name: "mine", create: (options) => mine(options) });
 * for (const check of checks) test(check.name, check.run);
 */
export function objectiveConformance(subject: ObjectiveOptimizerSubject): ConformanceCheck[] {
  const checked: CheckedObjectiveOptimizer = {
    name: subject.name,
    create: (hyperparameters) => subject.create(hyperparameters),
    hyperparameters: subject.hyperparameters ?? { learningRate: 0.05 },
    needsNetwork: subject.needsNetwork ?? false,
    movesAtRest: subject.movesAtRest ?? false,
    isDifferentiable: subject.isDifferentiable ?? true,
    stepsOfDescent: subject.stepsOfDescent ?? 200,
  };
  return declaredChecks(subject, [...objectiveRuleChecks(checked), ...objectiveUnrolledChecks(checked)]);
}
