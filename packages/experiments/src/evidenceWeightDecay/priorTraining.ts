/** One network on a few digits, with a prior precision (weight decay) that is given, or learned by the evidence. */
import {
  type Experiment,
  type Key,
  type Layer,
  type Layers,
  type LilaTheta,
  type Tensor,
  adam,
  applyMlp,
  categoricalLogits,
  compiled,
  cosineDecay,
  defineExperiment,
  initMlp,
  laplaceEvidence,
  lila,
  lilaTheta,
  nn,
  np,
  plainLayers,
  random,
} from "unspool";
import { z } from "zod";
import { mnistPart } from "../shared/data/mnist.ts";
import { uniformFanIn } from "../shared/uniformFanIn.ts";

interface PriorFields {
  n: z.ZodDefault<z.ZodInt>;
  hidden: z.ZodDefault<z.ZodInt>;
  steps: z.ZodDefault<z.ZodInt>;
}

/** The network and its training. */
export const priorFields: PriorFields = {
  n: z.int().min(20).default(500).describe("training images, of 14 by 14 pixels"),
  hidden: z.int().min(1).default(50).describe("tanh units"),
  steps: z.int().min(1).default(300).describe("epochs, each of one step on all images"),
};

const config = z.strictObject({
  prior: z
    .enum(["fixed", "scalar", "layer"])
    .default("scalar")
    .describe("fixed at delta; or learned, one for all parameters or one for each leaf"),
  delta: z.number().positive().default(1).describe("prior precision, at first or for good"),
  ...priorFields,
});

type Config = z.infer<typeof config>;
export type PriorTheta = LilaTheta<Layer[]>;

const network = (theta: Layer[], x: Tensor, layers: Layers): Tensor => applyMlp(theta, x, layers, np.tanh);
const validationImages = 5000;

export const priorTraining: Experiment<unknown, PriorTheta> = defineExperiment<Config, PriorTheta>({
  name: "evidence-prior-training",
  summary: "one network on a few digits with a weight decay that is given, or learned by the evidence",
  config,
  setup({ prior, delta, n, hidden, steps }: Config, key: Key) {
    const from = random.randint(random.foldIn(key, "images"), [], 0, 50_000 - n).item();
    const { inputs, labels: targets } = mnistPart("train", [from, from + n], 2);
    const priorStructure = prior === "layer" ? ("layer" as const) : ("scalar" as const);
    const evidence = { network, likelihood: categoricalLogits, priorStructure };
    const weights = initMlp(random.foldIn(key, "weights"), [196, hidden, 10], { weights: uniformFanIn });
    const options = {
      evidence,
      data: { inputs, targets },
      mapOptimizer: adam({ learningRate: cosineDecay({ from: 0.005, to: 1e-6, steps }) }),
      learn: prior === "fixed" ? [] : (["logDelta"] as const),
      // What is not learned is looked at now and then.
      frequency: prior === "fixed" ? Math.max(1, Math.floor(steps / 10)) : 1,
      keepBest: false,
    };
    const validation = compiled("validation of a prior", (own: Layer[], x: Tensor, labels: Tensor) => {
      const outputs = network(own, x, plainLayers);
      const right = np.argmax(outputs, 1).astype("int32").equal(labels).astype("float32").mean();
      return { loss: nn.softmaxCrossEntropy(outputs, labels), accuracy: right };
    });
    return {
      theta: lilaTheta(options, { network: weights, delta }),
      method: lila(options),
      steps,
      evaluate(own) {
        const { inputs: x, labels } = mnistPart("train", [50_000, 50_000 + validationImages], 2);
        const { loss, accuracy } = validation(own.network, x, labels);
        const posterior = laplaceEvidence(evidence).fit(own.network, options.data);
        return {
          metrics: {
            evidence: posterior.logMarginal(own.logDelta).item(),
            validationLoss: loss.item(),
            validationAccuracy: accuracy.item(),
            // The geometric mean of the leaves' where each has one.
            delta: Math.exp(own.logDelta.mean().item()),
          },
        };
      },
    };
  },
});
