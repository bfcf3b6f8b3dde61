/** The latent transition of a drifting digit, learned along the stream of its frames; the decoder is fixed. */
import {
  type DecodedSequenceTheta,
  type Experiment,
  type Figure,
  type Tensor,
  adam,
  decodedSequence,
  defineExperiment,
  gaussianFamily,
  kernelRidge,
  mlpMean,
  onlineLearning,
  onlineVariationalFilter,
  polarMlpRegression,
  random,
  tree,
} from "unspool";
import { z } from "zod";
import { metricOf } from "../shared/records.ts";
import { mean } from "../shared/series.ts";
import { type FrameCode, decoded } from "./frameCoding.ts";
import { movingDigits } from "./movingDigits.ts";

const config = z.strictObject({
  filter: z.enum(["ovf", "aelbo2"]).default("ovf"),
  digit: z.int().min(0).max(59_999).default(7).describe("which training image"),
  pool: z.int().min(1).default(2).describe("pixels averaged, by side"),
  frameSd: z.number().positive().default(0.1).describe("standard deviation of a pixel"),
  stateSd: z.number().positive().default(0.3).describe("standard deviation of a step of the state"),
  drift: z.array(z.number()).length(2).default([2, 1]).describe("mean move per frame, in pixels"),
  spread: z.number().min(0).default(0.3).describe("standard deviation of a move, in pixels"),
  observations: z.int().min(2).default(300).describe("frames of the stream"),
  phiSteps: z.int().min(1).default(100).describe("M, steps of Adam at a frame"),
  phiSamples: z.int().min(1).default(10).describe("states drawn in each of them"),
  regressor: z.enum(["kernelRidge", "polarMlp"]).default("kernelRidge").describe("of S"),
  samples: z.int().min(2).default(200).describe("of a regression, N"),
  blocks: z.int().min(1).default(2).describe("of the transition"),
  hidden: z.int().min(1).default(16).describe("their width"),
  learningRate: z.number().positive().default(0.01).describe("of the transition"),
  learns: z.boolean().default(true).describe("false: the transition stays what it was at the start"),
});

type Config = z.infer<typeof config>;

/** The experiment for a code that was trained before. */
export function digitsLearning(code: FrameCode): Experiment<unknown, DecodedSequenceTheta> {
  return defineExperiment<Config, DecodedSequenceTheta>({
    name: "filtering-digits-run",
    summary: "the transition of a drifting digit, learned along the stream of its frames",
    config,
    setup(settings, key) {
      const { samples, phiSteps, phiSamples, observations: count } = settings;
      const drift = settings.drift as [number, number];
      const { frames } = movingDigits(random.foldIn(key, "walk"), { ...settings, frames: count, drift });
      const decoder = (x: Tensor): Tensor => decoded(code, x);
      const model = decodedSequence({
        ...{ stateSize: code.decoder[0]!.weights.shape[0]!, frameSize: frames.shape[1]!, decoder },
        ...{ blocks: settings.blocks, hidden: settings.hidden },
        ...{ stateSd: settings.stateSd, frameSd: settings.frameSd },
      });
      const S =
        settings.regressor === "kernelRidge"
          ? kernelRidge({ samples })
          : polarMlpRegression({ samples, hidden: [64, 128], steps: 50, batch: 32 });
      const filter = onlineVariationalFilter({
        model,
        objective: settings.filter,
        family: gaussianFamily({ past: mlpMean({ hidden: [64, 64] }) }),
        ...(settings.filter === "ovf" && { regressors: { T: kernelRidge({ samples }), S } }),
        phi: { steps: phiSteps, samples: phiSamples, learningRate: 0.03, first: { steps: 4 * phiSteps } },
        learns: true,
        theta: { samples: 32 },
        elboSamples: 200,
      });
      return {
        theta: model.init(random.foldIn(key, "transition")),
        steps: count,
        method: onlineLearning({
          filter,
          observations: { y: frames },
          ...(settings.learns && { optimizer: adam({ learningRate: settings.learningRate }) }),
          measure({ t, before, theta }) {
            if (t === 0) return {};
            // What the filter expected of this frame before it saw it, against the frame of before: standing still.
            const last = filter.settings.family.moments(before.phi).mean;
            const at = model.transition(theta, last, filterStep(t)).mean();
            const expected = decoder(at.reshape([1, model.stateSize])).slice(0);
            return {
              predictionError: rms(expected, frames.slice(t)),
              stillError: rms(frames.slice(t - 1), frames.slice(t)),
            };
          },
        }),
        evaluate: () => ({ metrics: {} }),
        figures: ({ metrics }) => [errorFigure(metrics)],
      };
    },
  }) as Experiment<unknown, DecodedSequenceTheta>;
}

const filterStep = (t: number): Tensor => tree.scalar(t, "int32");

function rms(a: Tensor, b: Tensor): number {
  return Math.sqrt(mean(Array.from(a.data, (x, i) => (Number(x) - Number(b.data[i])) ** 2)));
}

function errorFigure(metrics: readonly Parameters<typeof metricOf>[0][]): Figure {
  const records = metrics.slice(1);
  return {
    id: "prediction",
    title: "Error of the frame that is expected",
    caption: "Root mean square over pixels: of the decoded prediction, and of the frame before.",
    x: { label: "frame" },
    y: { label: "error" },
    series: (
      [
        ["predictionError", "prediction"],
        ["stillError", "the frame before"],
      ] as const
    ).map(([metric, name]) => ({
      name,
      x: records.map((record) => record!.step),
      y: records.map((record) => metricOf(record, metric)),
    })),
  };
}
