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

/** Unrolled, a step is compiled with its derivatives: of every third in `npm test`, of all in `npm run test:long`. */
const isUnrolled = ({ name }: { name: string }): boolean =>
  name.includes("through an unroll") || name.includes("PES estimates");

const subjects = [ofGradients, ...objectiveOptimizers.map(registeredObjectiveOptimizer)];

describe.each(subjects.map((subject, i) => [subject.name, subject, i] as const))(
  "%s",
  (_name, subject, i) => {
    for (const check of objectiveConformance(subject))
      test(check.name, { tags: i % 3 !== 0 && isUnrolled(check) ? ["long"] : [] }, check.run);
  },
);
