/** Figures 2 to 6 of K-FAC's paper: the Fisher information of a small network, what approximates it, and their inverses. */
import {
  type Experiment,
  type Figure,
  type Layers,
  type ObjectiveOptimizer,
  type Tensor,
  categoricalLogits,
  compiled,
  defineExperiment,
  kfac,
  layerTaps,
  linalg,
  networkObjective,
  np,
  objectiveDescent,
  random,
} from "unspool";
import { z } from "zod";
import { type AutoencoderTheta, autoencoderTheta } from "./autoencoder.ts";
import { loadMnist } from "../shared/data/mnist.ts";

const images = 300;
/** 7 by 7 pixels, four hidden layers, ten classes. */
const sizes = [49, 11, 11, 11, 11, 10];
/** The layers that are shown: between hidden ones. */
const shown = [1, 2, 3];
const outerSteps = 20;
/** On the diagonal of what is inverted, as the matrix is nearly singular. */
const damping = 0.001;
/** Elements per side that share a cell of a heatmap: layers have multiples of it. */
const pool = 3;
/** Logarithms of smaller values say nothing. */
const smallest = 1e-7;

type Objective = ReturnType<typeof networkObjective<AutoencoderTheta>>;

function classifierObjective(): Objective {
  const { train } = loadMnist(4);
  return networkObjective({
    network: classifier,
    likelihood: categoricalLogits,
    inputs: train.inputs.slice([0, images]),
    targets: train.labels.slice([0, images]),
  });
}

/** The small network, trained for a few steps by K-FAC. */
export const fisherNetwork: Experiment<unknown, AutoencoderTheta> = defineExperiment<
  object,
  AutoencoderTheta
>({
  name: "fisher-network",
  summary: "a small network on MNIST whose Fisher information is looked at",
  config: z.strictObject({}),
  setup(_config, key) {
    const objective = classifierObjective();
    return {
      theta: autoencoderTheta(sizes, random.foldIn(key, "fisher")),
      method: objectiveDescent({
        optimizer: kfac() as ObjectiveOptimizer,
        objective: () => objective,
        data: () => ({}),
      }),
      steps: outerSteps,
    };
  },
});

/** Heatmaps of absolute values at a trained network, averaged over squares of `pool` by `pool` elements. */
export function fisherFigures(theta: AutoencoderTheta): Figure[] {
  const objective = classifierObjective();
  const { exact, approximate, difference, inverse } = compiled("fisher", (at: AutoencoderTheta) =>
    matricesAt(objective, at),
  )(theta);
  const share = linalg.norm(difference).item() / linalg.norm(exact).item();
  const [near, far] = [blockMean(inverse, 0, 1), blockMean(inverse, 0, 2)];
  const [nearBefore, farBefore] = [blockMean(approximate, 0, 1), blockMean(approximate, 0, 2)];
  const setting = `Layers 2 to 4 of a tanh network of ${sizes.join("-")} units on MNIST after ${outerSteps} steps; absolute values.`;
  return [
    heatmap("fisher-exact", "Fisher information", exact, `${setting} The exact matrix (Martens and Grosse 2015, Figure 2, left).`), // prettier-ignore
    heatmap("fisher-kronecker", "Kronecker-factored approximation", approximate, `${setting} Every block is a product of two second moments: the same pattern (Figure 2, middle).`), // prettier-ignore
    heatmap("fisher-difference", "Difference of the two", difference, `${setting} Its norm is ${share.toFixed(2)} of that of the exact matrix (Figure 2, right).`), // prettier-ignore
    heatmap("fisher-inverse", "Inverse of the approximation", inverse, `${setting} From neighbours to layers further apart elements fall by a factor of ${(near / far).toFixed(1)} in the mean; in the matrix itself by ${(nearBefore / farBefore).toFixed(1)}: the inverse is nearer to block-tridiagonal than the matrix (Figures 3 to 6).`), // prettier-ignore
  ];
}

function classifier({ layers: theta }: AutoencoderTheta, x: Tensor, layers: Layers): Tensor {
  return theta.reduce((h, layer, i) => {
    const s = layers.dense(layer, h);
    return i === theta.length - 1 ? s : np.tanh(s);
  }, x);
}

/** F and F̃ over the shown layers, [parameters, parameters], exact over the classes; the inverse of F̃ + damping I. */
function matricesAt(objective: Objective, theta: AutoencoderTheta) {
  const { likelihood } = objective.network!;
  const taps = layerTaps(objective.network!, theta);
  const classes = taps.outputs.shape[1]!;
  const errors = Array.from({ length: classes }, (_, c) => {
    const unit = np
      .eye(classes)
      .slice([c, c + 1])
      .add(np.zerosLike(taps.outputs));
    return taps.errorsAlong(likelihood.fisherFactor(taps.outputs, unit));
  });
  const inputs = shown.map((i) => np.tile(taps.inputs[i]!.slice([], 0), [classes, 1]));
  const slopes = shown.map((i) =>
    np.concatenate(
      errors.map((of) => of[i]!.slice([], 0)),
      0,
    ),
  );
  const rows = np.concatenate(
    inputs.map((a, i) => np.einsum("ni,no->nio", a, slopes[i]!).reshape([classes * images, -1])),
    1,
  );
  const moment = (a: Tensor, b: Tensor, count: number): Tensor => np.matmul(np.transpose(a), b).div(count);
  const blocks = inputs.map((a, i) =>
    inputs.map((b, j) => kronecker(moment(a, b, classes * images), moment(slopes[i]!, slopes[j]!, images))),
  );
  const approximate = np.concatenate(
    blocks.map((row) => np.concatenate(row, 1)),
    0,
  );
  const exact = moment(rows, rows, images);
  const damped = approximate.add(np.eye(approximate.shape[0]!).mul(damping));
  return {
    exact,
    approximate,
    difference: exact.sub(approximate),
    inverse: linalg.inv(damped) as Tensor,
  };
}

function kronecker(a: Tensor, b: Tensor): Tensor {
  const [m, n] = a.shape as [number, number];
  const [p, q] = b.shape as [number, number];
  return a
    .reshape([m, 1, n, 1])
    .mul(b.reshape([1, p, 1, q]))
    .reshape([m * p, n * q]);
}

/** Parameters of the shown layers before layer `i` of them. */
function startOf(i: number): number {
  return shown.slice(0, i).reduce((sum, layer) => sum + (sizes[layer]! + 1) * sizes[layer + 1]!, 0);
}

/** Mean absolute value of a block. */
function blockMean(x: Tensor, i: number, j: number): number {
  const block = x.slice([startOf(i), startOf(i + 1)], [startOf(j), startOf(j + 1)]);
  return np.abs(block).mean().item();
}

function heatmap(id: string, title: string, matrix: Tensor, caption: string): Figure {
  const count = matrix.shape[0]! / pool;
  const pooled = np.abs(matrix).reshape([count, pool, count, pool]).mean([1, 3]);
  const places = Array.from({ length: count }, (_, i) => (i + 0.5) * pool);
  return {
    id,
    title,
    caption,
    x: { label: "parameter" },
    y: { label: "parameter" },
    series: [],
    heatmap: {
      x: places,
      y: places,
      values: [...pooled.data].map((value) => Math.max(value, smallest)),
      label: "mean absolute value",
      scale: "log",
    },
  };
}
