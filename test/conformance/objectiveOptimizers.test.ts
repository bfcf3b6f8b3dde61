/** Every registered optimizer of objectives through the conformance suite, and a rule for gradients as one of them. */
import { describe, test } from "vitest";
import { type ObjectiveOptimizerSubject, objectiveConformance } from "unspool/conformance";
import { adam, createObjectiveOptimizer, firstOrder, objectiveOptimizers } from "unspool/optimizers";

/** What the suite must know of an optimizer besides its name. */
const known: Readonly<Record<string, Partial<ObjectiveOptimizerSubject>>> = {
  foof: { hyperparameters: { learningRate: 0.3, damping: 0.5 } },
  kfacSimple: { hyperparameters: { learningRate: 0.3, damping: 0.1 } },
  naturalGradient: { hyperparameters: { learningRate: 0.1, damping: 0.5 } },
  kfac: {
    hyperparameters: { learningRate: 0.2, momentum: 0.5, damping: 1 },
    // Candidates for gamma triple the program; they have tests of their own.
    create: (options) => createObjectiveOptimizer("kfac", { adaptGamma: false, ...options }),
    stepsOfDescent: 100,
  },
  sam: {
    hyperparameters: { learningRate: 0.2, rho: 0.05 },
    create: ({ learningRate = 0.2, ...options }) =>
      createObjectiveOptimizer("sam", { inner: { name: "sgd", learningRate }, ...options }),
  },
  lookSam: {
    hyperparameters: { learningRate: 0.2, rho: 0.05, alpha: 0.7 },
    create: ({ learningRate = 0.2, ...options }) =>
      createObjectiveOptimizer("lookSam", { inner: { name: "sgd", learningRate }, k: 2, ...options }),
  },
  svrg: {
    hyperparameters: { learningRate: 0.2 },
    create: ({ learningRate = 0.2 }) =>
      createObjectiveOptimizer("svrg", { inner: { name: "sgd", learningRate }, k: 2 }),
  },
  entropySgd: {
    hyperparameters: { learningRate: 1, gamma: 0.1, innerRate: 0.2, alpha: 0.75, noise: 1e-4 },
    create: (options) => createObjectiveOptimizer("entropySgd", { innerSteps: 3, ...options }),
    movesAtRest: true,
    stepsOfDescent: 100,
  },
  adaHessian: { hyperparameters: { learningRate: 0.05, beta1: 0.9, beta2: 0.99 } },
  lbfgs: {
    hyperparameters: { learningRate: 0.9 },
    create: (options) => createObjectiveOptimizer("lbfgs", { memory: 3, halvings: 3, ...options }),
    stepsOfDescent: 20,
  },
  newtonCg: {
    hyperparameters: { learningRate: 0.9, damping: 0.3 },
    // More iterations than the problem has curvatures would turn rounding errors of the last ones into noise.
    create: (options) => createObjectiveOptimizer("newtonCg", { iterations: 4, halvings: 2, ...options }),
    stepsOfDescent: 20,
  },
  dataParallel: around("dataParallel", { workers: 2 }),
  localSgd: around("localSgd", { workers: 2 }),
  staleGradients: around("staleGradients"),
  staleSynchronous: around("staleSynchronous", { periods: [1, 2] }),
  gossipSgd: around("gossipSgd", { workers: 2 }),
  // With rounding the loss is that of rounded parameters, and differences of hyperparameters see steps.
  mixedPrecision: around("mixedPrecision", { format: "float32" }),
};

/** Whose learning rate is that of its option `optimizer`. */
function around(name: string, options: object = {}): Partial<ObjectiveOptimizerSubject> {
  return {
    create: (hyperparameters) =>
      createObjectiveOptimizer(name, { ...options, optimizer: { name: "sgd", ...hyperparameters } }),
  };
}

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
