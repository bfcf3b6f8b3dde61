/** One network on MNIST, trained step by step by workers that compress what they send. */
import {
  type Experiment,
  type Layer,
  compressorNames,
  createCompressor,
  crossEntropy,
  dataParallel,
  defineExperiment,
  objectiveDescent,
  random,
  sgd,
} from "unspool";
import { z } from "zod";
import { drawBatch, networkOf, objectiveOf, trainingFields, workersData } from "./workers.ts";

const config = z.strictObject({
  compressor: z.enum(compressorNames).default("topK").describe("with its defaults"),
  errorFeedback: z.boolean().default(true).describe("on updates"),
  ...trainingFields,
});

export const compressedTraining: Experiment<unknown, Layer[]> = defineExperiment<
  z.infer<typeof config>,
  Layer[]
>({
  name: "compressed-training",
  summary: "one network on MNIST, trained by workers that compress what they send",
  paper: "Karimireddy et al. (ICML 2019), Vogels et al. (NeurIPS 2019), at CPU size",
  config,
  setup({ compressor, errorFeedback, steps, learningRate, workers, batchSize, hidden, examples }, key) {
    const data = workersData(examples);
    const optimizer = dataParallel({
      workers,
      optimizer: sgd({ learningRate }),
      compressor: createCompressor({ name: compressor, errorFeedback }),
    });
    return {
      theta: networkOf(random.foldIn(key, "layers"), data, hidden),
      method: objectiveDescent({
        optimizer,
        objective: objectiveOf(workers),
        data: (own) => drawBatch(data, own, workers * batchSize),
      }),
      steps,
      evaluate: (trained, initial) => ({
        metrics: {
          initialLoss: crossEntropy(initial, data).item(),
          trainedLoss: crossEntropy(trained, data).item(),
        },
      }),
    };
  },
});
