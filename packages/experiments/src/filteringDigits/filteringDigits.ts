/**
 * A sequential autoencoder of a drifting MNIST digit: the code of single frames is trained first, on frames in no order, and
 * fixed; then the transition of its latent state is learned along the stream (after Campbell et al. 2021, section 5.3, whose
 * frames are of a walk through a maze).
 */
import { type CellResult, type Experiment, type Figure, type Study, defineStudy } from "unspool";
import { z } from "zod";
import { doneOf, metricOf } from "../shared/records.ts";
import { mean } from "../shared/series.ts";
import { digitsLearning } from "./digitsLearning.ts";
import { type FrameCode, frameCoding } from "./frameCoding.ts";

const config = z.strictObject({
  runs: z
    .array(z.enum(["ovf", "aelbo2", "fixed"]))
    .min(1)
    .default(["ovf", "aelbo2", "fixed"])
    .describe("by the whole history, by one step, and without learning"),
  codeSteps: z.int().min(1).default(3000).describe("outer steps of the code's training"),
  digit: z.int().min(0).max(59_999).default(7).describe("which training image"),
  pool: z.int().min(1).default(2).describe("pixels averaged, by side"),
  observations: z.int().min(2).default(300).describe("frames of the stream"),
  phiSteps: z.int().min(1).default(100).describe("M, steps of Adam at a frame"),
  regressor: z.enum(["kernelRidge", "polarMlp"]).default("kernelRidge").describe("of S"),
});

type Config = z.infer<typeof config>;

/** By id: what differs. */
const runs = {
  ovf: {},
  aelbo2: { filter: "aelbo2" },
  fixed: { learns: false },
} as const;

export const filteringDigits: Study = defineStudy<Config>({
  name: "filtering-digits",
  summary: "the latent transition of a drifting MNIST digit, learned along the stream of its frames",
  paper: "after section 5.3 of Campbell et al. (NeurIPS 2021), with MNIST in place of DMLab",
  config,
  cells: ({ codeSteps, digit, pool, runs: ids, ...rest }, seed) => [
    { id: "code", experiment: frameCoding as Experiment, config: { digit, pool, steps: codeSteps }, seed },
    ...ids.map((id) => ({
      id,
      after: ["code"],
      seed,
      config: { digit, pool, ...rest, ...runs[id] },
      async experiment(results: ReadonlyMap<string, CellResult>) {
        return digitsLearning((await results.get("code")!.theta()) as FrameCode) as Experiment;
      },
    })),
  ],
  summarise(results, { runs: ids }) {
    const rows = ids.flatMap((id) => {
      const result = doneOf(results, id);
      return result === undefined ? [] : [{ id, records: result.metrics }];
    });
    const told = rows.map(({ id, records }) => {
      const late = records.slice(-Math.ceil(records.length / 4));
      const over = (metric: string): number => mean(late.map((record) => metricOf(record, metric)));
      return {
        id,
        logEvidence: -over("loss"),
        prediction: over("predictionError"),
        still: over("stillError"),
      };
    });
    return {
      metrics: Object.fromEntries(
        told.flatMap(({ id, logEvidence, prediction, still }) => [
          [`${id}: log evidence per frame`, logEvidence],
          [`${id}: prediction error`, prediction],
          [`${id}: error of the frame before`, still],
        ]),
      ),
      tables: [
        {
          title: "Means over the last quarter of the stream",
          columns: ["run", "log evidence per frame", "prediction error", "error of the frame before"],
          rows: told.map(({ id, logEvidence, prediction, still }) => [
            id,
            ...[logEvidence, prediction, still].map((x) => Number(x.toFixed(4))),
          ]),
        },
      ],
      figures: rows.length === 0 ? [] : [evidenceFigure(rows)],
    };
  },
}) as Study;

/** Mean log evidence of a frame, over the twenty frames up to it. */
function evidenceFigure(rows: readonly { id: string; records: CellResult["metrics"] }[]): Figure {
  const length = 20;
  return {
    id: "evidence",
    title: "Log evidence of a frame along the stream",
    caption: `Means over the last ${length} frames; "fixed" keeps the first transition.`,
    x: { label: "frame" },
    y: { label: "nats" },
    series: rows.map(({ id, records }) => {
      const losses = records.map((record) => metricOf(record, "loss"));
      const ends = losses.map((_, i) => i + 1).filter((end) => end > length);
      return {
        name: id,
        x: ends,
        y: ends.map((end) => -mean(losses.slice(end - length, end))),
      };
    }),
  };
}
