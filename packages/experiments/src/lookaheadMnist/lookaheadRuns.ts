/** One method at every setting of the grid: networks with the same first weights and the same batches. */
import { type Experiment, type Tensor, defineExperiment, random } from "unspool";
import { z } from "zod";
import { loadSmallMnist } from "../shared/data/mnist.ts";
import { gridSetup } from "../shared/trainedGrid.ts";
import { type Hyperparameters, methodNames, methods, settings, smallTraining } from "./lookaheadMethods.ts";

const config = z.strictObject({
  method: z.enum(methodNames).default("plain"),
  horizon: z.int().min(1).default(500).describe("updates of a training run"),
  network: z.int().min(0).default(0).describe("which first weights and batches"),
});

export const lookaheadRuns: Experiment<unknown, Record<string, Tensor>> = defineExperiment<
  z.infer<typeof config>,
  Record<string, Tensor>
>({
  name: "lookahead-runs",
  summary: "networks trained by one method at several learning rates",
  config,
  setup({ method, horizon, network }, key) {
    const data = loadSmallMnist();
    const training = smallTraining<Hyperparameters>(data, methods[method], horizon);
    return gridSetup(training, settings, { data, key: random.foldIn(key, "study"), network });
  },
});
