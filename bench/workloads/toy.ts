/** W2: PES on the toy regression, 500 pairs, windows of 10 of 100 steps. */
import { type Executor, type Setup, adam, np, pes, toyRegression } from "unspool";
import type { Workload } from "./table.ts";

export function toy({ restartEvery }: Workload, executor?: Executor): Setup {
  const estimator = pes(toyRegression({ horizon: 100 }), {
    sigma: 0.1,
    pairs: 500,
    truncation: 10,
    objective: "sum",
    ...(executor && { executor }),
  });
  return {
    theta: { logLearningRate: np.array([Math.log(0.01), Math.log(0.01)]) },
    estimator,
    optimizer: adam({ learningRate: 1e-2, beta1: 0.99, beta2: 0.999, eps: 1e-8 }),
    steps: restartEvery,
  } as Setup;
}
