/**
 * Independent linear-Gaussian chains, the model of the paper's section 5.1:
 *
 *     x_0 ~ N(m, P),   x_t = F x_{t-1} + N(0, U),   y_t = G x_t + N(0, V),   all diagonal
 *
 * Theta is { F, G }, the diagonals; the rest is fixed. Everything about it is known exactly, number by number.
 */
import { type Key, type Tensor, np, random } from "../../array/index.ts";
import { type Distribution, diagonalNormal } from "../../distributions/index.ts";
import { OptionError, requireKnownOptions, requirePositive } from "../../errors.ts";
import { type LinearGaussianMatrices, linearGaussianMatrices } from "./linearGaussianMatrices.ts";
import type { StateSpaceModel } from "./stateSpaceModel.ts";

/** [d] each. */
export type DiagonalLinearGaussianTheta = { F: Tensor; G: Tensor };

export interface DiagonalLinearGaussianOptions {
  /** Diagonal of the transition where learning starts: one number for each chain. */
  F: readonly number[];
  /** Diagonal of the emission where learning starts. */
  G: readonly number[];
  /** Variance of the transition. Default 0.01. */
  U?: number;
  /** Variance of the emission. Default 0.01. */
  V?: number;
  /** Mean of x_0. Default 0. */
  mean?: number;
  /** Variance of x_0. Default 1. */
  variance?: number;
}

/** What is fixed: variances U, V and P, and m. */
export interface DiagonalNoise {
  U: number;
  V: number;
  mean: number;
  variance: number;
}

export interface DiagonalLinearGaussianModel extends StateSpaceModel<DiagonalLinearGaussianTheta> {
  readonly noise: DiagonalNoise;
  /** What `kalmanFilter` takes. */
  matrices(theta: DiagonalLinearGaussianTheta): LinearGaussianMatrices;
}

const where = "diagonalLinearGaussian";

/** The model, in float64. Throws `OptionError` for F and G of different lengths and variances that are not above 0. */
export function diagonalLinearGaussian(options: DiagonalLinearGaussianOptions): DiagonalLinearGaussianModel {
  requireKnownOptions(where, options, ["F", "G", "U", "V", "mean", "variance"]);
  const { F, G, U = 0.01, V = 0.01, mean = 0, variance = 1 } = options;
  if (!Array.isArray(F) || F.length === 0) throw new OptionError(where, "F", F, "a list of numbers");
  if (!Array.isArray(G) || G.length !== F.length)
    throw new OptionError(where, "G", G, `a list of ${F.length} numbers, as F`);
  for (const [name, value] of Object.entries({ U, V, variance })) requirePositive(where, name, value);
  const d = F.length;
  const float64 = { dtype: "float64" } as const;
  const spread = (value: number): Tensor => np.full([d], value, float64);
  const [sdU, sdV] = [spread(Math.sqrt(U)), spread(Math.sqrt(V))];
  const normalAt = (at: Tensor, sd: Tensor): Distribution => diagonalNormal({ mean: at, sd });
  return {
    name: where,
    stateSize: d,
    observationSize: d,
    noise: { U, V, mean, variance },
    init: () => ({ F: np.array([...F], float64), G: np.array([...G], float64) }),
    initial: () => normalAt(spread(mean), spread(Math.sqrt(variance))),
    transition: (theta, x) => normalAt(x.mul(theta.F), sdU),
    emission: (theta, x) => normalAt(x.mul(theta.G), sdV),
    matrices(theta) {
      const diagonal = (x: Tensor | number): Tensor => np.eye(d, float64).mul(x);
      return linearGaussianMatrices(where, {
        ...{ F: diagonal(theta.F), G: diagonal(theta.G), Q: diagonal(U), R: diagonal(V) },
        ...{ m0: spread(mean), P0: diagonal(variance) },
      });
    },
  };
}

/** Whether a model is one: whether exact pairs and exact regressors are to be had. */
export function isDiagonalLinearGaussian(model: object): model is DiagonalLinearGaussianModel {
  return "noise" in model && "name" in model && model.name === where;
}

/** Diagonals drawn from U(low, high), as the paper's. */
export function drawDiagonals(key: Key, d: number, low = 0.5, high = 1): { F: number[]; G: number[] } {
  const draw = (name: string): number[] => {
    const made = random.uniform(random.foldIn(key, name), [d], {
      minval: low,
      maxval: high,
      dtype: "float64",
    });
    return Array.from(made.data, Number);
  };
  return { F: draw("F"), G: draw("G") };
}
