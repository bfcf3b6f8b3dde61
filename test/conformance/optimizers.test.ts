/** Every registered optimizer through the conformance suite. */
import { describe, test } from "vitest";
import { type OptimizerSubject, optimizerConformance } from "unspool/conformance";
import { type OptimizerEntry, createOptimizer, optimizers } from "unspool/optimizers";

/** What the suite must know of an optimizer besides its name; wrappers stand around sgd. */
interface Known extends Partial<OptimizerSubject> {
  /** Options that are not learned. */
  options?: Record<string, unknown>;
}

const known: Readonly<Record<string, Known>> = {
  momentum: { hyperparameters: { learningRate: 0.05, momentum: 0.5 } },
  nesterov: { hyperparameters: { learningRate: 0.05, momentum: 0.5 } },
  rmsprop: { hyperparameters: { learningRate: 0.05, decay: 0.9 } },
  adagrad: { hyperparameters: { learningRate: 0.5 } },
  adam: { hyperparameters: { learningRate: 0.05, beta1: 0.9, beta2: 0.99 } },
  adamw: { hyperparameters: { learningRate: 0.05, weightDecay: 0.01 }, hasDecay: true },
  adadelta: { hyperparameters: { learningRate: 5, decay: 0.9, eps: 1e-3 } },
  adamax: { hyperparameters: { learningRate: 0.05, beta1: 0.9, beta2: 0.99 }, stepsOfDescent: 60 },
  nadam: { hyperparameters: { learningRate: 0.05, beta1: 0.9, beta2: 0.99, momentumDecay: 0.1 } },
  amsgrad: { hyperparameters: { learningRate: 0.05, beta1: 0.9, beta2: 0.99 }, stepsOfDescent: 60 },
  radam: { hyperparameters: { learningRate: 0.05, beta1: 0.9, beta2: 0.99 }, stepsOfDescent: 60 },
  adabelief: { hyperparameters: { learningRate: 0.05, beta1: 0.9, beta2: 0.99 }, stepsOfDescent: 60 },
  yogi: { hyperparameters: { learningRate: 0.05, beta1: 0.9, beta2: 0.99 }, stepsOfDescent: 60 },
  adabound: { hyperparameters: { learningRate: 0.01, beta1: 0.9, beta2: 0.99, finalLearningRate: 0.1 } },
  padam: { hyperparameters: { learningRate: 0.05, beta1: 0.9, power: 0.2 } },
  novograd: { hyperparameters: { learningRate: 0.02, beta1: 0.9, beta2: 0.5 }, isPerLeaf: true },
  adafactor: { hyperparameters: { learningRate: 0.05, decay: 0.8, clip: 0.7 }, isPerLeaf: true },
  sm3: { hyperparameters: { learningRate: 0.3, momentum: 0.5 }, isPerLeaf: true },
  // The roots of what is nearly singular are not the same in float32 and float64: eps is 1.
  shampoo: {
    hyperparameters: { learningRate: 0.3, momentum: 0.5 },
    options: { eps: 1 },
    isPerLeaf: true,
    stepsOfDescent: 20,
  },
  lars: {
    hyperparameters: { learningRate: 1, momentum: 0.5, weightDecay: 0.01, trust: 0.02 },
    isPerLeaf: true,
    hasDecay: true,
    stepsOfDescent: 60,
  },
  lamb: {
    hyperparameters: { learningRate: 0.02, beta1: 0.9, beta2: 0.99, weightDecay: 0.01 },
    isPerLeaf: true,
    hasDecay: true,
    stepsOfDescent: 60,
  },
  lans: {
    hyperparameters: { learningRate: 0.02, beta1: 0.9, beta2: 0.99, weightDecay: 0.01 },
    isPerLeaf: true,
    hasDecay: true,
    stepsOfDescent: 60,
  },
  signum: { hyperparameters: { learningRate: 0.05, momentum: 0.5 } },
  lion: { hyperparameters: { learningRate: 0.05, beta1: 0.9, beta2: 0.99 } },
  adaptiveGradientClip: { options: { clip: 0.5 }, isPerLeaf: true },
  coupledWeightDecay: { hasDecay: true },
  // Noise moves theta without a gradient, as decay does.
  gradientNoise: { hasDecay: true },
};

/** A rule without a learning rate is tried with its other numbers, at their defaults; a wrapper has that of sgd. */
function ownNumbers({ isWrapper, defaults }: OptimizerEntry): Pick<Known, "hyperparameters"> {
  if (isWrapper || "learningRate" in defaults) return {};
  const numbers = Object.entries(defaults).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number",
  );
  return { hyperparameters: Object.fromEntries(numbers) };
}

describe.each(optimizers.map((entry) => [entry.name, entry] as const))("%s", (name, entry) => {
  const { isWrapper } = entry;
  const { options, ...subject }: Known = known[name] ?? ownNumbers(entry);
  const create: OptimizerSubject["create"] = (hyperparameters) =>
    createOptimizer(
      name,
      isWrapper
        ? { ...options, inner: { name: "sgd", ...hyperparameters } }
        : { ...options, ...hyperparameters },
    );
  for (const check of optimizerConformance({ name, create, ...subject })) test(check.name, check.run);
});
