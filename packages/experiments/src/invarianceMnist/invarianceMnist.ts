/**
 * How far to rotate, shift, scale and shear a few hundred digits, found in one training run without validation data: LILA on
 * transformed MNIST.
 */
import {
  type Experiment,
  type Key,
  type LaplaceEvidenceOptions,
  type Layer,
  type Layers,
  type LilaTheta,
  type Measure,
  type Tensor,
  adam,
  affineAugment,
  applyMlp,
  averagedOutputs,
  categoricalLogits,
  compiled,
  cosineDecay,
  defineExperiment,
  initMlp,
  laplaceEvidence,
  lila,
  lilaTheta,
  noAugmentation,
  np,
  random,
  rangeReport,
} from "unspool";
import { z } from "zod";
import { uniformFanIn } from "../shared/uniformFanIn.ts";
import { mnistFigures } from "./mnistFigures.ts";
import { type TransformedData, mnistKinds, transformedMnist, trueRanges } from "./transformedMnist.ts";

const config = z.strictObject({
  kind: z.enum(mnistKinds).default("r180").describe("how the digits were transformed; the run is not told"),
  learn: z.boolean().default(true).describe("false: no transformations, only the prior precision is learned"),
  n: z.int().min(20).default(312).describe("training images"),
  hidden: z.int().min(1).default(100).describe("tanh units"),
  samples: z.int().min(1).default(9).describe("transformed copies of each image"),
  pool: z.literal([1, 2, 4]).default(2).describe("blocks of so many pixels are averaged: 2 leaves 14 by 14"),
  steps: z.int().min(1).default(150).describe("epochs, each of one step on all images"),
  learningRate: z.number().positive().default(0.005).describe("of Adam on the weights, which falls to 1e-6"),
  priorRate: z.number().positive().default(0.05).describe("of Adam on log delta"),
  etaRate: z.number().positive().default(0.05).describe("of Adam on the ranges"),
  burnIn: z.int().min(0).default(10).describe("epochs before the hyperparameters move"),
  testImages: z.int().min(250).multipleOf(250).max(10_000).default(2000),
});

type Config = z.infer<typeof config>;
export type MnistTheta = LilaTheta<Layer[]>;

const network = (theta: Layer[], x: Tensor, layers: Layers): Tensor => applyMlp(theta, x, layers, np.tanh);

/** Test images at a time: one is measured in well below a second. */
const testBatch = 250;
/** Ranges of rotation at which the evidence is measured after the last step. */
const curve: readonly number[] = Array.from({ length: 9 }, (_, i) => (i * Math.PI) / 8);

export const invarianceMnist: Experiment<unknown, MnistTheta> = defineExperiment<Config, MnistTheta>({
  name: "invariance-mnist",
  summary: "ranges of rotations, shifts and scales of a few hundred digits, learned by the evidence",
  paper: "Immer et al. (NeurIPS 2022), transformed MNIST, at CPU size",
  config,
  setup(settings: Config, key: Key) {
    const { kind, learn, n, samples, pool, steps, testImages } = settings;
    const from = random.randint(random.foldIn(key, "images"), [], 0, 50_000 - n).item();
    const made = (split: "train" | "test", count: number, first: number): TransformedData =>
      transformedMnist({
        ...{ kind, split, pool, n: count, from: first },
        key: random.foldIn(key, `${split} transformations`),
      });
    const data = made("train", n, from);
    const augmentation = learn ? affineAugment({ samples }) : noAugmentation();
    const evidence: LaplaceEvidenceOptions<Layer[]> = {
      network,
      likelihood: categoricalLogits,
      augmentation,
    };
    const sizes = [data.inputs.shape[1]!, settings.hidden, 10];
    const weights = initMlp(random.foldIn(key, "weights"), sizes, { weights: uniformFanIn });
    const options = {
      ...{ evidence, data, burnIn: settings.burnIn },
      mapOptimizer: adam({ learningRate: cosineDecay({ from: settings.learningRate, to: 1e-6, steps }) }),
      priorOptimizer: adam({ learningRate: settings.priorRate }),
      etaOptimizer: adam({ learningRate: settings.etaRate }),
    };
    const classes = compiled("classes of test images", (own: MnistTheta, inputs: Tensor, draw: Key) => {
      const epsilon = augmentation.draw(draw, inputs.shape[0]!);
      const outputs = averagedOutputs(network, augmentation, own.network, inputs, { eta: own.eta, epsilon });
      return np.argmax(outputs, 1);
    });
    const correct = (own: MnistTheta, test: TransformedData, i: number): number => {
      const rows: [number, number] = [i * testBatch, (i + 1) * testBatch];
      const found = classes(own, test.inputs.slice(rows), random.foldIn(random.foldIn(key, "test"), i)).data;
      return Array.from(test.targets.slice(rows).data, Number).filter((label, k) => found[k] === label)
        .length;
    };
    return {
      theta: lilaTheta(options, { network: weights }),
      method: lila(options),
      steps,
      async evaluate(own, _initial, _done, measure) {
        const test = made("test", testImages, 0);
        const right = await measure("test accuracy", testImages / testBatch, (i) => [correct(own, test, i)]);
        const accuracy = right.flat().reduce((sum, count) => sum + count, 0) / testImages;
        const ranges = rangeReport(augmentation, own.eta, 28 / pool);
        const truth = trueRanges[kind];
        return {
          metrics: {
            accuracy,
            delta: Math.exp(own.logDelta.item()),
            ...Object.fromEntries(ranges.map(({ parameter, range }) => [parameter, range])),
          },
          table: {
            title: `Learned ranges on MNIST, ${kind}`,
            columns: ["parameter", "learned", "meaning", "of the data"],
            rows: ranges.map(({ parameter, range, meaning }, i) => [
              parameter,
              Number(range.toFixed(3)),
              meaning,
              Number(truth[i]!.toFixed(3)),
            ]),
          },
        };
      },
      async figures(run, measure) {
        const values = learn ? await evidenceAlong(evidence, data, run.theta, key, measure) : [];
        return mnistFigures(run, { kind, data, augmentation, key, curve: { ranges: curve, values } });
      },
    };
  },
});

/** The evidence of the trained weights at other ranges of rotation. */
async function evidenceAlong(
  options: LaplaceEvidenceOptions<Layer[]>,
  data: TransformedData,
  { network: weights, eta, logDelta }: MnistTheta,
  key: Key,
  measure: Measure,
): Promise<number[]> {
  const evidence = laplaceEvidence(options);
  const found = await measure("evidence by range of rotation", curve.length, (i) => {
    const moved = np.array(
      Float32Array.from(eta.data, (x, k) => (k === 2 ? curve[i]! : x)),
      { shape: [6] },
    );
    const fit = { eta: moved, key: random.foldIn(key, "curve") };
    return [evidence.fit(weights, data, fit).logMarginal(logDelta).item()];
  });
  return found.flat();
}
