/**
 * The extended Kalman filter with one step of smoothing (Särkkä 2013, sections 5.2 and 9.1): model and emission linearised at
 * the mean, J = ∂f/∂x, with covariances P of the step before, P⁻ predicted, P⁺ updated:
 *
 *     past: m + C (m⁺ - m⁻),   P + C (P⁺ - P⁻) Cᵀ,   C = P Jᵀ (P⁻)⁻¹
 *
 * The noises of the model are taken to be diagonal with the variances that its distributions have.
 */
import { type Tensor, jacobian, linalg, np, tree } from "../../../array/index.ts";
import { NonFiniteError, OptionError, requireKnownOptions } from "../../../errors.ts";
import { compiled } from "../../../unroll/index.ts";
import type { StateSpaceModel } from "../../stateSpace/stateSpaceModel.ts";
import { type GaussianState, diagonal, extendedUpdate } from "../extendedUpdate.ts";
import type { FilterStep, OnlineFilter } from "../onlineFilter.ts";
import { requireObservation, requireSameTheta, thetaShapes } from "../requireStream.ts";
import { type Seen, asFloat64 } from "./ensembleKalman.ts";

export interface ExtendedKalmanOptions<Theta> {
  /** How the state moves, and what is observed of it. */
  model: StateSpaceModel<Theta>;
}

export interface ExtendedKalmanState {
  t: number;
  theta: Record<string, string>;
  /** float64. */
  mean: Tensor;
  covariance: Tensor;
  /** Of the linearised model. */
  logEvidence: number;
}

const where = "extendedKalman";

/**
 * The filter. Throws `NonFiniteError` where an emission has no finite variance (Student's t with 2 degrees of freedom).
 *
 * Cost of a step: dx derivatives of transition and emission, dx³ + dy³.
 */
export function extendedKalman<Theta>(
  options: ExtendedKalmanOptions<Theta>,
): OnlineFilter<Theta, ExtendedKalmanState> {
  requireKnownOptions(where, options, ["model"]);
  const { model } = options;
  if (typeof model?.transition !== "function")
    throw new OptionError(where, "model", model, "a state-space model");
  const d = model.stateSize;
  const updated = (theta: Theta, predicted: GaussianState, seen: Seen) => ({
    ...extendedUpdate({ model, theta, ...seen }, predicted),
    increment: predictiveLogProb(model, theta, predicted, seen),
  });
  const first = compiled("ekf.first", (theta: Theta, last: GaussianState, seen: Seen) => {
    const prior = model.initial(theta);
    const predicted = { mean: asFloat64(prior.mean()), covariance: diagonal(asFloat64(prior.variance())) };
    return { ...updated(theta, predicted, seen), past: last };
  });
  const next = compiled("ekf.step", (theta: Theta, last: GaussianState, seen: Seen) => {
    const f = (x: Tensor): Tensor => asFloat64(model.transition(theta, x, seen.t).mean());
    const J = jacobian(f)(last.mean);
    const JP = np.matmul(J, last.covariance) as Tensor;
    const noise = diagonal(asFloat64(model.transition(theta, last.mean, seen.t).variance()));
    const predicted = {
      mean: f(last.mean),
      covariance: (np.matmul(JP, J.transpose()) as Tensor).add(noise),
    };
    const now = updated(theta, predicted, seen);
    const C = linalg.solve(predicted.covariance, JP).transpose();
    const fall = np.matmul(C, now.covariance.sub(predicted.covariance)) as Tensor;
    const past = {
      mean: last.mean.add(np.matvec(C, now.mean.sub(predicted.mean))),
      covariance: last.covariance.add(np.matmul(fall, C.transpose()) as Tensor),
    };
    return { ...now, past };
  });
  return {
    name: "ekf",
    observationSize: model.observationSize,
    learns: false,
    describe: { model: model.name },
    init: (theta) => ({
      t: 0,
      theta: thetaShapes(where, theta),
      mean: np.zeros([d], { dtype: "float64" }),
      covariance: np.zeros([d, d], { dtype: "float64" }),
      logEvidence: 0,
    }),
    step(theta, state, given, key): FilterStep<Theta, ExtendedKalmanState> {
      requireSameTheta(where, state.theta, theta);
      const { t, mean: from, covariance: spread } = state;
      const seen: Seen = {
        ...requireObservation(where, model.observationSize, given),
        t: tree.scalar(t, "int32"),
        key,
      };
      const made = (t === 0 ? first : next)(theta, { mean: from, covariance: spread }, seen);
      const { mean, covariance, past } = made;
      if (!tree.isFinite([mean, covariance])) {
        const hint =
          "An emission without a finite variance, as Student's t with 2 degrees of freedom, has no Kalman gain.";
        throw new NonFiniteError(where, `the state is not finite at observation ${t}. ${hint}`, { step: t });
      }
      const logEvidence = state.logEvidence + made.increment.item();
      return {
        state: { ...state, t: t + 1, mean, covariance, logEvidence },
        ...{ mean, sd: marginalSd(covariance), logEvidence },
        ...(t > 0 && { past: { mean: past.mean, sd: marginalSd(past.covariance) } }),
        metrics: { innerSteps: 1 },
      };
    },
  };
}

const marginalSd = (covariance: Tensor): Tensor => np.sqrt(np.diagonal(covariance)) as Tensor;

/** log N(y; g(m), H P Hᵀ + R); 0 where nothing was observed. */
function predictiveLogProb<Theta>(
  model: StateSpaceModel<Theta>,
  theta: Theta,
  { mean, covariance }: GaussianState,
  { y, observed, t }: Seen,
): Tensor {
  const emission = (x: Tensor): Tensor => asFloat64(model.emission(theta, x, t).mean());
  const H = jacobian(emission)(mean);
  const R = diagonal(asFloat64(model.emission(theta, mean, t).variance()));
  const S = (np.matmul(np.matmul(H, covariance) as Tensor, H.transpose()) as Tensor).add(R);
  const gap = np.where(observed, y, 0).sub(emission(mean)).reshape([y.shape[0]!, 1]) as Tensor;
  const factor = linalg.cholesky(S);
  const z = linalg.triangularSolve(factor, gap, { leftSide: true, lower: true });
  const logDensity = z
    .mul(z)
    .sum()
    .mul(-0.5)
    .sub(np.log(np.diagonal(factor)).sum())
    .sub((y.shape[0]! * Math.log(2 * Math.PI)) / 2);
  return np.where(observed, logDensity, 0) as Tensor;
}
