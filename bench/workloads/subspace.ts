/** W6: a table of features by LISSA and Adam, 784 rows and 1000 columns, d = 16, batches and J of 128: MNIST's sizes. */
import {
  type Setup,
  adam,
  denseMatrix,
  initTable,
  principalSubspace,
  random,
  subspaceDescent,
} from "unspool";
import type { Workload } from "./table.ts";

const [rows, columns, dimensions, samples] = [784, 1000, 16, 128];

export function subspace({ restartEvery }: Workload): Setup {
  const matrix = denseMatrix(random.normal(random.key(1), [rows, columns]));
  const sizes = { batch: samples, weightBatch: samples, inverseSamples: samples };
  return {
    theta: { features: initTable(random.key(2), rows, dimensions) },
    method: subspaceDescent(
      principalSubspace(matrix, { dimensions, ...sizes }),
      adam({ learningRate: 5e-3 }),
    ),
    steps: restartEvery,
  } as Setup;
}
