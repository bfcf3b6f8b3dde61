/**
 * The properties that every optimizer has, as checks for any test runner: on its own, compiled, saved and loaded, and
 * inside an unrolled problem whose theta are its hyperparameters.
 */
import { tree } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import type { Optimizer } from "../optimizers/index.ts";
import { type ConformanceCheck, declaredChecks } from "./check.ts";
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
    create: (hyperparameters) => withLoss(create(subject, hyperparameters)),
    hyperparameters: subject.hyperparameters ?? { learningRate: 0.05 },
    hasDecay: subject.hasDecay ?? false,
    isPerLeaf: subject.isPerLeaf ?? false,
    stepsOfDescent: subject.stepsOfDescent ?? 200,
  };
  return declaredChecks(subject, [...ruleChecks(checked), ...unrolledChecks(checked)]);
}

/** The loss of the suite's quadratics, g · theta / 2, for an optimizer that looks at it. */
function withLoss(optimizer: Optimizer): Optimizer {
  if (!optimizer.usesLoss) return optimizer;
  return {
    ...optimizer,
    update: (gradient, state, theta) =>
      optimizer.update(gradient, state, theta, { loss: tree.dot(gradient, theta).mul(0.5) }),
  };
}

function create(
  subject: OptimizerSubject,
  hyperparameters: Parameters<OptimizerSubject["create"]>[0],
): Optimizer {
  try {
    return subject.create(hyperparameters);
  } catch (error) {
    if (subject.hyperparameters !== undefined || !(error instanceof OptionError)) throw error;
    throw new OptionError(
      "optimizerConformance",
      "hyperparameters",
      undefined,
      `stated for ${subject.name}, which cannot be made with the default { learningRate: 0.05 } (${error.message})`,
      "Give the subject those that can be learned, with values with which it descends on curvatures 1 to 3.",
    );
  }
}
