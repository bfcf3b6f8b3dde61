/**
 * Exact quadratics: where models are linear with Gaussian noise and kernels affine, T is affine in the state and V, S and U are
 * quadratic. Such a function is known from (d + 1)(d + 2) / 2 of its values, and its mean under a normal from 2 d values:
 *
 *     f(m + s z) = Σ c_a φ_a(z),   φ = (1, z_i, z_i z_j),   z at 0, ±e_i, e_i + e_j
 *     E[h(ε)] = mean of h over the points ±√d e_i,          for quadratic h and standard normal ε
 *
 * so the recursions lose nothing. What analytic code for linear-Gaussian models writes out by hand.
 */
import { type Tensor, np } from "../../../array/index.ts";
import { requireKnownOptions } from "../../../errors.ts";
import type { Regressor } from "./regressor.ts";

export type QuadraticState = {
  /** [(d + 1)(d + 2) / 2, m]: coefficients of the features of z = (x - mean) / sd. */
  coefficients: Tensor;
  /** [d]. */
  mean: Tensor;
  sd: Tensor;
};

const float64 = { dtype: "float64" } as const;

/** Quadratics, exact for linear-Gaussian models with affine kernels. Cost of a fit: (d + 1)(d + 2) / 2 · 2 d targets. */
export function quadraticRegression(options: Record<string, never> = {}): Regressor<QuadraticState> {
  requireKnownOptions("quadraticRegression", options, []);
  return {
    name: "exact",
    samples: 0,
    isExact: true,
    init: (_key, inputs, outputs) => ({
      coefficients: np.zeros([((inputs + 1) * (inputs + 2)) / 2, outputs], float64),
      mean: np.zeros([inputs], float64),
      sd: np.ones([inputs], float64),
    }),
    fit(_state, { targets, mean, sd }) {
      const coefficients = np.matmul(interpolation(mean.shape[0]!), targets) as Tensor;
      return { coefficients, mean, sd };
    },
    predict: ({ coefficients, mean, sd }, x) =>
      np.matmul(quadraticFeatures(x.sub(mean).div(sd)), coefficients) as Tensor,
  };
}

/** Values of 1, z_i and z_i z_j (i ≤ j) at z [n, d]: [n, (d + 1)(d + 2) / 2]. */
export function quadraticFeatures(z: Tensor): Tensor {
  const [n, d] = z.shape as [number, number];
  const column = (i: number): Tensor => z.slice([], [i, i + 1]);
  const products = pairs(d).map(([i, j]) => column(i).mul(column(j)));
  return np.concatenate([np.ones([n, 1], float64), z, ...products], 1);
}

/** The points z at which targets are wanted, [(d + 1)(d + 2) / 2, d]. */
export function quadraticNodes(d: number): Tensor {
  return np.array(nodes(d), float64);
}

/** Points [2 d, d] whose mean is that of a standard normal, for quadratics. */
export function sigmaPoints(d: number): Tensor {
  const points = [1, -1].flatMap((sign) =>
    Array.from({ length: d }, (_, i) =>
      Array.from({ length: d }, (_x, j) => (i === j ? sign * Math.sqrt(d) : 0)),
    ),
  );
  return np.array(points, float64);
}

function pairs(d: number): [number, number][] {
  const found: [number, number][] = [];
  for (let i = 0; i < d; i++) for (let j = i; j < d; j++) found.push([i, j]);
  return found;
}

function nodes(d: number): number[][] {
  const unit = (i: number, sign = 1): number[] => Array.from({ length: d }, (_, j) => (i === j ? sign : 0));
  const corners = pairs(d).flatMap(([i, j]) => (i === j ? [] : [unit(i).map((x, k) => x + unit(j)[k]!)]));
  const ends = Array.from({ length: d }, (_, i) => [unit(i), unit(i, -1)]).flat();
  return [Array.from({ length: d }, () => 0), ...ends, ...corners];
}

/**
 * Coefficients of the features from values at the nodes, a matrix: with f± at ±e_i,
 * c_i = (f+ - f-) / 2, c_ii = (f+ + f-) / 2 - f(0), c_ij = f(e_i + e_j) - f(0) - c_i - c_j - c_ii - c_jj.
 */
function interpolation(d: number): Tensor {
  const count = ((d + 1) * (d + 2)) / 2;
  const row = (...entries: [number, number][]): number[] => {
    const made = Array.from({ length: count }, () => 0);
    for (const [at, value] of entries) made[at]! += value;
    return made;
  };
  const [plus, minus] = [(i: number) => 1 + 2 * i, (i: number) => 2 + 2 * i];
  const linear = Array.from({ length: d }, (_, i) => row([plus(i), 0.5], [minus(i), -0.5]));
  let corner = 1 + 2 * d;
  const products = pairs(d).map(([i, j]) => {
    if (i === j) return row([plus(i), 0.5], [minus(i), 0.5], [0, -1]);
    // c_i + c_ii = f(e_i) - f(0).
    return row([corner++, 1], [0, 1], [plus(i), -1], [plus(j), -1]);
  });
  return np.array([row([0, 1]), ...linear, ...products], float64);
}
