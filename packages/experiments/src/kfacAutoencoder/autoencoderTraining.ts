/** The deep autoencoder trained by one optimizer; its reconstruction error on all images is measured on the way. */
import {
  type Experiment,
  type Key,
  type ObjectiveOptimizer,
  type Setup,
  type StepRecord,
  type Tensor,
  adam,
  defineExperiment,
  firstOrder,
  foof,
  kfac,
  np,
  objectiveDescent,
  random,
} from "unspool";
import { z } from "zod";
import { measuredTraining } from "../shared/measuredTraining.ts";
import { metricOf, typical } from "../shared/records.ts";
import {
  type AutoencoderTheta,
  type Images,
  autoencoderImages,
  autoencoderObjective,
  autoencoderTheta,
  baseline,
  reconstructionError,
} from "./autoencoder.ts";

export const autoencoderMethods = [
  "kfac",
  "kfac-tridiagonal",
  "kfac-plain",
  "kfac-tridiagonal-plain",
  "foof",
  "nesterov",
  "adam",
] as const;
export type AutoencoderMethod = (typeof autoencoderMethods)[number];

interface NetworkFields {
  images: z.ZodDefault<z.ZodInt>;
  hidden: z.ZodDefault<z.ZodArray<z.ZodInt>>;
  damping: z.ZodDefault<z.ZodNumber>;
  l2: z.ZodDefault<z.ZodNumber>;
  nesterovRate: z.ZodDefault<z.ZodNumber>;
  adamRate: z.ZodDefault<z.ZodNumber>;
  foofRate: z.ZodDefault<z.ZodNumber>;
  foofDamping: z.ZodDefault<z.ZodNumber>;
}

/** Network and options of the optimizers. */
export const autoencoderFields: NetworkFields = {
  images: z.int().min(2).default(400).describe("first training images of MNIST, at 14 by 14 pixels"),
  hidden: z.array(z.int().min(1)).default([100, 50, 20]).describe("layers from the image to the code"),
  damping: z.number().positive().default(1).describe("lambda of K-FAC at first"),
  l2: z.number().min(0).default(1e-5).describe("of K-FAC"),
  nesterovRate: z.number().positive().default(0.03).describe("learning rate of Nesterov momentum"),
  adamRate: z.number().positive().default(0.003).describe("learning rate of Adam"),
  foofRate: z.number().positive().default(0.1).describe("learning rate of FOOF with momentum 0.9"),
  foofDamping: z.number().positive().default(0.3),
};

const config = z.strictObject({
  optimizer: z.enum(autoencoderMethods).default("kfac").describe("plain: without momentum"),
  ...autoencoderFields,
  steps: z.int().min(1).default(40),
  batchSize: z.int().min(0).default(0).describe("images in each step, drawn anew; 0 for all"),
  measureEvery: z
    .int()
    .min(1)
    .default(1)
    .describe("steps between measurements of the error, but the first are all measured"),
});

type Config = z.infer<typeof config>;

export const autoencoderTraining: Experiment<unknown, AutoencoderTheta> = defineExperiment<
  Config,
  AutoencoderTheta
>({
  name: "autoencoder-training",
  summary: "a deep autoencoder of MNIST trained by one optimizer",
  paper: "Martens, Grosse (ICML 2015), section 13, at CPU size",
  config,
  setup(settings: Config, key: Key) {
    const images = autoencoderImages(settings.images);
    const pixels = images.pixels.shape[1]!;
    const { hidden, steps, batchSize, measureEvery } = settings;
    const sizes = [pixels, ...hidden, ...hidden.slice(0, -1).toReversed(), pixels];
    const errorAt = reconstructionError(images);
    return {
      ...autoencoderSetup({
        theta: autoencoderTheta(sizes, random.foldIn(key, "theta")),
        optimizer: autoencoderOptimizer(settings),
        ...{ images, key, steps, batchSize, measureEvery },
      }),
      evaluate: (trained, initial) => ({
        metrics: { error: errorAt(trained), initialError: errorAt(initial) },
      }),
    };
  },
});

export interface AutoencoderSetupOptions {
  theta: AutoencoderTheta;
  optimizer: ObjectiveOptimizer;
  images: Images;
  key: Key;
  /** Updates. */
  steps: number;
  /** Default 0: all images in every step. */
  batchSize?: number;
  /** Default 1. */
  measureEvery?: number;
}

/** The training of an autoencoder. Records of updates have none, those of measurements have a metric `error`. */
export function autoencoderSetup(options: AutoencoderSetupOptions): Setup<AutoencoderTheta> {
  const { theta, optimizer, images, key, steps, batchSize = 0, measureEvery = 1 } = options;
  const errorAt = reconstructionError(images);
  const isMeasured = (done: number): boolean =>
    done <= Math.min(measureEvery, 10) || done % measureEvery === 0 || done === steps;
  return {
    theta,
    ...measuredTraining<AutoencoderTheta>({
      method: objectiveDescent({
        optimizer,
        objective: autoencoderObjective,
        data: (own) => (batchSize === 0 ? images : drawImages(images, own, batchSize)),
      }),
      key,
      updates: steps,
      measureAt: Array.from({ length: steps + 1 }, (_, done) => done).filter(isMeasured),
      measures: [(at) => ({ error: errorAt(at) })],
    }),
  };
}

function drawImages({ pixels }: Images, key: Key, count: number): Images {
  const order = random.permutation(random.foldIn(key, "images"), pixels.shape[0]!) as Tensor;
  return { pixels: np.take(pixels, order.slice([0, count]), 0) };
}

export interface OptimizerSettings extends Record<Exclude<keyof NetworkFields, "images" | "hidden">, number> {
  optimizer: AutoencoderMethod;
}

export function autoencoderOptimizer(settings: OptimizerSettings): ObjectiveOptimizer {
  const { damping, l2, nesterovRate, adamRate, foofRate, foofDamping } = settings;
  const own = { damping, l2 };
  const made: Record<AutoencoderMethod, () => ObjectiveOptimizer> = {
    kfac: () => kfac(own),
    "kfac-tridiagonal": () => kfac({ ...own, structure: "tridiagonal" }),
    "kfac-plain": () => kfac({ ...own, momentum: 0 }),
    "kfac-tridiagonal-plain": () => kfac({ ...own, structure: "tridiagonal", momentum: 0 }),
    foof: () => foof({ learningRate: foofRate, damping: foofDamping, momentum: 0.9 }) as ObjectiveOptimizer,
    nesterov: () => baseline(nesterovRate),
    adam: () => firstOrder(adam({ learningRate: adamRate })),
  };
  return made[settings.optimizer]();
}

export interface TrainingCurve {
  /** Numbers of updates after which the error was measured, from 0. */
  measured: number[];
  errors: number[];
  /** At every update. */
  losses: number[];
}

export function trainingCurve(records: readonly StepRecord[]): TrainingCurve {
  const measured = records.filter((record) => "error" in record);
  return {
    measured: measured.map((record) => metricOf(record, "update")),
    errors: measured.map((record) => metricOf(record, "error")),
    losses: updatesOf(records).map(({ loss }) => loss),
  };
}

const updatesOf = (records: readonly StepRecord[]): StepRecord[] =>
  records.filter((record) => !("error" in record));

/**
 * Seconds until each update is done, from 0: an update counts with the typical time of those that do the same work, so
 * compiling does not count.
 */
export function trainingSeconds({ phaseAt }: ObjectiveOptimizer, records: readonly StepRecord[]): number[] {
  const updates = updatesOf(records);
  const kinds = updates.map((_, i) => JSON.stringify(phaseAt?.(i) ?? null));
  const times = new Map(
    [...new Set(kinds)].map((kind) => {
      const own = updates.filter((_, i) => kinds[i] === kind).map(({ durationMs }) => durationMs / 1000);
      return [kind, typical(own)];
    }),
  );
  const seconds = [0];
  for (const kind of kinds) seconds.push(seconds.at(-1)! + times.get(kind)!);
  return seconds;
}
