/**
 * A Kalman filter that learns by recursive maximum likelihood: the online variational filter with the exact pair, exact
 * quadratics for the score, and exact means. Its gradient is that of log p(y_t | y_0 … y_{t-1}), the score of earlier steps taken
 * at the thetas that they had. Of diagonal linear-Gaussian models. Campbell et al. 2021, section 5.1; code `LinearRMLEDiagFG`.
 */
import { requireKnownOptions } from "../../../errors.ts";
import type {
  DiagonalLinearGaussianModel,
  DiagonalLinearGaussianTheta,
} from "../../stateSpace/diagonalLinearGaussian.ts";
import { type GaussianPair, gaussianFamily } from "../gaussianFamily.ts";
import { type OnlineVariationalFilter, onlineVariationalFilter } from "../onlineVariationalFilter.ts";
import { quadraticRegression } from "../regressors/quadraticRegression.ts";
import { zeroRegression } from "../regressors/zeroRegression.ts";

export interface KalmanLearningOptions {
  /** How the state moves, and what is observed of it. */
  model: DiagonalLinearGaussianModel;
  /** The first step that has a gradient. Default 5. */
  start?: number;
}

/** The filter; its estimate of the evidence is exact while theta stays. Cost of a step: O(dx²) states. */
export function kalmanLearning(
  options: KalmanLearningOptions,
): OnlineVariationalFilter<DiagonalLinearGaussianTheta, GaussianPair> {
  requireKnownOptions("kalmanLearning", options, ["model", "start"]);
  const { model, start = 5 } = options;
  const filter = onlineVariationalFilter({
    model,
    family: gaussianFamily({ past: "diagonal" }),
    regressors: { T: zeroRegression(), S: quadraticRegression() },
    phi: "kalman",
    learns: true,
    theta: { samples: "exact", start },
    elboSamples: "exact",
  });
  return { ...filter, name: "rmle" };
}
