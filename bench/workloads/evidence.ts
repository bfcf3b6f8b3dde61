/** W6: the gradient of a network's evidence by ranges of six transformations and by its prior precision. */
import {
  type Layer,
  type Layers,
  type Setup,
  type Tensor,
  adam,
  affineAugment,
  applyMlp,
  categoricalLogits,
  descent,
  initMlp,
  invarianceGradient,
  np,
  random,
  tree,
} from "unspool";
import { classes, uniforms } from "./data.ts";
import type { Workload } from "./table.ts";

const [examples, side, samples] = [312, 28, 9];

/** One update is one measurement of the curvature, its eigenvalues, and one derivative by contraction. */
export function evidence({ hidden, restartEvery }: Workload): Setup {
  const network = (layers: Layer[], x: Tensor, on: Layers): Tensor => applyMlp(layers, x, on, np.tanh);
  const pixels = side * side;
  const estimator = invarianceGradient({
    evidence: { network, likelihood: categoricalLogits, augmentation: affineAugment({ samples }) },
    data: {
      inputs: np.array(uniforms(examples * pixels, 1), { shape: [examples, pixels] }),
      targets: np.array(Int32Array.from(uniforms(examples, 2), (u) => Math.floor(u * classes))),
    },
    network: initMlp(random.key(0), [pixels, hidden, classes]),
  });
  const optimizer = adam({ learningRate: 0.01 });
  return {
    theta: { eta: np.array([0.1, 0.1, 1, 0.1, 0.1, 0.1]), logDelta: tree.scalar(0, "float64") },
    method: descent(estimator, optimizer),
    steps: restartEvery,
  } as Setup;
}
