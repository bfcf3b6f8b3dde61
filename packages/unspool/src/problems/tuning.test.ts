/** Training runs as inner problems: masks of widths, blocks of learning rates, and the loss of finished networks. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../array/index.ts";
import { unroll } from "../unroll/index.ts";
import {
  type LabelledData,
  type Layer,
  type MixedTheta,
  type TrainingState,
  crossEntropy,
  mixedTuning,
  scheduleTuning,
} from "./index.ts";

const [features, classes, maxWidth] = [4, 3, 6];
const labelled = (count: number, name: string): LabelledData => ({
  inputs: random.normal(random.foldIn(random.key(2), name), [count, features]),
  labels: np.array(Int32Array.from({ length: count }, (_, i) => i % classes)),
});
const train = labelled(40, "train");
// One example: every minibatch of it has the same loss, which can so be computed from the outside.
const validation = labelled(1, "validation");
const logit = (x: number) => Math.log(x / (1 - x));

function mixedTheta(widths: number[], rates: number[] = Array.from({ length: 6 }, () => 0.05)): MixedTheta {
  return {
    logLearningRate: np.array(rates.map(Math.log)),
    momentumLogit: np.zeros([6]),
    widthLogit: np.array(widths.map(logit)),
  };
}

describe("mixedTuning", () => {
  const problem = mixedTuning({ train, validation, classes, hiddenLayers: 2, maxWidth, batchSize: 8 });
  const run = (theta: MixedTheta, steps: number) => {
    const { losses, state } = unroll(problem, theta, { key: random.key(3), steps });
    return { losses: [...losses.data], layers: (state as TrainingState).layers };
  };
  const element = (tensor: Tensor, ...index: number[]) => {
    const [, ...shape] = tensor.shape;
    return tensor.data[index.reduce((at, i, axis) => at * shape[axis]! + i, 0)]!;
  };

  test("the loss is that of the small network of the units in use: 4 and 2 of 6", () => {
    // floor(0.7 · 6) = 4 and floor(0.4 · 6) = 2.
    const { losses, layers } = run(mixedTheta([0.7, 0.4]), 3);
    const block = (layer: Layer, inputs: number, outputs: number): Layer => ({
      weights: np.array(
        Array.from({ length: inputs }, (_, i) =>
          Array.from({ length: outputs }, (_unused, j) => element(layer.weights, i, j)),
        ),
      ),
      bias: np.array(Array.from({ length: outputs }, (_, j) => element(layer.bias, j))),
    });
    const small = [block(layers[0]!, features, 4), block(layers[1]!, 4, 2), block(layers[2]!, 2, classes)];
    expect(losses.at(-1)! / crossEntropy(small, validation).item()).toBeCloseTo(1, 5);
  });

  test("the loss is constant between two widths, and jumps at a whole number of units", () => {
    const [a, b, c] = [0.51, 0.65, 0.67].map((width) => run(mixedTheta([width, 0.6]), 2).losses);
    expect(b).toEqual(a);
    expect(c).not.toEqual(a);
  });

  test("every block has its own learning rate: those with none stay, units out of use stay too", () => {
    const rates = [0.1, 1e-30, 1e-30, 0.1, 0.1, 1e-30];
    const [before, after] = [run(mixedTheta([0.7, 0.7], rates), 1), run(mixedTheta([0.7, 0.7], rates), 4)];
    const moved = (layer: number, part: keyof Layer) =>
      [...after.layers[layer]![part].data].map(
        (x, i) => Math.abs(x - before.layers[layer]![part].data[i]!) > 1e-20,
      );
    expect([0, 1, 2].map((layer) => moved(layer, "weights").includes(true))).toEqual([true, false, true]);
    expect([0, 1, 2].map((layer) => moved(layer, "bias").includes(true))).toEqual([false, true, false]);
    // Columns of the first layer: units 5 and 6 are out of use.
    const columns = Array.from({ length: maxWidth }, (_, j) =>
      Array.from({ length: features }, (_unused, i) => moved(0, "weights")[i * maxWidth + j]).includes(true),
    );
    expect(columns.slice(4)).toEqual([false, false]);
    expect(columns.slice(0, 4)).toContain(true);
  });
});

test("scheduleTuning: the final loss is that of the finished network on the whole batch it is given", () => {
  const problem = scheduleTuning({
    train,
    classes,
    hidden: [5],
    batchSize: 8,
    horizon: 3,
    finalBatchSize: 20,
  });
  const theta = { logLearningRate: np.array(-3), logDecay: np.array(0) };
  const { state } = unroll(problem, theta, { key: random.key(1) });
  const batch = problem.finalData!(random.key(7));
  expect(batch.score.labels.shape).toEqual([20]);
  const drawn = (state as TrainingState).layers.map(({ weights, bias }) => ({
    weights: weights.slice(0),
    bias: bias.slice(0),
  }));
  const finished = { layers: drawn, velocity: drawn };
  expect(problem.finalLoss!(theta, finished, batch).item()).toBe(crossEntropy(drawn, batch.score).item());
  // Drawn once per trajectory: the same key gives the same examples.
  expect([...problem.finalData!(random.key(7)).score.labels.data]).toEqual([...batch.score.labels.data]);
});
