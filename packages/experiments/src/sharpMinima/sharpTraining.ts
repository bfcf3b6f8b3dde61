/** One network on MNIST, trained by SGD or SAM with one batch size; then how sharp the minimum is that it ends in. */
import {
  type Experiment,
  type Key,
  type LabelledData,
  type Layer,
  type Objective,
  type Tensor,
  applyMlp,
  categoricalLogits,
  compiled,
  crossEntropy,
  defineExperiment,
  epsSharpness,
  errorRate,
  initMlp,
  minibatch,
  networkObjective,
  objectiveDescent,
  random,
  sam,
  sgd,
  sharpness,
} from "unspool";
import { z } from "zod";
import { mnistPart } from "../shared/data/mnist.ts";
import { measuredTraining } from "../shared/measuredTraining.ts";

const config = z.strictObject({
  batchSize: z.int().min(1).default(20),
  rho: z.number().min(0).default(0.05).describe("radius of SAM; 0 is SGD"),
  steps: z.int().min(1).default(1000).describe("updates"),
  learningRate: z.number().positive().default(0.1),
  images: z.int().min(100).max(50_000).default(2000).describe("training images"),
  hidden: z.array(z.int().min(1)).default([64, 64]).describe("sizes of the hidden layers"),
});

type Config = z.infer<typeof config>;

export interface SharpData {
  train: LabelledData;
  test: LabelledData;
}

export function sharpData(images: number): SharpData {
  return { train: mnistPart("train", [0, images], 2), test: mnistPart("test", [0, 2000], 2) };
}

const classes = 10;

/** Metrics of the last steps: those of `measuresOf`. */
export const sharpTraining: Experiment<unknown, Layer[]> = defineExperiment<Config, Layer[]>({
  name: "sharp-training",
  summary: "one network on MNIST by SGD or SAM, and the sharpness of its minimum",
  paper: "Keskar et al. (ICLR 2017); Foret et al. (ICLR 2021), section 4.2; at CPU size",
  config,
  setup({ batchSize, rho, steps, learningRate, images, hidden }: Config, key: Key) {
    const data = sharpData(images);
    const { method, steps: outerSteps } = measuredTraining<Layer[]>({
      method: objectiveDescent({
        optimizer: sam(sgd({ learningRate }), { rho }),
        objective: objectiveOn,
        data: (draw: Key) => minibatch(data.train, draw, batchSize),
      }),
      key: random.foldIn(key, "batches"),
      updates: steps,
      measures: measuresOf(data, random.foldIn(key, "probes")),
    });
    const theta = initMlp(random.foldIn(key, "start"), [data.train.inputs.shape[1]!, ...hidden, classes]);
    return { theta, method, steps: outerSteps };
  },
});

/** The objective on labelled data. */
function objectiveOn({ inputs, labels }: LabelledData): Objective<Layer[]> {
  return networkObjective({
    network: (layers: Layer[], x: Tensor, on) => applyMlp(layers, x, on),
    likelihood: categoricalLogits,
    inputs,
    targets: labels,
  });
}

/** What is measured of a network. */
export const sharpMeasures = ["lambda", "trace", "epsSharpness", "trainingLoss", "testAccuracy"] as const;
export type SharpMeasure = (typeof sharpMeasures)[number];

/**
 * Largest eigenvalue (lambda) and trace of the Hessian of the training loss; Keskar's measure in percent, training loss
 * and test accuracy.
 */
function measuresOf(
  { train, test }: SharpData,
  key: Key,
): ((layers: Layer[]) => Partial<Record<SharpMeasure, number>> & Record<string, number>)[] {
  const loss = (layers: Layer[]): Tensor => crossEntropy(layers, train);
  const hessian = sharpness(loss, { probes: 4, tolerance: 5e-3, iterations: 100 });
  const box = epsSharpness(loss, { steps: 10 });
  const wrong = compiled("wrong", (layers: Layer[]) => errorRate(layers, test));
  return [
    (layers) => {
      const { largest, trace } = hessian(layers, key);
      return { lambda: largest, trace };
    },
    (layers) => {
      const { sharpness: percent, loss: trainingLoss } = box(layers);
      return { epsSharpness: percent, trainingLoss, testAccuracy: 1 - wrong(layers).item() };
    },
  ];
}
