/** Every registered optimizer of objectives through the conformance suite, and a rule for gradients as one of them. */
import { describe, test } from "vitest";
import { type ObjectiveOptimizerSubject, objectiveConformance } from "unspool/conformance";
import { adam, createObjectiveOptimizer, firstOrder, objectiveOptimizers } from "unspool/optimizers";

/** What the suite must know of an optimizer besides its name. */
const known: Readonly<Record<string, Partial<ObjectiveOptimizerSubject>>> = {
  foof: { hyperparameters: { learningRate: 0.3, damping: 0.5 } },
  kfacSimple: { hyperparameters: { learningRate: 0.3, damping: 0.1 } },
  naturalGradient: { hyperparameters: { learningRate: 0.1, damping: 0.5 } },
};

const registered = objectiveOptimizers.map(({ name, needsNetwork }): ObjectiveOptimizerSubject => ({
  name,
  needsNetwork,
  create: (hyperparameters) => createObjectiveOptimizer(name, { ...hyperparameters }),
  ...known[name],
}));

const ofGradients: ObjectiveOptimizerSubject = {
  name: "firstOrder",
  create: (hyperparameters) => firstOrder(adam({ ...hyperparameters })),
  hyperparameters: { learningRate: 0.05, beta1: 0.9, beta2: 0.99 },
};

describe.each([ofGradients, ...registered])("$name", (subject) => {
  for (const check of objectiveConformance(subject)) test(check.name, check.run);
});
