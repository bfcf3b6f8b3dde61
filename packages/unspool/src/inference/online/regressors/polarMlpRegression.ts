/**
 * A network for functions of many outputs whose size varies more than their direction: it gives a direction and the logarithm
 * of a length,
 *
 *     prediction at x: d / |d|₁ · exp(m + s · l),    (d, l) = net((x - m_X) / s_X)
 *     loss: ½ (1 - cosine of d and target) + ½ (l - standardised log |target|₁)²
 *
 * Campbell, Shi, Rainforth and Doucet 2021, appendix on DMLab; code `NN_Func_Polar`.
 */
import { type Tensor, np, random, tree } from "../../../array/index.ts";
import { type Layer, applyMlp, initMlp } from "../../../networks/index.ts";
import {
  type MlpRegressionOptions,
  type RunningStatistics,
  mlpRegressionSettings,
  rowsOf,
  runningStatistics,
  standardised,
  startStatistics,
  trainedLayers,
} from "./mlpRegression.ts";
import type { Regressor } from "./regressor.ts";

export type PolarMlpRegressionState = {
  layers: Layer[];
  inputs: RunningStatistics;
  /** Of the logarithm of the length. */
  size: RunningStatistics;
  /** Fits so far, float64. */
  fits: Tensor;
};

/** Least length of a target whose logarithm is taken. */
const leastLength = 1e-12;

/** The polar network. Options and defaults are those of `mlpRegression`, but for `hidden`: [256, 1024], and `decay`: 0.9. */
export function polarMlpRegression(options: MlpRegressionOptions = {}): Regressor<PolarMlpRegressionState> {
  const settings = mlpRegressionSettings("polarMlpRegression", {
    hidden: [256, 1024],
    decay: 0.9,
    ...options,
  });
  const { samples, hidden, decay } = settings;
  const heads = (layers: Layer[], x: Tensor, m: number) => {
    const out = applyMlp(layers, x);
    return { direction: out.slice([], [0, m]), size: out.slice([], [m, m + 1]) };
  };
  return {
    name: "polarMlp",
    samples,
    // Outputs before the first fit are 0 by `fits`, the direction of 0 having no length.
    init: (key, inputs, outputs) => ({
      layers: initMlp(random.foldIn(key, "network"), [inputs, ...hidden, outputs + 1], { dtype: "float64" }),
      inputs: startStatistics(inputs),
      size: startStatistics(1),
      fits: tree.scalar(0, "float64"),
    }),
    fit(state, { inputs: x, targets }, key) {
      const inputs = runningStatistics(state.inputs, x, decay, state.fits);
      const logs = np.log(np.maximum(lengthOf(targets), leastLength)) as Tensor;
      const size = runningStatistics(state.size, logs, decay, state.fits);
      const wanted = standardised(size, logs);
      const at = standardised(inputs, x);
      const layers = trainedLayers(settings, state.layers, key, x.shape[0]!, (own, rows) => {
        const made = heads(own, rowsOf(at, rows), targets.shape[1]!);
        const error = made.size.sub(rowsOf(wanted, rows));
        return cosine(made.direction, rowsOf(targets, rows))
          .neg()
          .add(1)
          .mean()
          .add(error.mul(error).mean())
          .mul(0.5);
      });
      return { layers, inputs, size, fits: state.fits.add(1) };
    },
    predict({ layers, inputs, size, fits }, x) {
      const m = layers.at(-1)!.bias.shape[0]! - 1;
      const made = heads(layers, standardised(inputs, x), m);
      const length = np.exp(made.size.mul(size.sd).add(size.mean)) as Tensor;
      const unit = made.direction.div(np.maximum(lengthOf(made.direction), leastLength) as Tensor);
      return np.where(fits.greater(0), unit.mul(length), 0) as Tensor;
    },
  };
}

/** |x|₁ of rows, [n, 1]. */
const lengthOf = (x: Tensor): Tensor => (np.abs(x) as Tensor).sum(1, { keepdims: true });

/** Of rows, [n]. Of a row of zeros it is 0. */
function cosine(a: Tensor, b: Tensor): Tensor {
  const norm = (x: Tensor): Tensor =>
    np.sqrt(
      x
        .mul(x)
        .sum(1)
        .add(leastLength ** 2),
    ) as Tensor;
  return a
    .mul(b)
    .sum(1)
    .div(norm(a).mul(norm(b)));
}
