/** A network of one layer that is applied until nothing changes: its output is a fixed point, its gradient implicit. */
import {
  type Experiment,
  type Figure,
  type Key,
  type Tensor,
  adam,
  compiled,
  defineExperiment,
  firstOrder,
  grad,
  heNormal,
  implicitFixedPoint,
  neumann,
  nn,
  np,
  objectiveDescent,
  random,
  scan,
  tree,
} from "unspool";
import { z } from "zod";
import { grid } from "../shared/series.ts";
import { type Spirals, drawSpirals } from "./spirals.ts";

const config = z.strictObject({
  steps: z.int().min(1).default(1500).describe("outer steps: updates of the weights"),
  learningRate: z.number().positive().default(3e-3).describe("of Adam"),
  batchSize: z.int().min(1).default(100),
  width: z.int().min(1).default(32).describe("size of the fixed point"),
  iterations: z.int().min(1).default(40).describe("of the layer to its fixed point"),
  terms: z.int().min(1).default(20).describe("of the Neumann series of the implicit gradient"),
  contraction: z
    .number()
    .positive()
    .lt(1)
    .default(0.8)
    .describe("largest Frobenius norm of the recurrent weights"),
  noise: z.number().min(0).default(0.03).describe("standard deviation of the points around the spirals"),
});

type Config = z.infer<typeof config>;

interface Weights {
  recurrent: Tensor;
  input: Tensor;
  bias: Tensor;
  output: Tensor;
  outputBias: Tensor;
}

type Layer = Weights & { x: Tensor };

function initWeights(key: Key, width: number): Weights {
  const draw = (name: string, shape: [number, number]) =>
    heNormal(random.foldIn(key, name), shape, "float32");
  return {
    recurrent: draw("recurrent", [width, width]),
    input: draw("input", [2, width]).mul(3),
    bias: np.zeros([width]),
    output: draw("output", [width, 2]),
    outputBias: np.zeros([2]),
  };
}

/** z -> tanh(z W + x U + b), where W is scaled down to the norm that makes it contract. */
function layerOf({ contraction }: Config): (z: Tensor, layer: Layer) => Tensor {
  return (z, { recurrent, input, bias, x }) => {
    const norm = np.sqrt(recurrent.mul(recurrent).sum());
    const scale = np.minimum(np.array(1), np.array(contraction).div(norm));
    return np.tanh(np.matmul(z, recurrent.mul(scale)).add(np.matmul(x, input)).add(bias));
  };
}

interface Network {
  /** Logits [batch, 2] with implicit derivatives. */
  implicit(weights: Weights, x: Tensor): Tensor;
  /** The same with backpropagation through all iterations. */
  unrolled(weights: Weights, x: Tensor): Tensor;
  /** Largest change of the fixed point by one more iteration. */
  residual(weights: Weights, x: Tensor): Tensor;
}

function networkOf(settings: Config): Network {
  const map = layerOf(settings);
  const start = ({ recurrent, x }: Layer): Tensor =>
    np.zeros([x.shape[0]!, recurrent.shape[0]!], { dtype: x.dtype });
  const iterated = (layer: Layer): Tensor =>
    scan((z: Tensor) => [map(z, layer), undefined], start(layer), null, settings.iterations)[0];
  const equilibrium = implicitFixedPoint(map, iterated, { solver: neumann({ terms: settings.terms }) });
  const logits = (fixed: (layer: Layer) => Tensor) => (weights: Weights, x: Tensor) =>
    np.matmul(fixed({ ...weights, x }), weights.output).add(weights.outputBias);
  return {
    implicit: logits(equilibrium),
    unrolled: logits(iterated),
    residual(weights, x) {
      const z = iterated({ ...weights, x });
      return np.abs(map(z, { ...weights, x }).sub(z)).max();
    },
  };
}

const lossOn =
  (network: Network["implicit"], { inputs, labels }: Spirals) =>
  (weights: Weights) =>
    nn.softmaxCrossEntropy(network(weights, inputs), labels).mean();

export const deepEquilibrium: Experiment<unknown, Weights> = defineExperiment<Config, Weights>({
  name: "deep-equilibrium",
  summary: "a network that is the fixed point of one layer, trained on two spirals by implicit gradients",
  paper: "Bai, Kolter, Koltun (NeurIPS 2019), at CPU size",
  config,
  setup(settings: Config, key: Key) {
    const { steps, learningRate, batchSize, width, noise } = settings;
    const network = networkOf(settings);
    const fresh = drawSpirals(random.foldIn(key, "fresh points"), 1000, noise);
    const measures = compiled("measures", (weights: Weights) => {
      const right = np.argmax(network.implicit(weights, fresh.inputs), 1).equal(fresh.labels);
      const [implicit, unrolled] = [network.implicit, network.unrolled].map((of) =>
        grad(lossOn(of, fresh))(weights),
      );
      return {
        accuracy: right.astype("float32").mean(),
        residual: network.residual(weights, fresh.inputs),
        gradientError: tree.norm(tree.subtract(implicit!, unrolled!)).div(tree.norm(unrolled!)),
      };
    });
    return {
      theta: initWeights(random.foldIn(key, "start"), width),
      method: objectiveDescent({
        optimizer: firstOrder(adam({ learningRate })),
        objective: (batch: Spirals) => ({ loss: lossOn(network.implicit, batch) }),
        data: (draw: Key) => drawSpirals(draw, batchSize, noise),
      }),
      steps,
      evaluate(trained, initial) {
        const rows = [initial, trained].map((weights) => {
          const { accuracy, residual, gradientError } = measures(weights);
          return [accuracy, residual, gradientError].map((value) => value.item());
        });
        const [accuracy, residual, gradientError] = rows[1] as [number, number, number];
        return {
          metrics: { accuracy, residual, gradientError },
          table: {
            title: "On 1000 fresh points",
            columns: ["weights", "accuracy", "residual", "implicit gradient against backpropagation"],
            rows: [
              ["initial", ...rows[0]!],
              ["trained", ...rows[1]!],
            ],
          },
        };
      },
      figures: ({ theta }) => [spiralsFigure(network, theta, fresh)],
    };
  },
});

function spiralsFigure(network: Network, weights: Weights, { inputs, labels }: Spirals): Figure {
  const side = grid(-1.2, 1.2, 61);
  const points = np.array(side.flatMap((y) => side.map((x) => [x, y])));
  const logits = compiled("logits", network.implicit)(weights, points);
  const values = [...nn.softmax(logits).data].filter((_, i) => i % 2 === 1);
  const of = (label: number) => {
    const places = [...labels.data.subarray(0, 300)].flatMap((given, i) => (given === label ? [i] : []));
    return { x: places.map((i) => inputs.data[2 * i]!), y: places.map((i) => inputs.data[2 * i + 1]!) };
  };
  return {
    id: "spirals",
    title: "The probability of the second spiral",
    caption: "At the fixed point of the trained layer, with 300 of the points that it has not seen.",
    x: { label: "x", domain: [-1.2, 1.2] },
    y: { label: "y", domain: [-1.2, 1.2] },
    series: [
      { name: "first spiral", kind: "dots", ...of(0) },
      { name: "second spiral", kind: "dots", ...of(1) },
    ],
    heatmap: { x: side, y: side, values, label: "probability" },
  };
}
