/** What `neuron-descent` compares. */
import { adam, firstOrder, foof, kfacSimple, momentum, naturalGradient } from "unspool";
import type { Trained } from "./networkDescent.ts";

interface TrainingMethod {
  title: string;
  optimizer(): Trained;
}

export const methodNames = [
  "momentum",
  "adam",
  "natural",
  "naturalBlock",
  "kfac",
  "kfacSubsampled",
  "kfacStandard",
  "foof",
] as const;
export type MethodName = (typeof methodNames)[number];

/** Learning rates and dampings are the best of grids, each for its method's final training loss. */
export const methods: Readonly<Record<MethodName, TrainingMethod>> = {
  momentum: {
    title: "SGD with momentum",
    optimizer: () => firstOrder(momentum({ learningRate: 0.03 })),
  },
  adam: { title: "Adam", optimizer: () => firstOrder(adam({ learningRate: 0.003 })) },
  natural: {
    title: "natural gradient",
    optimizer: () => naturalGradient({ learningRate: 0.3, damping: 1 }),
  },
  naturalBlock: {
    title: "natural gradient by blocks",
    optimizer: () => naturalGradient({ learningRate: 0.03, damping: 0.1, blockDiagonal: true }),
  },
  kfac: { title: "K-FAC", optimizer: () => kfacSimple({ learningRate: 0.3, damping: 0.1 }) },
  kfacSubsampled: {
    title: "K-FAC, last batch's factors",
    optimizer: () => kfacSimple({ learningRate: 0.03, damping: 0.01, ema: 0 }),
  },
  kfacStandard: {
    title: "K-FAC, standard damping",
    // Eigenvectors are slow: every tenth step.
    optimizer: () =>
      kfacSimple({ learningRate: 0.1, damping: 0.1, dampingMode: "standard", inversePeriod: 10 }),
  },
  foof: {
    title: "FOOF",
    optimizer: () => foof({ learningRate: 3, damping: 1, factorBatch: "same" }),
  },
};
