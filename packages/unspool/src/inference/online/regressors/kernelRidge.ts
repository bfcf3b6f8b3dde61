/**
 * Kernel ridge regression. With inputs X, targets F and the kernel k:
 *
 *     alpha = (k(X, X) + ridge · I)⁻¹ F,      prediction at x: k(x, X) alpha
 *
 * All outputs share one Cholesky factor, in float64. The ridge is not scaled by n. Away from its inputs the prediction is 0.
 * Campbell, Shi, Rainforth and Doucet 2021, section 3.5 and appendix.
 */
import {
  type Key,
  type Tensor,
  type Tree,
  grad,
  linalg,
  np,
  random,
  scan,
  tree,
} from "../../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requirePositive } from "../../../errors.ts";
import { type Optimizer, adam } from "../../../optimizers/index.ts";
import { medianDistance } from "./medianDistance.ts";
import type { RegressionSamples, Regressor } from "./regressor.ts";
import { type RidgeKernelName, ridgeKernel, squaredDistances } from "./ridgeKernel.ts";

export interface KernelRidgeOptions {
  /** Samples of a fit, N, of at least 2. Default 250. */
  samples?: number;
  /** λ, above 0. Default 0.01: with a smaller one S can diverge. */
  ridge?: number;
  /** "gaussian", "matern12", "matern32" or "matern52". Default "gaussian". */
  kernel?: RidgeKernelName;
  /**
   * σ: the median distance of the inputs, computed anew in every fit; that, and then Adam on the squared error of predictions
   * for samples that were left out; or a number. Default "median".
   */
  bandwidth?: "median" | "trained" | number;
  /** Of `bandwidth: "trained"`. Default: 25 steps at 0.01, 10 samples left out of N for each. */
  training?: { steps?: number; learningRate?: number; batch?: number };
}

export type KernelRidgeState = {
  /** [N, dx]. */
  inputs: Tensor;
  /** [N, m]. */
  coefficients: Tensor;
  /** Scalar. */
  bandwidth: Tensor;
};

const where = "kernelRidge";
const float64 = { dtype: "float64" } as const;

/** Kernel ridge regression. Cost of a fit: N³ / 3 + N² (d + m), and N² log N for the median. */
export function kernelRidge(options: KernelRidgeOptions = {}): Regressor<KernelRidgeState> {
  requireKnownOptions(where, options, ["samples", "ridge", "kernel", "bandwidth", "training"]);
  const { samples = 250, ridge = 0.01, kernel = "gaussian", bandwidth = "median" } = options;
  requireInteger(where, "samples", samples, 2);
  requirePositive(where, "ridge", ridge, "Without a ridge near points make the Gram matrix singular.");
  const { of } = ridgeKernel(kernel);
  if (typeof bandwidth === "number") requirePositive(where, "bandwidth", bandwidth);
  else if (bandwidth !== "median" && bandwidth !== "trained") {
    throw new OptionError(where, "bandwidth", bandwidth, '"median", "trained" or a number');
  }
  const training = trainingRule(options.training, samples);

  const gram = (x: Tensor, z: Tensor, sigma: Tensor): Tensor =>
    of(squaredDistances(x, z).div(sigma.mul(sigma)));
  const coefficientsOf = (x: Tensor, targets: Tensor, sigma: Tensor): Tensor =>
    solveRidge(gram(x, x, sigma), ridge, targets);

  /** Adam on log σ by the squared error of samples left out, from the median. */
  const trained = ({ inputs, targets }: RegressionSamples, key: Key): Tensor => {
    const { steps, batch, optimizer } = training;
    const n = inputs.shape[0]!;
    const order = random.permutation(random.foldIn(key, "left out"), n);
    const pick = (x: Tensor, at: Tensor): Tensor => np.take(x, at, 0) as Tensor;
    const start = np.log(medianDistance(inputs)) as Tensor;
    const step = (carry: { log: Tensor; state: Tree }, k: Tensor) => {
      // Another stretch of the permutation each time; the rest is what the coefficients are made of.
      const turned = pick(order, np.mod(np.arange(n).add(k.mul(batch)), n) as Tensor);
      const [out, rest] = [turned.slice([0, batch]), turned.slice([batch, n])];
      const loss = (log: Tensor): Tensor => {
        const sigma = np.exp(log) as Tensor;
        const alpha = coefficientsOf(pick(inputs, rest), pick(targets, rest), sigma);
        const error = (np.matmul(gram(pick(inputs, out), pick(inputs, rest), sigma), alpha) as Tensor).sub(
          pick(targets, out),
        );
        return error.mul(error).mean();
      };
      const next = optimizer.update<Tensor>(grad(loss)(carry.log), carry.state, carry.log);
      return { log: next.theta, state: next.state as Tree };
    };
    const [end] = scan(
      (carry: { log: Tensor; state: Tree }, _x: null, k: Tensor) =>
        [step(carry, k), undefined] as [{ log: Tensor; state: Tree }, undefined],
      { log: start, state: optimizer.init(start) as Tree },
      null,
      { length: steps },
    );
    return np.exp(end.log) as Tensor;
  };

  return {
    name: where,
    samples,
    init: (_key, inputs, outputs) => ({
      inputs: np.zeros([samples, inputs], float64),
      coefficients: np.zeros([samples, outputs], float64),
      bandwidth: tree.scalar(1, "float64"),
    }),
    fit(_state, given, key) {
      const { inputs, targets } = given;
      const sigma =
        typeof bandwidth === "number"
          ? tree.scalar(bandwidth, "float64")
          : bandwidth === "median"
            ? medianDistance(inputs)
            : trained(given, key);
      const coefficients = coefficientsOf(inputs, targets, sigma);
      return { inputs, coefficients, bandwidth: sigma };
    },
    predict: ({ inputs, coefficients, bandwidth: sigma }, x) =>
      np.matmul(gram(x, inputs, sigma), coefficients) as Tensor,
  };
}

/** (K + ridge · I)⁻¹ F by Cholesky, K [n, n], F [n, m]. */
export function solveRidge(gram: Tensor, ridge: number, targets: Tensor): Tensor {
  const damped = gram.add(np.eye(gram.shape[0]!, float64).mul(ridge));
  const lower = linalg.cholesky(damped);
  const half = linalg.triangularSolve(lower, targets, { lower: true, leftSide: true });
  return linalg.triangularSolve(lower, half, { lower: true, leftSide: true, transposeA: true });
}

function trainingRule(
  given: KernelRidgeOptions["training"],
  samples: number,
): { steps: number; batch: number; optimizer: Optimizer } {
  requireKnownOptions(where, given, ["steps", "learningRate", "batch"]);
  const { steps = 25, learningRate = 0.01, batch = Math.min(10, Math.floor(samples / 2)) } = given ?? {};
  requireInteger(where, "training.steps", steps, 1);
  requireInteger(where, "training.batch", batch, 1);
  requirePositive(where, "training.learningRate", learningRate);
  if (batch >= samples) throw new OptionError(where, "training.batch", batch, `below samples, ${samples}`);
  return { steps, batch, optimizer: adam({ learningRate }) };
}
