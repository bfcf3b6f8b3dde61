/**
 * An L2 coefficient for every feature, chosen by a validation set: the most asked-for bilevel problem.
 *
 *     f = ½ mean over training rows of (xᵀw - y)² + ½ Σ_j exp(λ_j) w_j²,      F = ½ mean over validation rows of (xᵀw - y)²
 *
 * Data are drawn: of `features` columns the first `relevant` explain y, the others are noise that few rows fit as well.
 * Bengio 2000; Pedregosa 2016; Lorraine, Vicol and Duvenaud 2020.
 */
import { type Tensor, linalg, np, random } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import type { BilevelProblem } from "../bilevelProblem.ts";

export interface FeaturePenaltiesOptions {
  /** Default 60. */
  features?: number;
  /** Features that y depends on. Default 10. */
  relevant?: number;
  /** Rows for training, for validation, and (ten times as many) for the test. Default 80. */
  rows?: number;
  /** Standard deviation of the noise on y, whose signal has variance 1. Default 1. */
  noise?: number;
  /** Of the data. Default 0. */
  seed?: number;
}

export interface FeaturePenalties extends BilevelProblem<Tensor, Tensor> {
  /** λ = 0 and w = 0, [features] each, float64. */
  theta: { outer: Tensor; weights: Tensor };
  /** Full training: ridge regression. */
  solve(outer: Tensor, weights: Tensor): Tensor;
  /** Mean squared error on the test rows; the noise alone has `noise`². */
  testError(weights: Tensor): Tensor;
  relevant: number;
}

/** The regression. The inner Hessian XᵀX / n + diag(exp λ) is never singular. */
export function featurePenalties(options: FeaturePenaltiesOptions = {}): FeaturePenalties {
  const where = "featurePenalties";
  requireKnownOptions(where, options, ["features", "relevant", "rows", "noise", "seed"]);
  const { features = 60, relevant = 10, rows = 80, noise = 1, seed = 0 } = options;
  for (const [name, value] of Object.entries({ features, relevant, rows }))
    requireInteger(where, name, value, 1);
  if (relevant > features) {
    const allowed = `at most the number of features, ${features}`;
    throw new OptionError(where, "relevant", relevant, allowed);
  }
  const own = { dtype: "float64" } as const;
  const key = random.key(seed);
  const truth = np.concatenate([
    np.full([relevant], 1 / Math.sqrt(relevant), own),
    np.zeros([features - relevant], own),
  ]);
  const part = (name: string, count: number) => {
    const x = random.normal(random.foldIn(key, name), [count, features], own);
    const y = np
      .matmul(x, truth)
      .add(random.normal(random.foldIn(key, `${name} noise`), [count], own).mul(noise));
    return { x, y };
  };
  const [train, validation, test] = [part("train", rows), part("validation", rows), part("test", 10 * rows)];
  const gram = np.matmul(train.x.transpose(), train.x).div(rows);
  const moment = np.matmul(train.x.transpose(), train.y).div(rows);
  const meanSquare = ({ x, y }: { x: Tensor; y: Tensor }, w: Tensor): Tensor => {
    const miss = np.matmul(x, w).sub(y);
    return miss.mul(miss).mean();
  };
  return {
    name: where,
    relevant,
    theta: { outer: np.zeros([features], own), weights: np.zeros([features], own) },
    inner: (penalty, w) => meanSquare(train, w).add(np.exp(penalty).mul(w).mul(w).sum()).mul(0.5),
    outer: (_, w) => meanSquare(validation, w).mul(0.5),
    solve: (penalty) => linalg.solve(gram.add(np.diag(np.exp(penalty))), moment),
    testError: (w) => meanSquare(test, w),
  };
}
