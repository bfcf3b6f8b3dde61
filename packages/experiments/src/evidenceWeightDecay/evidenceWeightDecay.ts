/**
 * Weight decay without validation data: networks trained at many prior precisions, their loss on data that no one trains
 * on, their evidence, and the precision that a single run finds by climbing the evidence.
 */
import {
  type Cell,
  type CellResults,
  type Experiment,
  type Figure,
  type Study,
  defineStudy,
  median,
} from "unspool";
import { z } from "zod";
import { doneOf } from "../shared/records.ts";
import { priorFields, priorTraining } from "./priorTraining.ts";

const config = z.strictObject({
  deltas: z
    .array(z.number().positive())
    .min(2)
    .default([0.03, 0.1, 0.3, 1, 3, 10, 30, 100])
    .describe("prior precisions that are tried one by one"),
  learned: z
    .array(z.enum(["scalar", "layer"]))
    .default(["scalar", "layer"])
    .describe("priors that are learned"),
  seeds: z.int().min(1).default(1).describe("training sets"),
  ...priorFields,
});

type Config = z.infer<typeof config>;
type Way = { id: string; prior: "fixed" | "scalar" | "layer"; delta: number };

function waysOf({ deltas, learned }: Config): Way[] {
  return [
    ...[...new Set(deltas)].map((delta): Way => ({ id: `delta-${delta}`, prior: "fixed", delta })),
    ...[...new Set(learned)].map((prior): Way => ({ id: `learned-${prior}`, prior, delta: 1 })),
  ];
}

export const evidenceWeightDecay: Study = defineStudy<Config>({
  name: "evidence-weight-decay",
  summary: "the weight decay of a network chosen by the evidence, against the best by validation",
  paper: "Immer et al. (ICML 2021), at CPU size",
  config,
  cells: (settings, seed) =>
    waysOf(settings).flatMap(({ id, prior, delta }) =>
      Array.from({ length: settings.seeds }, (_, i): Cell => {
        const { n, hidden, steps } = settings;
        return {
          id: `${id}-${i}`,
          experiment: priorTraining as Experiment,
          config: { prior, delta, n, hidden, steps },
          seed: seed + i,
        };
      }),
    ),
  summarise(results, settings) {
    const rows = waysOf(settings).flatMap((way) => {
      const of = (metric: string): number | undefined => medianOf(results, settings, way.id, metric);
      const [loss, accuracy] = [of("validationLoss"), of("validationAccuracy")];
      const [evidence, delta] = [of("evidence"), of("delta")];
      if (loss === undefined || accuracy === undefined) return [];
      return [{ ...way, loss, accuracy, evidence: evidence!, delta: delta! }];
    });
    const fixed = rows.filter(({ prior }) => prior === "fixed");
    const learned = rows.filter(({ prior }) => prior !== "fixed");
    const best = fixed.toSorted((a, b) => a.loss - b.loss)[0];
    return {
      metrics: {
        ...(best && { bestValidationLoss: best.loss, bestDelta: best.delta }),
        ...Object.fromEntries(
          learned.flatMap(({ prior, loss, delta }) => [
            [`${prior}ValidationLoss`, loss],
            [`${prior}Delta`, delta],
          ]),
        ),
      },
      tables: [
        {
          title: `Networks of ${settings.n} images: prior precision, evidence, and loss on 5000 other images`,
          columns: ["prior", "delta", "weight decay", "evidence", "validation loss", "validation accuracy"],
          rows: rows.map(({ prior, delta, evidence, loss, accuracy }) => [
            prior,
            Number(delta.toPrecision(3)),
            Number((delta / settings.n).toPrecision(3)),
            Number(evidence.toFixed(1)),
            Number(loss.toFixed(4)),
            Number(accuracy.toFixed(4)),
          ]),
        },
      ],
      figures: fixed.length === 0 ? [] : [lossFigure(fixed, learned), evidenceFigure(fixed, learned)],
    };
  },
}) as Study;

interface Row extends Way {
  loss: number;
  evidence: number;
}

function lossFigure(fixed: readonly Row[], learned: readonly Row[]): Figure {
  return {
    id: "validation-loss",
    title: "Loss on other images by prior precision",
    caption:
      "Each dot of the line is a network trained at that precision. A learned precision took one training run and no validation data; with " +
      "one for each leaf the geometric mean is shown.",
    x: { label: "prior precision delta (weight decay times images)", scale: "log" },
    y: { label: "validation loss" },
    series: [
      { name: "fixed", x: fixed.map(({ delta }) => delta), y: fixed.map(({ loss }) => loss) },
      ...learned.map(({ prior, delta, loss }) => ({
        name: `learned, ${prior}`,
        kind: "dots" as const,
        x: [delta],
        y: [loss],
      })),
    ],
  };
}

function evidenceFigure(fixed: readonly Row[], learned: readonly Row[]): Figure {
  return {
    id: "evidence",
    title: "Evidence by prior precision",
    caption: "What the learned precision climbs: known from the training images alone.",
    x: { label: "prior precision delta", scale: "log" },
    y: { label: "log evidence" },
    series: [
      { name: "fixed", x: fixed.map(({ delta }) => delta), y: fixed.map(({ evidence }) => evidence) },
      ...learned.map(({ prior, delta, evidence }) => ({
        name: `learned, ${prior}`,
        kind: "dots" as const,
        x: [delta],
        y: [evidence],
      })),
    ],
  };
}

function medianOf(results: CellResults, { seeds }: Config, id: string, metric: string): number | undefined {
  const values = Array.from({ length: seeds }, (_, i) => i).flatMap((i) => {
    const value = doneOf(results, `${id}-${i}`)?.evaluation?.metrics[metric];
    return value === undefined ? [] : [value];
  });
  return values.length === 0 ? undefined : median(values);
}
