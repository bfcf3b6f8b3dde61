/** Workers that train a network on MNIST and compress what they send: loss against bytes, and against rounds. */
import {
  type Experiment,
  type Key,
  type LabelledData,
  type Layer,
  type Tree,
  compressorNames,
  createCompressor,
  crossEntropy,
  dataParallel,
  defineExperiment,
  objectiveDescent,
  random,
  sgd,
  tree,
} from "unspool";
import { z } from "zod";
import { loadMnist } from "../shared/data/mnist.ts";
import { type Compared, bytesFigures, roundsFigure, tradeFigure } from "./gradientCompressionFigures.ts";
import {
  type StudySettings,
  type TrainedRun,
  drawBatch,
  networkOf,
  objectiveOf,
  runLocal,
  runScheme,
  schemeNames,
  schemesOf,
} from "./gradientCompressionStudy.ts";
import { mean } from "../shared/series.ts";

const config = z.strictObject({
  compressor: z.enum(compressorNames).default("topK").describe("of the run itself, with its defaults"),
  errorFeedback: z.boolean().default(true).describe("of the run itself, on updates"),
  steps: z.int().min(1).default(400),
  learningRate: z.number().positive().default(0.2).describe("of SGD"),
  workers: z.int().min(1).default(4),
  batchSize: z.int().min(1).default(25).describe("examples of each worker in a step"),
  hidden: z.array(z.int().min(1)).default([100, 100]).describe("sizes of the hidden layers"),
  examples: z.int().min(1).max(50_000).default(5000).describe("training images"),
  study: z
    .array(z.enum(schemeNames))
    .default([...schemeNames])
    .describe("compressors that are compared, with and without error feedback; [] leaves it out"),
  localSteps: z
    .array(z.int().min(1))
    .default([1, 4, 16, 64])
    .describe("steps between averages of local SGD that are compared; [] leaves it out"),
  seeds: z.int().min(1).default(4).describe("of each compared run"),
});

type Config = z.infer<typeof config>;

interface Study {
  schemes: (TrainedRun & { hasFeedback: boolean; name: string })[];
  local: TrainedRun[];
}

export const gradientCompression: Experiment<unknown, Layer[]> = defineExperiment<Config, Layer[]>({
  name: "gradient-compression",
  summary:
    "four workers on MNIST: loss against bytes sent for every compressor, and against rounds for local SGD",
  paper:
    "Karimireddy et al. (ICML 2019), Lin et al. (ICLR 2018), Vogels et al. (NeurIPS 2019), Stich (ICLR 2019), at CPU size",
  config,
  setup(settings: Config, key: Key) {
    const data = firstOf(loadMnist(2).train, settings.examples);
    const studied: StudySettings = { ...settings, data };
    const optimizer = dataParallel({
      workers: settings.workers,
      optimizer: sgd({ learningRate: settings.learningRate }),
      compressor: createCompressor({ name: settings.compressor, errorFeedback: settings.errorFeedback }),
    });
    let found: Study | undefined;
    const study = (): Study => (found ??= studyOf(settings, studied, random.foldIn(key, "study")));
    const theta = networkOf(random.foldIn(key, "layers"), studied);
    return {
      theta,
      method: objectiveDescent<Layer[], LabelledData, Tree>({
        optimizer,
        objective: objectiveOf(settings.workers),
        data: (own) => drawBatch(data, own, settings.workers * settings.batchSize),
      }),
      steps: settings.steps,
      evaluate(trained, initial) {
        const { schemes, local } = study();
        const whole = 4 * tree.size(theta);
        return {
          metrics: {
            initialLoss: crossEntropy(initial, data).item(),
            trainedLoss: crossEntropy(trained, data).item(),
            ...Object.fromEntries(
              schemes.map(({ name, hasFeedback, finalLosses }) => [
                `${name}${hasFeedback ? "Feedback" : ""}Loss`,
                mean(finalLosses),
              ]),
            ),
            ...Object.fromEntries(
              local.map(({ finalLosses }, i) => [`local${settings.localSteps[i]}Loss`, mean(finalLosses)]),
            ),
          },
          table: {
            title: `Loss on all ${settings.examples} images after ${settings.steps} steps, mean of ${settings.seeds} seeds`,
            columns: ["what is sent", "loss", "least", "most", "bytes per step", "times fewer bytes"],
            rows: [...schemes, ...local.map((run) => ({ ...run, label: `local SGD, ${run.label}` }))].map(
              ({ label, finalLosses, bytesPerStep }) => [
                label,
                mean(finalLosses),
                Math.min(...finalLosses),
                Math.max(...finalLosses),
                Math.round(bytesPerStep),
                whole / bytesPerStep,
              ],
            ),
          },
        };
      },
      figures() {
        const { schemes, local } = study();
        const compared = comparedOf(schemes);
        return [
          ...(schemes.length === 0 ? [] : [tradeFigure(compared, local), ...bytesFigures(compared)]),
          ...(local.length === 0 ? [] : [roundsFigure(local, settings.localSteps)]),
        ];
      },
    };
  },
});

/** Seeds and batches are the same for all runs. */
function studyOf({ study, localSteps }: Config, settings: StudySettings, key: Key): Study {
  return {
    schemes: schemesOf(study).map((scheme) => ({
      ...runScheme(scheme, settings, key),
      name: scheme.name,
      hasFeedback: scheme.hasFeedback,
    })),
    local: localSteps.map((steps) => runLocal(steps, settings, key)),
  };
}

function comparedOf(schemes: Study["schemes"]): Compared {
  const fed = schemes.filter(({ hasFeedback }) => hasFeedback);
  const rest = schemes.filter(({ hasFeedback, name }) => !hasFeedback && name !== "noCompression");
  const isBiased = ({ name }: { name: string }) => fed.some((run) => run.name === name);
  return {
    reference: schemes.find(({ name }) => name === "noCompression"),
    feedback: fed,
    biased: rest.filter(isBiased),
    others: rest.filter((run) => !isBiased(run)),
  };
}

function firstOf({ inputs, labels }: LabelledData, count: number): LabelledData {
  return { inputs: inputs.slice([0, count]), labels: labels.slice([0, count]) };
}
