/** Workers that train a network on MNIST and compress what they send: loss against bytes, and against rounds. */
import { type Cell, type CellResults, type Experiment, type Study, defineStudy } from "unspool";
import { z } from "zod";
import { byParticle, doneOf, metricOf } from "../shared/records.ts";
import { mean } from "../shared/series.ts";
import { compressionRuns } from "./compressionRuns.ts";
import {
  type Compared,
  type TrainedRun,
  bytesFigures,
  roundsFigure,
  tradeFigure,
} from "./gradientCompressionFigures.ts";
import { type Scheme, schemeNames, schemesOf } from "./schemes.ts";
import { trainingFields } from "./workers.ts";

const config = z.strictObject({
  ...trainingFields,
  study: z
    .array(z.enum(schemeNames))
    .default([...schemeNames])
    .describe("compressors that are compared, with and without error feedback; [] leaves them out"),
  localSteps: z
    .array(z.int().min(1))
    .default([1, 4, 16, 64])
    .describe("steps between averages of local SGD that are compared; [] leaves it out"),
  seeds: z.int().min(1).default(4).describe("of each compared run"),
});

type Config = z.infer<typeof config>;

export const gradientCompression: Study = defineStudy<Config>({
  name: "gradient-compression",
  summary:
    "four workers on MNIST: loss against bytes sent for every compressor, and against rounds for local SGD",
  paper:
    "Karimireddy et al. (ICML 2019), Lin et al. (ICLR 2018), Vogels et al. (NeurIPS 2019), Stich (ICLR 2019), at CPU size",
  config,
  cells({ study, localSteps, ...shared }, seed) {
    const cell = (id: string, own: object): Cell => ({
      id,
      experiment: compressionRuns as Experiment,
      config: { ...shared, ...own },
      seed,
    });
    return [
      ...schemesOf(study).map((scheme) =>
        cell(schemeId(scheme), { compressor: scheme.name, errorFeedback: scheme.hasFeedback }),
      ),
      ...[...new Set(localSteps)].map((steps) => cell(localId(steps), { localSteps: steps })),
    ];
  },
  summarise(results, settings) {
    const schemes = schemesOf(settings.study).flatMap((scheme) => {
      const label = scheme.hasFeedback ? `${scheme.name}, error feedback` : scheme.name;
      return trainedRuns(results, schemeId(scheme), label, settings).map((run) => ({ ...run, ...scheme }));
    });
    const local = settings.localSteps.flatMap((steps) =>
      trainedRuns(results, localId(steps), `H = ${steps}`, settings).map((run) => ({ ...run, steps })),
    );
    return {
      metrics: {
        ...Object.fromEntries(
          schemes.map(({ name, hasFeedback, finalLosses }) => [
            `${name}${hasFeedback ? "Feedback" : ""}Loss`,
            mean(finalLosses),
          ]),
        ),
        ...Object.fromEntries(
          local.map(({ steps, finalLosses }) => [`local${steps}Loss`, mean(finalLosses)]),
        ),
      },
      tables: [tableOf(settings, schemes, local)],
      figures: [
        ...(schemes.length === 0 ? [] : [tradeFigure(comparedOf(schemes), local)]),
        ...(schemes.length === 0 ? [] : bytesFigures(comparedOf(schemes))),
        ...(local.length === 0 ? [] : [roundsFigure(local)]),
      ],
    };
  },
}) as Study;

const schemeId = ({ name, hasFeedback }: Scheme): string => (hasFeedback ? `${name}-feedback` : name);
const localId = (steps: number): string => `local-${steps}`;

/** The runs of a cell that is done; none otherwise. */
function trainedRuns(results: CellResults, id: string, label: string, { seeds }: Config): TrainedRun[] {
  const done = doneOf(results, id);
  if (done === undefined) return [];
  const last = done.metrics.at(-1);
  const steps = done.metrics.map(({ innerSteps }) => innerSteps / seeds);
  return [
    {
      label,
      curve: done.metrics.map((record, i) => ({ step: steps[i]!, loss: record.loss })),
      finalLosses: byParticle(last, "finalLoss", seeds),
      bytesPerStep: metricOf(last, "bytesPerStep"),
      wholeBytes: metricOf(last, "wholeBytes"),
    },
  ];
}

function tableOf(
  { examples, steps, seeds }: Config,
  schemes: readonly TrainedRun[],
  local: readonly TrainedRun[],
) {
  const runs = [...schemes, ...local.map((run) => ({ ...run, label: `local SGD, ${run.label}` }))];
  return {
    title: `Loss on all ${examples} images after ${steps} steps, mean of ${seeds} seeds`,
    columns: ["what is sent", "loss", "least", "most", "bytes per step", "times fewer bytes"],
    rows: runs.map(({ label, finalLosses, bytesPerStep, wholeBytes }) => [
      label,
      mean(finalLosses),
      Math.min(...finalLosses),
      Math.max(...finalLosses),
      Math.round(bytesPerStep),
      wholeBytes / bytesPerStep,
    ]),
  };
}

function comparedOf(schemes: readonly (TrainedRun & Scheme)[]): Compared {
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
