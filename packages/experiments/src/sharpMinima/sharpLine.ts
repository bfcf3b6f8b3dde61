/** Losses and accuracies along the straight line through two networks, a point in every outer step. */
import {
  type Experiment,
  type Layer,
  type StepRecord,
  type Tensor,
  compiled,
  crossEntropy,
  defineExperiment,
  errorRate,
  np,
  tree,
} from "unspool";
import { z } from "zod";
import { eachPoint } from "../shared/eachPoint.ts";
import { metricOf } from "../shared/records.ts";
import { grid } from "../shared/series.ts";
import { sharpData } from "./sharpTraining.ts";

const config = z.strictObject({
  images: z.int().min(100).max(50_000).default(2000).describe("training images"),
});

/** 0: small batches, 1: large ones. */
const positions = grid(-1, 2, 31);

/** Theta is the network at 0. */
export function sharpLine(small: Layer[], large: Layer[]): Experiment<unknown, Layer[]> {
  return defineExperiment<z.infer<typeof config>, Layer[]>({
    name: "sharp-line",
    summary: "losses on the line between two networks",
    config,
    setup({ images }) {
      const { train, test } = sharpData(images);
      const at = compiled("line", (from: Layer[], to: Layer[], position: Tensor) => {
        const layers = tree.map((a, b) => a.add(b!.sub(a).mul(position)), from, to);
        return {
          trainingLoss: crossEntropy(layers, train),
          testLoss: crossEntropy(layers, test),
          trainingError: errorRate(layers, train),
          testError: errorRate(layers, test),
        };
      });
      return {
        theta: small,
        steps: positions.length,
        method: eachPoint("line", (theta: Layer[], i) => {
          const found = at(theta, large, np.array(positions[i]!, { dtype: "float32" }));
          const loss = found.trainingLoss.item();
          return {
            loss,
            position: positions[i]!,
            trainingLoss: loss,
            testLoss: found.testLoss.item(),
            trainingAccuracy: 1 - found.trainingError.item(),
            testAccuracy: 1 - found.testError.item(),
          };
        }),
      };
    },
  });
}

export interface LinePoint {
  position: number;
  trainingLoss: number;
  testLoss: number;
  trainingAccuracy: number;
  testAccuracy: number;
}

export function lineOf(records: readonly StepRecord[]): LinePoint[] {
  return records.map((record) => ({
    position: metricOf(record, "position"),
    trainingLoss: metricOf(record, "trainingLoss"),
    testLoss: metricOf(record, "testLoss"),
    trainingAccuracy: metricOf(record, "trainingAccuracy"),
    testAccuracy: metricOf(record, "testAccuracy"),
  }));
}
