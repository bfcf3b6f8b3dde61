/**
 * Sharp and flat minima of a small network on MNIST: the largest eigenvalue of the Hessian against the batch size and
 * against the radius of SAM, and the loss on the line between minima of small and of large batches. The run trains
 * one more network, with the batch and the radius of its options.
 */
import {
  type Experiment,
  type Figure,
  type Key,
  type LabelledData,
  type Layer,
  defineExperiment,
  initMlp,
  minibatch,
  objectiveDescent,
  random,
  sam,
  sgd,
} from "unspool";
import { z } from "zod";
import { loadMnist } from "../shared/data/mnist.ts";
import {
  type LinePoint,
  type Minimum,
  classes,
  firstOf,
  lineBetween,
  measures,
  minimaOf,
  objectiveOn,
  over,
} from "./sharpMinimaStudy.ts";

const config = z.strictObject({
  batchSize: z.int().min(1).default(20).describe("of the network that the run trains"),
  rho: z.number().min(0).default(0.05).describe("radius of SAM in the run; 0 is SGD"),
  steps: z.int().min(1).default(1000).describe("updates of every network"),
  learningRate: z.number().positive().default(0.1),
  images: z.int().min(100).max(50_000).default(2000).describe("training images"),
  hidden: z.array(z.int().min(1)).default([64, 64]).describe("sizes of the hidden layers"),
  batchSizes: z.array(z.int().min(1)).min(2).default([20, 100, 500]).describe("of the study, without SAM"),
  rhos: z
    .array(z.number().positive())
    .min(1)
    .default([0.05, 0.1, 0.2])
    .describe("radii of the study, at its smallest batch"),
  seeds: z.int().min(1).default(1).describe("networks per setting in the study"),
});

type Config = z.infer<typeof config>;

interface Study {
  minima: Minimum[];
  line: LinePoint[];
}

export const sharpMinima: Experiment<unknown, Layer[]> = defineExperiment<Config, Layer[]>({
  name: "sharp-minima",
  summary: "sharpness of minima on MNIST against batch size and the radius of SAM",
  paper: "Keskar et al. (ICLR 2017), Figures 3 and 4; Foret et al. (ICLR 2021), section 4.2; at CPU size",
  config,
  setup(settings: Config, key: Key) {
    const mnist = loadMnist(2);
    const data = { train: firstOf(mnist.train, settings.images), test: firstOf(mnist.test, 2000) };
    const { learningRate, rho, batchSize, steps, hidden } = settings;
    let found: Study | undefined;
    const study = (): Study => (found ??= studied(data, settings, random.foldIn(key, "study")));
    return {
      theta: initMlp(random.foldIn(key, "start"), [mnist.features, ...hidden, classes]),
      method: objectiveDescent({
        optimizer: sam(sgd({ learningRate }), { rho }),
        objective: objectiveOn,
        data: (draw: Key) => minibatch(data.train, draw, batchSize),
      }),
      steps,
      evaluate(theta) {
        const own = measures(data)(theta, random.foldIn(key, "probes"));
        return evaluation(settings, study(), own);
      },
      figures: () => [
        batchFigure(settings, study()),
        radiusFigure(settings, study()),
        lineFigure(study(), "loss"),
        lineFigure(study(), "accuracy"),
      ],
    };
  },
});

function studied(data: { train: LabelledData; test: LabelledData }, settings: Config, key: Key): Study {
  const minima = minimaOf(data, settings, key);
  const { small, large } = extremes(settings);
  const at = (size: number) =>
    minima.find(({ batchSize, rho, seed }) => batchSize === size && rho === 0 && seed === 0)!.layers;
  return { minima, line: lineBetween(data, at(small), at(large)) };
}

function extremes({ batchSizes }: Config): { small: number; large: number } {
  return { small: Math.min(...batchSizes), large: Math.max(...batchSizes) };
}

function evaluation(
  settings: Config,
  { minima }: Study,
  own: Omit<Minimum, "layers" | "batchSize" | "rho" | "seed">,
) {
  const { small, large } = extremes(settings);
  const rho = Math.max(...settings.rhos);
  const lambda = (batchSize: number, radius: number) => over(minima, { batchSize, rho: radius });
  const rows = [...new Map(minima.map((m) => [`${m.batchSize} ${m.rho}`, m])).values()].map((setting) => [
    setting.batchSize,
    setting.rho,
    ...(["lambda", "trace", "epsSharpness", "trainingLoss", "testAccuracy"] as const).map((measure) =>
      over(minima, setting, measure),
    ),
  ]);
  return {
    metrics: {
      lambda: own.lambda,
      trainingLoss: own.trainingLoss,
      testAccuracy: own.testAccuracy,
      smallBatchLambda: lambda(small, 0),
      largeBatchLambda: lambda(large, 0),
      samLambda: lambda(small, rho),
      largeOverSmall: lambda(large, 0) / lambda(small, 0),
      samOverSgd: lambda(small, rho) / lambda(small, 0),
    },
    table: {
      title: `Minima after ${settings.steps} updates, mean of ${settings.seeds} ${settings.seeds === 1 ? "network" : "networks"}`,
      columns: [
        "batch",
        "rho",
        "largest eigenvalue",
        "trace",
        "Keskar's sharpness, %",
        "training loss",
        "test accuracy",
      ],
      rows,
    },
  };
}

function batchFigure(settings: Config, { minima }: Study): Figure {
  const plain = minima.filter(({ rho }) => rho === 0);
  const sizes = settings.batchSizes.toSorted((a, b) => a - b);
  const mean = sizes.map((batchSize) => over(minima, { batchSize, rho: 0 }));
  return {
    id: "batch-size",
    title: "Sharpness against the batch size",
    caption:
      `Largest eigenvalue of the Hessian of the training loss after ${settings.steps} updates of SGD with learning rate ` +
      `${settings.learningRate}: larger batches end in sharper minima. Dots: networks.`,
    x: { label: "batch size", scale: "log" },
    y: { label: "largest eigenvalue", scale: "log" },
    series: [
      { name: "mean", x: sizes, y: mean },
      {
        name: "network",
        kind: "dots",
        x: plain.map(({ batchSize }) => batchSize),
        y: plain.map(({ lambda }) => lambda),
      },
    ],
  };
}

function radiusFigure(settings: Config, { minima }: Study): Figure {
  const { small } = extremes(settings);
  const some = minima.filter(({ batchSize }) => batchSize === small);
  const radii = [...new Set(some.map(({ rho }) => rho))].toSorted((a, b) => a - b);
  return {
    id: "radius",
    title: "Sharpness against the radius of SAM",
    caption: `Batches of ${small}; a radius of 0 is SGD. SAM's minima are flatter, the more so the larger its radius.`,
    x: { label: "radius rho" },
    y: { label: "largest eigenvalue" },
    series: [
      { name: "mean", x: radii, y: radii.map((rho) => over(minima, { batchSize: small, rho })) },
      { name: "network", kind: "dots", x: some.map(({ rho }) => rho), y: some.map(({ lambda }) => lambda) },
    ],
  };
}

function lineFigure({ line }: Study, what: "loss" | "accuracy"): Figure {
  const x = line.map(({ position }) => position);
  const isLoss = what === "loss";
  const y = (of: "training" | "test") => line.map((point) => point[`${of}${isLoss ? "Loss" : "Accuracy"}`]);
  return {
    id: `line-${what}`,
    title: `${isLoss ? "Loss" : "Accuracy"} between minima of small and large batches`,
    caption: isLoss
      ? "On the straight line from the small-batch minimum (0) to the large-batch minimum (1): the basin is wider around 0. Keskar et al. 2017, Figure 3."
      : "The same line: accuracy falls off faster beyond the large-batch minimum than beyond the small-batch one.",
    x: { label: "position on the line" },
    y: isLoss ? { label: "cross-entropy", scale: "log" } : { label: "accuracy" },
    series: [
      { name: "training", x, y: y("training") },
      { name: "test", x, y: y("test") },
    ],
    references: [
      { axis: "x", value: 0, label: "small batch" },
      { axis: "x", value: 1, label: "large batch" },
    ],
  };
}
