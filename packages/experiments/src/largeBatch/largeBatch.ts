/** Large batches: rules for the learning rate, growing batches, and the learning rate that a large batch wants. */
import { type Cell, type CellResults, type Experiment, type Study, defineStudy } from "unspool";
import { z } from "zod";
import { curveOf, doneOf, meanOverSteps } from "../shared/records.ts";
import { mean } from "../shared/series.ts";
import type { Trained } from "../shared/trainedGrid.ts";
import { adaScaleTraining, batchesPerUpdate } from "./adaScaleTraining.ts";
import { epochs, tunedBatch } from "./batchTraining.ts";
import {
  controllersFigure,
  gainsFigure,
  growthFigure,
  noiseScaleFigure,
  scalingFigure,
  tunedFigure,
} from "./largeBatchFigures.ts";
import {
  adaScaleIds,
  adaScaleOf,
  controlledOf,
  phasedOf,
  scalingIds,
  scalingOf,
} from "./largeBatchResults.ts";
import {
  type LargeBatchTheta,
  judgedRuns,
  largeBatchJudged,
  largeBatchTuning,
  tuningFields,
} from "./largeBatchTuning.ts";
import { controllerNames, phasedTraining, plans } from "./phasedTraining.ts";
import { rules, scaledOptimizers, scalingRuns } from "./scalingRuns.ts";

const config = z.strictObject({
  ...tuningFields,
  batchSizes: z.array(z.int().min(1).max(5000)).min(1).default([50, 200, 500, 1000]).describe("compared"),
  seeds: z.int().min(1).default(1).describe("training runs per setting"),
});

type Config = z.infer<typeof config>;

export const largeBatch: Study = defineStudy<Config>({
  name: "large-batch",
  summary:
    "training with large batches: learning-rate rules, growing batches, gradient noise, a tuned learning rate",
  paper:
    "He, Xue, Ren, You (2021), large-batch training: Goyal et al. 2017, You et al. 2017 and 2020, Smith et al. 2018",
  config,
  cells({ batchSizes, seeds, ...tuning }, seed) {
    const cell = (id: string, experiment: unknown, own: object): Cell => ({
      id,
      experiment: experiment as Experiment,
      config: own,
      seed,
    });
    const { batchSize, images } = tuning;
    return [
      ...[...new Set(batchSizes)].flatMap((size) =>
        scaledOptimizers.flatMap((optimizer) =>
          scalingIds(size, optimizer, seeds).map((id, network) =>
            cell(id, scalingRuns, { batchSize: size, optimizer, images, network }),
          ),
        ),
      ),
      ...plans.map((batches) =>
        cell(batches, phasedTraining, { batches, epochs: 6, images, networks: seeds }),
      ),
      ...controllerNames.map((batches) =>
        cell(batches, phasedTraining, { batches, epochs: 8, images, networks: seeds }),
      ),
      ...adaScaleIds(seeds).map((id, network) => cell(id, adaScaleTraining, { images, network })),
      cell("tuning", largeBatchTuning, tuning),
      cell("before-tuning", largeBatchJudged(), { batchSize, images }),
      {
        id: "after-tuning",
        after: ["tuning"],
        config: { batchSize, images },
        seed,
        async experiment(results) {
          return largeBatchJudged((await results.get("tuning")!.theta()) as LargeBatchTheta) as Experiment;
        },
      },
    ];
  },
  summarise(results, { batchSizes, batchSize, seeds }) {
    const scaling = scalingOf(results, batchSizes, seeds);
    const [decay, grow] = plans.map((name) => phasedOf(results, name));
    const controlled = controlledOf(results);
    const adaScale = adaScaleOf(results, seeds);
    const [before, after] = ["before-tuning", "after-tuning"].map((id) => doneOf(results, id)?.metrics);
    return {
      metrics: {
        ...(before && { initialMeanLoss: meanOverSteps(before) }),
        ...(after && { tunedMeanLoss: meanOverSteps(after) }),
        ...doneOf(results, "tuning")?.evaluation?.metrics,
        ...measures(results, seeds),
      },
      tables: [
        {
          title: `Training loss after ${epochs} epochs (test accuracy) by batch size; tuned at ${tunedBatch}`,
          columns: ["learning rate", ...scaling.map((one) => String(one.batchSize))],
          rows: rules.map(({ name }, i) => [name, ...scaling.map(({ trained }) => shown(trained[i]!))]),
        },
      ],
      figures: [
        ...(scaling.length === 0 ? [] : [scalingFigure(scaling)]),
        ...(decay && grow ? [growthFigure(decay, grow)] : []),
        ...(controlled.length === 0 ? [] : [controllersFigure(controlled), noiseScaleFigure(controlled)]),
        ...(adaScale ? [gainsFigure(adaScale)] : []),
        ...(before && after
          ? [tunedFigure(batchSize, curveOf(before, "loss", judgedRuns), curveOf(after, "loss", judgedRuns))]
          : []),
      ],
    };
  },
}) as Study;

function measures(results: CellResults, seeds: number): Record<string, number> {
  const adaScale = adaScaleOf(results, seeds);
  const [first] = controlledOf(results);
  const planned = plans.flatMap((name) => {
    const { epochs: done, accuracy } = phasedOf(results, name) ?? { epochs: [], accuracy: 0 };
    const last = done.at(-1);
    if (last === undefined) return [];
    return [
      [`${name}Loss`, last.loss],
      [`${name}Accuracy`, accuracy],
      [`${name}Updates`, last.updates],
    ] as const;
  });
  const controlled = controlledOf(results).flatMap(
    ({ name, epochs: done, accuracy }) =>
      [
        [`${name}LastBatch`, done.at(-1)!.batchSize],
        [`${name}Updates`, done.at(-1)!.updates],
        [`${name}Accuracy`, accuracy],
      ] as const,
  );
  return {
    ...Object.fromEntries(planned),
    ...(first && { firstNoiseScale: first.epochs[0]!.noiseScale }),
    ...Object.fromEntries(controlled),
    ...(adaScale && {
      adaScaleUpdates: adaScale.updates,
      adaScaleLoss: adaScale.trainLoss,
      adaScaleAccuracy: adaScale.testAccuracy,
      adaScaleMeanGain: mean(adaScale.gains) / batchesPerUpdate,
    }),
  };
}

function shown({ trainLoss, testAccuracy }: Trained): string {
  const loss = Number.isFinite(trainLoss) ? trainLoss.toFixed(4) : "diverged";
  return `${loss} (${(100 * testAccuracy).toFixed(1)} %)`;
}
