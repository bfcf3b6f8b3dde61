/** Every registered optimizer of objectives through the conformance suite, and a rule for gradients as one of them. */
import { describe, test } from "vitest";
import {
  type ObjectiveOptimizerSubject,
  objectiveConformance,
  registeredObjectiveOptimizer,
} from "unspool/conformance";
import { adam, firstOrder, objectiveOptimizers } from "unspool/optimizers";

const ofGradients: ObjectiveOptimizerSubject = {
  name: "firstOrder",
  create: (hyperparameters) => firstOrder(adam({ ...hyperparameters })),
  hyperparameters: { learningRate: 0.05, beta1: 0.9, beta2: 0.99 },
};

describe.each([ofGradients, ...objectiveOptimizers.map(registeredObjectiveOptimizer)])("$name", (subject) => {
  for (const check of objectiveConformance(subject)) test(check.name, check.run);
});
