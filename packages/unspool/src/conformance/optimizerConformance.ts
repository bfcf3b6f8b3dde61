/**
 * The properties that every optimizer has, as checks for any test runner: on its own, compiled, saved and loaded, and
 * inside an unrolled problem whose theta are its hyperparameters.
 */
import type { ConformanceCheck } from "./check.ts";
import { ruleChecks } from "./optimizerRule.ts";
import type { CheckedOptimizer, OptimizerSubject } from "./optimizerSubject.ts";
import { unrolledChecks } from "./optimizerUnrolled.ts";

/**
 * The checks of one optimizer.
 *
 * @example
 * import { optimizerConformance } from "unspool/conformance";
 *
 * const checks = optimizerConformance({ name: "mine", create: (options) => mine(options) });
 * for (const check of checks) test(check.name, check.run);
 */
export function optimizerConformance(subject: OptimizerSubject): ConformanceCheck[] {
  const checked: CheckedOptimizer = {
    name: subject.name,
    create: (hyperparameters) => subject.create(hyperparameters),
    hyperparameters: subject.hyperparameters ?? { learningRate: 0.05 },
    hasDecay: subject.hasDecay ?? false,
    isPerLeaf: subject.isPerLeaf ?? false,
    stepsOfDescent: subject.stepsOfDescent ?? 200,
  };
  return [...ruleChecks(checked), ...unrolledChecks(checked)].map(({ name, run }) => ({
    name: `${subject.name}: ${name}`,
    run,
  }));
}
