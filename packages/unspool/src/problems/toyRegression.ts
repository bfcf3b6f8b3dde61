/**
 * Two-dimensional toy regression: gradient descent on a surface with a narrow corrugated valley, whose learning
 * rate goes linearly from e^theta_0 to e^theta_1. The loss surface over theta is chaotic where steps are long.
 *
 *     f(x) = √(x0² + 5) - √5 + sin²(x1) e^(-5 x0²) + |x1 - 100| / 4,   x <- x - alpha_t ∇f(x),   l_t = f(x_{t+1})
 *
 * Vicol, Metz, Sohl-Dickstein 2021 (released code); Vicol, Kolter, Swersky 2023, appendix C.1.
 */
import { requireKnownOptions } from "../errors.ts";
import { type Tensor, np } from "../array/index.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";

export interface ToyRegressionOptions {
  /** Inner steps T. Default 100. */
  horizon?: number;
}

export type ToyRegressionTheta = { logLearningRate: Tensor };

/** Theta is `logLearningRate` [2]: at the start and at the end. */
export function toyRegression(
  options: ToyRegressionOptions = {},
): Problem<ToyRegressionTheta, { x: Tensor }, undefined> {
  requireKnownOptions("toyRegression", options, ["horizon"]);
  const { horizon = 100 } = options;
  return defineProblem({
    name: "toyRegression",
    horizon,
    init: () => ({ x: np.array([1, 1]) }),
    step({ logLearningRate }: ToyRegressionTheta, { x }, { t }) {
      const rates = np.exp(logLearningRate);
      const progress = t.astype(x.dtype).mul(1 / horizon);
      const rate = rates.slice(0).mul(progress.neg().add(1)).add(rates.slice(1).mul(progress));
      const next = x.sub(surfaceGradient(x).mul(rate));
      return { state: { x: next }, loss: surface(next) };
    },
  });
}

/** f at x [2]. */
export function surface(x: Tensor): Tensor {
  const [x0, x1] = [x.slice(0), x.slice(1)];
  const bowl = np.sqrt(x0.mul(x0).add(5)).sub(Math.sqrt(5));
  const wave = np.sin(x1);
  const ridge = wave.mul(wave).mul(np.exp(x0.mul(x0).mul(-5)));
  return bowl.add(ridge).add(np.abs(x1.sub(100)).mul(0.25));
}

/** ∇f at x [2], by hand: the step needs it inside derivatives of its own. */
function surfaceGradient(x: Tensor): Tensor {
  const [x0, x1] = [x.slice(0), x.slice(1)];
  const wave = np.sin(x1);
  const bell = np.exp(x0.mul(x0).mul(-5));
  const d0 = x0.div(np.sqrt(x0.mul(x0).add(5))).sub(wave.mul(wave).mul(bell).mul(x0).mul(10));
  const d1 = wave
    .mul(np.cos(x1))
    .mul(bell)
    .mul(2)
    .add(np.sign(x1.sub(100)).mul(0.25));
  return np.stack([d0, d1]);
}
