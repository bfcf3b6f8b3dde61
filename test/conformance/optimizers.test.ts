/** Every registered optimizer through the conformance suite. */
import { describe, test } from "vitest";
import { type OptimizerSubject, optimizerConformance } from "unspool/conformance";
import { createOptimizer, optimizers } from "unspool/optimizers";

/** What the suite must know of an optimizer besides its name; wrappers stand around sgd. */
const known: Readonly<Record<string, Partial<OptimizerSubject>>> = {
  momentum: { hyperparameters: { learningRate: 0.05, momentum: 0.5 } },
  nesterov: { hyperparameters: { learningRate: 0.05, momentum: 0.5 } },
  rmsprop: { hyperparameters: { learningRate: 0.05, decay: 0.9 } },
  adagrad: { hyperparameters: { learningRate: 0.5 } },
  adam: { hyperparameters: { learningRate: 0.05, beta1: 0.9, beta2: 0.99 } },
  adamw: { hyperparameters: { learningRate: 0.05, weightDecay: 0.01 }, hasDecay: true },
};

describe.each(optimizers.map((entry) => [entry.name, entry] as const))("%s", (name, { isWrapper }) => {
  const create: OptimizerSubject["create"] = (hyperparameters) =>
    createOptimizer(
      name,
      isWrapper ? { inner: { name: "sgd", ...hyperparameters } } : { ...hyperparameters },
    );
  for (const check of optimizerConformance({ name, create, ...known[name] })) test(check.name, check.run);
});
