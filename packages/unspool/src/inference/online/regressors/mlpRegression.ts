/**
 * A network with standardised inputs and outputs, trained by Adam from where the last fit ended. Means and standard deviations
 * run along,
 *
 *     m ← decay · m + (1 - decay) · mean of the samples,      prediction at x: m_F + s_F · net((x - m_X) / s_X)
 *
 * and the first fit takes those of its samples. Campbell, Shi, Rainforth and Doucet 2021, appendix; code `NNFuncEstimator`.
 */
import {
  type Key,
  type Tensor,
  type Tree,
  np,
  random,
  scan,
  tree,
  valueAndGrad,
} from "../../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../../errors.ts";
import { type Layer, applyMlp, initMlp } from "../../../networks/index.ts";
import { type Optimizer, adam } from "../../../optimizers/index.ts";
import type { Regressor } from "./regressor.ts";

export interface MlpRegressionOptions {
  /** Samples of a fit. Default 512. */
  samples?: number;
  /** Widths of the hidden layers, with ReLU. Default [64, 64]. */
  hidden?: readonly number[];
  /** Steps of Adam in a fit, which starts anew each time. Default 100. */
  steps?: number;
  /** Default 0.001. */
  learningRate?: number;
  /** Samples of a step. Default 64. */
  batch?: number;
  /** Part of the running statistics that is kept. Default 0.99. */
  decay?: number;
}

export interface MlpRegressionSettings extends Required<Omit<MlpRegressionOptions, "learningRate">> {
  optimizer: Optimizer;
}

/** Means and standard deviations that run along: of n numbers, [n] each. */
export type RunningStatistics = { mean: Tensor; sd: Tensor };

export type MlpRegressionState = {
  layers: Layer[];
  inputs: RunningStatistics;
  outputs: RunningStatistics;
  /** Fits so far, float64. */
  fits: Tensor;
};

/** A network. Cost of a fit: `steps` · `batch` evaluations and their gradients. */
export function mlpRegression(options: MlpRegressionOptions = {}): Regressor<MlpRegressionState> {
  const where = "mlpRegression";
  const settings = mlpRegressionSettings(where, options);
  const { samples, hidden, decay } = settings;
  const predict = ({ layers, inputs, outputs }: MlpRegressionState, x: Tensor): Tensor =>
    applyMlp(layers, standardised(inputs, x)).mul(outputs.sd).add(outputs.mean);
  return {
    name: "mlp",
    samples,
    init: (key, inputs, outputs) => ({
      layers: networkThatIsZero(random.foldIn(key, "network"), [inputs, ...hidden, outputs]),
      inputs: startStatistics(inputs),
      outputs: startStatistics(outputs),
      fits: tree.scalar(0, "float64"),
    }),
    fit(state, { inputs: x, targets }, key) {
      const inputs = runningStatistics(state.inputs, x, decay, state.fits);
      const outputs = runningStatistics(state.outputs, targets, decay, state.fits);
      const wanted = standardised(outputs, targets);
      const at = standardised(inputs, x);
      const layers = trainedLayers(settings, state.layers, key, x.shape[0]!, (own, rows) => {
        const error = applyMlp(own, rowsOf(at, rows)).sub(rowsOf(wanted, rows));
        return error.mul(error).mean();
      });
      return { layers, inputs, outputs, fits: state.fits.add(1) };
    },
    predict,
  };
}

/** Options with their defaults, checked. */
export function mlpRegressionSettings(where: string, options: MlpRegressionOptions): MlpRegressionSettings {
  requireKnownOptions(where, options, ["samples", "hidden", "steps", "learningRate", "batch", "decay"]);
  const {
    samples = 512,
    hidden = [64, 64],
    steps = 100,
    learningRate = 0.001,
    batch = 64,
    decay = 0.99,
  } = options;
  requireInteger(where, "samples", samples, 2);
  requireInteger(where, "steps", steps, 1);
  requireInteger(where, "batch", batch, 1);
  hidden.forEach((width, i) => requireInteger(where, `hidden[${i}]`, width, 1));
  if (!(decay >= 0 && decay < 1))
    throw new OptionError(where, "decay", decay, "a number of at least 0 and below 1");
  return { samples, hidden, steps, batch, decay, optimizer: adam({ learningRate }) };
}

/** A network whose last layer is 0, and so its outputs. */
export function networkThatIsZero(key: Key, sizes: readonly number[]): Layer[] {
  const layers = initMlp(key, sizes, { dtype: "float64" });
  const last = layers.at(-1)!;
  return [...layers.slice(0, -1), { ...last, weights: np.zerosLike(last.weights) }];
}

/** Before the first fit: outputs of 0. */
export const startStatistics = (n: number): RunningStatistics => ({
  mean: np.zeros([n], { dtype: "float64" }),
  sd: np.ones([n], { dtype: "float64" }),
});

/** Least standard deviation that is divided by, of what does not vary. */
const leastSd = 1e-8;

/** Statistics of rows x [n, d] joined to the running ones; the first fit takes its own. */
export function runningStatistics(
  running: RunningStatistics,
  x: Tensor,
  decay: number,
  fits: Tensor,
): RunningStatistics {
  const kept = np.where(fits.greater(0), decay, 0).astype("float64");
  const join = (old: Tensor, own: Tensor): Tensor => old.mul(kept).add(own.mul(kept.neg().add(1)));
  const mean = x.mean(0);
  const gap = x.sub(mean);
  const variance = gap
    .mul(gap)
    .sum(0)
    .div(x.shape[0]! - 1);
  const sd = np.maximum(np.sqrt(variance) as Tensor, leastSd) as Tensor;
  return { mean: join(running.mean, mean), sd: join(running.sd, sd) };
}

export const standardised = ({ mean, sd }: RunningStatistics, x: Tensor): Tensor => x.sub(mean).div(sd);

export const rowsOf = (x: Tensor, rows: Tensor): Tensor => np.take(x, rows, 0) as Tensor;

/** Layers after `steps` of the optimizer on batches of n samples, drawn with replacement. */
export function trainedLayers(
  { steps, batch, optimizer }: MlpRegressionSettings,
  from: Layer[],
  key: Key,
  n: number,
  loss: (layers: Layer[], rows: Tensor) => Tensor,
): Layer[] {
  type Carry = { layers: Layer[]; state: Tree };
  const [end] = scan(
    ({ layers, state }: Carry, _x: null, k: Tensor): [Carry, undefined] => {
      const rows = random.randint(random.foldIn(key, k), [batch], 0, n);
      const [, gradient] = valueAndGrad((own: Layer[]) => loss(own, rows))(layers);
      const next = optimizer.update<Layer[]>(gradient, state, layers);
      return [{ layers: next.theta, state: next.state as Tree }, undefined];
    },
    { layers: from, state: optimizer.init(from) as Tree },
    null,
    { length: steps },
  );
  return end.layers;
}
