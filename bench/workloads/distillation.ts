/** W6: an outer step of dataset distillation: one inner step on ten images, a batch of 128, Adam on the images. */
import { type Setup, adam, bilevel, distillation as distillationTask, np, random, sgd } from "unspool";
import { classes, normals, uniforms } from "./data.ts";
import type { Workload } from "./table.ts";

const features = 196;
const examples = 5000;

export function distillation({ hidden, hypergradient = "unroll", restartEvery }: Workload): Setup {
  const task = distillationTask({
    data: {
      inputs: np.array(normals(examples * features, 1), { shape: [examples, features] }),
      labels: np.array(Int32Array.from(uniforms(examples, 2), (u) => Math.floor(u * classes))),
    },
    classes,
    hidden: [hidden],
    batchSize: 128,
  });
  const { inner, outer, start, data } = task;
  return {
    theta: task.theta(random.key(0)),
    steps: restartEvery,
    method: bilevel({
      inner,
      outer,
      start,
      ...(data && { data }),
      solver: { optimizer: sgd({ learningRate: 0.02 }), steps: 1 },
      optimizer: adam({ learningRate: 0.02 }),
      hypergradient:
        hypergradient === "unroll" ? { kind: "unroll" } : { kind: "neumann", terms: 20, alpha: 0.1 },
      retrain: { every: 0 },
    }),
  } as Setup;
}
