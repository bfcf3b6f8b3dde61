/**
 * Linear-Gaussian state-space models:
 *
 *     x_0 ~ N(m0, P0),   x_t ~ N(F x_{t-1} + drift, Q),   y_t ~ N(G x_t + offset, R)
 */
import { type Key, type Tensor, np } from "../../array/index.ts";
import { multivariateNormal } from "../../distributions/index.ts";
import { OptionError, requireKnownOptions } from "../../errors.ts";
import { defineStateSpaceModel } from "./defineStateSpaceModel.ts";
import {
  type GivenMatrices,
  type LinearGaussianMatrices,
  type MatrixName,
  linearGaussianMatrices,
  matrixNames,
} from "./linearGaussianMatrices.ts";
import type { StateSpaceModel } from "./stateSpaceModel.ts";

export interface LinearGaussianOptions<Learned extends MatrixName = never> {
  /** F, G, Q, R, P0, and m0, drift and offset, which are 0 by default. */
  matrices: GivenMatrices;
  /** Those that are theta, which starts at what is given; the others are data. Default none. */
  learned?: readonly Learned[];
  /** Default "linearGaussian". */
  name?: string;
}

/** A model whose matrices depend on theta in any way, say by diagonals or logarithms. */
export interface ParameterisedLinearGaussian<Theta> {
  init(key: Key): Theta;
  matrices(theta: Theta): GivenMatrices;
  /** dx. */
  stateSize: number;
  /** dy. */
  observationSize: number;
  /** Default "linearGaussian". */
  name?: string;
}

export interface LinearGaussianModel<Theta> extends StateSpaceModel<Theta> {
  /** What `kalmanFilter`, `kalmanSmoother` and `lookAheadLikelihood` take. */
  matrices(theta: Theta): LinearGaussianMatrices;
}

/**
 * The model of given matrices, some of which may be theta, or of matrices that are a function of theta. Its exact evidence is
 * that of `kalmanFilter(model.matrices(theta), data)`.
 *
 * @throws OptionError for a matrix that is missing, misspelt or no covariance; ShapeError where sizes do not fit.
 *
 * @example
 * const model = linearGaussian({ matrices: { F: 0.9, G: 1.2, Q: 0.3, R: 0.2, P0: 1 }, learned: ["F"] });
 * const evidence = (theta: { F: Tensor }) => kalmanFilter(model.matrices(theta), { y }).logEvidence;
 * grad(evidence)({ F: np.array([[0.9]]) });
 */
export function linearGaussian<Learned extends MatrixName = never>(
  options: LinearGaussianOptions<Learned>,
): LinearGaussianModel<Record<Learned, Tensor>>;
export function linearGaussian<Theta>(
  options: ParameterisedLinearGaussian<Theta>,
): LinearGaussianModel<Theta>;
export function linearGaussian(
  options: LinearGaussianOptions<MatrixName> | ParameterisedLinearGaussian<unknown>,
): LinearGaussianModel<unknown> {
  return "init" in options || typeof options.matrices === "function"
    ? parameterised(options as ParameterisedLinearGaussian<unknown>)
    : ofGiven(options as LinearGaussianOptions<MatrixName>);
}

const where = "linearGaussian";

function ofGiven(
  options: LinearGaussianOptions<MatrixName>,
): LinearGaussianModel<Record<MatrixName, Tensor>> {
  requireKnownOptions(where, options, ["matrices", "learned", "name"]);
  const { learned = [], name = where } = options;
  const wrong = learned.find((one) => !matrixNames.includes(one));
  if (wrong !== undefined)
    throw new OptionError(where, "learned", wrong, `a list of ${matrixNames.join(", ")}`);
  const fixed = linearGaussianMatrices(where, options.matrices);
  const of = (record: LinearGaussianMatrices): Record<MatrixName, Tensor> => {
    const entries = learned.map((one) => [one, record[one]] as const);
    return Object.fromEntries(entries) as Record<MatrixName, Tensor>;
  };
  return modelOf({
    name,
    stateSize: fixed.F.shape[0]!,
    observationSize: fixed.G.shape[0]!,
    init: () => of(fixed),
    matrices: (theta) => ({ ...fixed, ...theta }),
  });
}

function parameterised<Theta>(options: ParameterisedLinearGaussian<Theta>): LinearGaussianModel<Theta> {
  requireKnownOptions(where, options, ["init", "matrices", "stateSize", "observationSize", "name"]);
  if (typeof options.matrices !== "function") {
    const hint = "Write (theta) => ({ F, G, Q, R, P0 }), or leave init away.";
    throw new OptionError(where, "matrices", options.matrices, "a function of theta beside init", hint);
  }
  return modelOf({ name: where, ...options });
}

function modelOf<Theta>(
  options: ParameterisedLinearGaussian<Theta> & { name: string },
): LinearGaussianModel<Theta> {
  const { name, stateSize, observationSize, init } = options;
  const matrices = (theta: Theta): LinearGaussianMatrices =>
    linearGaussianMatrices(name, options.matrices(theta));
  const model = defineStateSpaceModel<Theta>({
    name,
    stateSize,
    observationSize,
    init: (key) => init(key),
    initial(theta) {
      const { m0, P0 } = matrices(theta);
      return multivariateNormal({ mean: m0, covariance: P0 });
    },
    transition(theta, x) {
      const { F, Q, drift } = matrices(theta);
      return multivariateNormal({ mean: np.matvec(F, x).add(drift), covariance: Q });
    },
    emission(theta, x) {
      const { G, R, offset } = matrices(theta);
      return multivariateNormal({ mean: np.matvec(G, x).add(offset), covariance: R });
    },
  });
  return { ...model, matrices };
}
