/** A network on MNIST trained by workers that compress or skip what they send, all seeds side by side. */
import {
  type Experiment,
  type Key,
  type LabelledData,
  type Layer,
  type ObjectiveOptimizer,
  type Problem,
  type Tensor,
  type Tree,
  compiled,
  crossEntropy,
  dataParallel,
  defineExperiment,
  defineProblem,
  localSgd,
  np,
  random,
  sgd,
  tree,
  vmap,
} from "unspool";
import { z } from "zod";
import { unrolling, unrollingSteps } from "../shared/unrolling.ts";
import { compressorOf, schemeNames } from "./schemes.ts";
import { drawBatch, networkOf, objectiveOf, trainingFields, workersData } from "./workers.ts";

const config = z.strictObject({
  ...trainingFields,
  compressor: z.enum(schemeNames).default("noCompression").describe("with the settings that are compared"),
  errorFeedback: z.boolean().default(false),
  localSteps: z
    .int()
    .min(0)
    .default(0)
    .describe("steps between averages of parameters, in place of gradients that are sent; 0 for none"),
  seeds: z.int().min(1).default(4),
});

type Config = z.infer<typeof config>;

/** Steps of an outer step, whose losses are averaged: losses on small batches jump. */
export const windowSteps = 20;

/**
 * Particles are seeds. Metrics of the last outer step: `finalLoss` on all training images by seed, `bytesPerStep` that
 * one worker has sent in the mean, `wholeBytes` of all parameters.
 */
export const compressionRuns: Experiment<unknown, Tensor> = defineExperiment<Config, Tensor>({
  name: "compression-runs",
  summary: "a network trained by workers that compress or skip what they send, from several seeds",
  config,
  setup(settings, key) {
    const data = workersData(settings.examples);
    const problem = trainingProblem(settings, data);
    const losses = compiled(
      "measure",
      vmap((each: Layer[]) => crossEntropy(each, data)),
    );
    const { steps, seeds } = settings;
    return {
      // Nothing is tuned: there is no theta that the runs depend on.
      theta: np.zeros([]),
      method: unrolling(problem, {
        // Seeds and batches are the same for all runs of a study.
        key: random.foldIn(key, "study"),
        particles: seeds,
        window: windowSteps,
        measure(_theta, state) {
          const { layers, bytes } = state as State;
          return {
            finalLoss: losses(layers).data,
            bytesPerStep: bytes.mean().item() / steps,
            wholeBytes: (4 * tree.size(layers)) / seeds,
          };
        },
      }),
      steps: unrollingSteps(problem, undefined, windowSteps),
    };
  },
});

interface State {
  layers: Layer[];
  optimizer: Tree;
  bytes: Tensor;
}

function optimizerOf(settings: Config): ObjectiveOptimizer {
  const { workers, learningRate, localSteps, compressor: name, errorFeedback: hasFeedback } = settings;
  if (localSteps > 0)
    return localSgd({
      workers,
      localSteps,
      optimizer: sgd({ learningRate }),
    });
  const { compressor, rateFactor } = compressorOf({ name, hasFeedback });
  const optimizer = sgd({ learningRate: learningRate * rateFactor });
  return dataParallel({ workers, optimizer, compressor });
}

function trainingProblem(settings: Config, data: LabelledData): Problem<Tensor, object, LabelledData> {
  const { workers, batchSize, steps, hidden } = settings;
  const objective = objectiveOf(workers);
  const optimizer = optimizerOf(settings);
  // The state of an optimizer is any tree: its type would send the compiler in circles.
  return defineProblem<Tensor, object, LabelledData>({
    name: optimizer.name,
    horizon: steps,
    init(_theta, seed): object {
      const layers = networkOf(random.foldIn(seed, "layers"), data, hidden);
      const first = objective(drawBatch(data, seed, workers));
      return { layers, optimizer: optimizer.init(layers, first, seed), bytes: np.zeros([]) };
    },
    data: (seed: Key) => drawBatch(data, seed, workers * batchSize),
    step(_theta, given, { key: own, batch }) {
      const state = given as State;
      const next = optimizer.step(state.layers, state.optimizer, objective(batch), { key: own });
      const bytes = state.bytes.add(next.metrics["bytesSent"]!.astype("float32"));
      return { state: { layers: next.theta, optimizer: next.state, bytes }, loss: next.loss };
    },
  });
}
