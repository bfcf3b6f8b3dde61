/** K-FAC on a deep autoencoder against first-order methods, by iterations and by time; and what its factors approximate. */
import {
  type Experiment,
  type Figure,
  type Key,
  type ObjectiveOptimizer,
  adam,
  defineExperiment,
  firstOrder,
  foof,
  kfac,
  objectiveDescent,
  random,
} from "unspool";
import { z } from "zod";
import {
  type AutoencoderTheta,
  type Images,
  type TrainingCurve,
  autoencoderImages,
  autoencoderObjective,
  autoencoderTheta,
  autoencoderTraining,
  baseline,
  reconstructionError,
} from "./autoencoder.ts";
import { fisherFigures } from "./kfacFisherFigures.ts";

const methods = [
  "kfac",
  "kfac-tridiagonal",
  "kfac-plain",
  "kfac-tridiagonal-plain",
  "foof",
  "nesterov",
  "adam",
] as const;
type Method = (typeof methods)[number];

const config = z.strictObject({
  optimizer: z.enum(methods).default("kfac").describe("of the run itself; plain: without momentum"),
  compare: z
    .array(z.enum(methods))
    .default(["kfac", "kfac-tridiagonal", "kfac-plain", "foof", "nesterov", "adam"])
    .describe("methods that the figures train beside it; [] leaves those figures out"),
  steps: z.int().min(1).default(40),
  images: z.int().min(2).default(400).describe("first training images of MNIST, at 14 by 14 pixels"),
  hidden: z.array(z.int().min(1)).default([100, 50, 20]).describe("layers from the image to the code"),
  damping: z.number().positive().default(1).describe("lambda of K-FAC at first"),
  l2: z.number().min(0).default(1e-5).describe("of K-FAC"),
  nesterovRate: z.number().positive().default(0.03).describe("learning rate of Nesterov momentum"),
  adamRate: z.number().positive().default(0.003).describe("learning rate of Adam"),
  foofRate: z.number().positive().default(0.1).describe("learning rate of FOOF with momentum 0.9"),
  foofDamping: z.number().positive().default(0.3),
  firstOrderSteps: z
    .number()
    .min(1)
    .default(8)
    .describe("all but K-FAC do this many times as many steps, which take about as long"),
  batchSizes: z
    .array(z.int().min(1))
    .default([50, 200])
    .describe("batches drawn anew whose progress per iteration is compared; [] leaves the figure out"),
  fisher: z.boolean().default(true).describe("whether to draw the Fisher information of a small network"),
});

type Config = z.infer<typeof config>;

export const kfacAutoencoder: Experiment<unknown, AutoencoderTheta> = defineExperiment<
  Config,
  AutoencoderTheta
>({
  name: "kfac-autoencoder",
  summary: "a deep autoencoder of MNIST trained by K-FAC and by first-order methods",
  paper: "Martens, Grosse (ICML 2015), Figures 2 to 6 and 9 to 11, at CPU size",
  config,
  setup(settings: Config, key: Key) {
    const images = autoencoderImages(settings.images);
    const pixels = images.pixels.shape[1]!;
    const { hidden } = settings;
    const sizes = [pixels, ...hidden, ...hidden.slice(0, -1).toReversed(), pixels];
    const theta = autoencoderTheta(sizes, random.foldIn(key, "theta"));
    const study = memo((steps: number) => compared(settings, images, theta, key, steps));
    return {
      theta,
      method: objectiveDescent({
        optimizer: optimizerOf(settings.optimizer, settings),
        objective: autoencoderObjective,
        data: () => images,
      }),
      steps: settings.steps,
      evaluate(trained, initial, stepsDone) {
        const errorAt = reconstructionError(images);
        const rows = study(stepsDone).map(([name, curve]) => rowOf(name, curve));
        return {
          metrics: { error: errorAt(trained), initialError: errorAt(initial) },
          ...(rows.length > 0 && {
            table: {
              title: `squared error per image, ${settings.images} images, all in every step`,
              columns: ["method", "steps", "error", "loss", "ms per step", "seconds"],
              rows,
            },
          }),
        };
      },
      figures(run) {
        const steps = run.metrics.at(-1)?.step ?? 0;
        return [
          ...(settings.compare.length > 0 ? progressFigures(study(steps)) : []),
          ...(settings.batchSizes.length > 0 ? [batchFigure(settings, images, theta, key, steps)] : []),
          ...(settings.fisher ? fisherFigures(random.foldIn(key, "fisher")) : []),
        ];
      },
    };
  },
});

function optimizerOf(method: Method, settings: Config): ObjectiveOptimizer {
  const { damping, l2, nesterovRate, adamRate, foofRate, foofDamping } = settings;
  const own = { damping, l2 };
  const made: Record<Method, () => ObjectiveOptimizer> = {
    kfac: () => kfac(own),
    "kfac-tridiagonal": () => kfac({ ...own, structure: "tridiagonal" }),
    "kfac-plain": () => kfac({ ...own, momentum: 0 }),
    "kfac-tridiagonal-plain": () => kfac({ ...own, structure: "tridiagonal", momentum: 0 }),
    foof: () => foof({ learningRate: foofRate, damping: foofDamping, momentum: 0.9 }) as ObjectiveOptimizer,
    nesterov: () => baseline(nesterovRate),
    adam: () => firstOrder(adam({ learningRate: adamRate })),
  };
  return made[method]() as ObjectiveOptimizer;
}

const isFirstOrder = (method: Method): boolean => !method.startsWith("kfac");

type Study = readonly (readonly [Method, TrainingCurve])[];

function compared(settings: Config, images: Images, start: AutoencoderTheta, key: Key, steps: number): Study {
  return settings.compare.map((method) => {
    const count = isFirstOrder(method) ? Math.round(steps * settings.firstOrderSteps) : steps;
    const train = autoencoderTraining(optimizerOf(method, settings), images);
    return [method, train({ start, steps: count, key, measureEvery: Math.ceil(count / 40) })] as const;
  });
}

function rowOf(name: string, { errors, losses, seconds }: TrainingCurve): (string | number)[] {
  const time = seconds.at(-1)!;
  return [name, losses.length, errors.at(-1)!, losses.at(-1)!, (1000 * time) / losses.length, time];
}

/** Figures 10 and 11. */
function progressFigures(study: Study): Figure[] {
  const series = (xOf: (curve: TrainingCurve) => number[]) =>
    study.map(([name, curve]) => ({ name, x: xOf(curve), y: curve.errors }));
  const y = { label: "squared error per image", scale: "log" } as const;
  const most = Math.max(...study.filter(([m]) => !isFirstOrder(m)).map(([, c]) => c.seconds.at(-1)!), 0);
  return [
    {
      id: "progress-per-iteration",
      title: "Training error by iterations",
      caption:
        "Per iteration K-FAC is far ahead of FOOF, Nesterov momentum and Adam if it has momentum itself, and the tridiagonal inverse is ahead of the block-diagonal one; without momentum it loses most of its lead (Martens and Grosse 2015, Figure 11).",
      x: { label: "iterations, from 1 for none", scale: "log" },
      y,
      series: series(({ measured }) => measured.map((step) => step + 1)),
    },
    {
      id: "progress-per-second",
      title: "Training error by time",
      caption:
        "The same against time in steps, without compiling: an iteration of K-FAC costs several of a first-order method, which takes part of its lead, and more of that of the tridiagonal inverse (Figure 10). Learning rates of the others were chosen by hand for 160 steps. Times are of this machine.",
      x: { label: "seconds", ...(most > 0 && { domain: [0, 1.1 * most] as [number, number] }) },
      y,
      series: series(({ measured, seconds }) => measured.map((step) => seconds[step]!)),
    },
  ];
}

/** Figure 9. */
function batchFigure(
  settings: Config,
  images: Images,
  start: AutoencoderTheta,
  key: Key,
  steps: number,
): Figure {
  const train = (["kfac", "nesterov"] as const).map(
    (method) => [method, autoencoderTraining(optimizerOf(method, settings), images)] as const,
  );
  const series = settings.batchSizes.flatMap((batchSize) =>
    train.map(([method, run]) => {
      const { measured, errors } = run({ start, steps, key, batchSize });
      return { name: `${method}, batches of ${batchSize}`, x: measured.map((step) => step + 1), y: errors };
    }),
  );
  return {
    id: "batch-sizes",
    title: "Progress per iteration by batch size",
    caption:
      "Error on all images while batches are drawn anew in every step. An iteration of K-FAC gains from larger batches; Nesterov momentum makes hardly more progress with them (Martens and Grosse 2015, Figure 9).",
    x: { label: "iterations, from 1 for none", scale: "log" },
    y: { label: "squared error per image", scale: "log" },
    series,
  };
}

function memo<B>(fn: (argument: number) => B): (argument: number) => B {
  const known = new Map<number, B>();
  return (argument) => {
    const result = known.get(argument) ?? fn(argument);
    known.set(argument, result);
    return result;
  };
}
