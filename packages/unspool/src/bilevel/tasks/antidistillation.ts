/**
 * More synthetic points than are needed: the heights u of many points, so that a Fourier regression on them passes through
 * one real point. All u on a plane do; which one is found depends on how the response is approximated.
 *
 *     f = ½ |Φ w - u|²,     F = ½ (φ(x_0)ᵀw - y_0)²,     φ(x) = (1, cos(jx)/j, sin(jx)/j)_{j = 1…}
 *
 * From u = 0 the direction of the hypergradient never changes, so that its limit is known: u = y_0 a / (gᵀa) with
 * a = Φ Ĥ⁻¹ φ(x_0) and g = Φ⁺ᵀ φ(x_0). Vicol et al. 2022, section 4.
 */
import { type Tensor, linalg, np } from "../../array/index.ts";
import { requireInteger, requireKnownOptions } from "../../errors.ts";
import type { BilevelProblem } from "../bilevelProblem.ts";
import type { HypergradientOptions } from "../hypergradientOptions.ts";
import { spectralFilter } from "../responseSpectrum.ts";

export interface AntidistillationOptions {
  /** Synthetic points, evenly spaced over a period. Default 13. */
  points?: number;
  /** Frequencies of the features, twice as many and one weights. Default 10. */
  frequencies?: number;
  /** x_0 and y_0 of the real point. Default: (1, 2). */
  real?: readonly [number, number];
}

export interface AntidistillationLimit {
  outer: number[];
  outerNorm: number;
  weightsNorm: number;
}

export interface Antidistillation extends BilevelProblem<Tensor, Tensor> {
  theta: { outer: Tensor; weights: Tensor };
  /** x of the synthetic points. */
  places: number[];
  /** 1 / largest eigenvalue of ΦᵀΦ: the step of the series, which is what "auto" is in `direction` and `limit`. */
  alpha: number;
  /** Full training from the weights that are given. */
  solve(outer: Tensor, weights: Tensor): Tensor;
  /** Predictions at x: [n] for [n]. */
  predict(weights: Tensor, x: readonly number[]): number[];
  /** a, along which the hypergradient of a kind points wherever u is, [points]. */
  direction(options: HypergradientOptions): number[];
  /** Where gradient descent from u = 0 ends with a kind, in closed form. */
  limit(options: HypergradientOptions): AntidistillationLimit;
}

/** The regression in float64. */
export function antidistillation(options: AntidistillationOptions = {}): Antidistillation {
  const where = "antidistillation";
  requireKnownOptions(where, options, ["points", "frequencies", "real"]);
  const { points = 13, frequencies = 10, real = [1, 2] } = options;
  requireInteger(where, "points", points, 1);
  requireInteger(where, "frequencies", frequencies, 1);
  const places = Array.from({ length: points }, (_, i) => -Math.PI + (2 * Math.PI * (i + 0.5)) / points);
  const features = (x: number): number[] => [
    1,
    ...Array.from({ length: frequencies }, (_, k) => k + 1).flatMap((j) => [
      Math.cos(j * x) / j,
      Math.sin(j * x) / j,
    ]),
  ];
  const exact = { dtype: "float64" } as const;
  const phi = np.array(places.map(features), exact);
  const [x0, y0] = real;
  const at0 = np.array(features(x0), exact);
  const inverse = linalg.pinv(phi);
  const hessian = np.matmul(phi.transpose(), phi);
  const [values, vectors] = linalg.eigh(hessian);
  const eigenvalues = Array.from(values.data, Number);
  const lambdaMax = Math.max(...eigenvalues);
  const miss = (w: Tensor, u: Tensor): Tensor => np.matmul(phi, w).sub(u);
  const along = (given: HypergradientOptions): Tensor => {
    // Conjugate gradients on the normal equations that have run to their end are the pseudo-inverse.
    const kind: HypergradientOptions = given.kind === "normalCg" ? { kind: "exact" } : given;
    const filter = eigenvalues.map((lambda) =>
      spectralFilter(kind, Math.abs(lambda) < 1e-10 * lambdaMax ? 0 : lambda, lambdaMax),
    );
    const inside = np.matmul(vectors.transpose(), at0).mul(np.array(filter, exact));
    return np.matmul(phi, np.matmul(vectors, inside));
  };
  return {
    name: where,
    places,
    alpha: 1 / lambdaMax,
    theta: { outer: np.zeros([points], exact), weights: np.zeros([2 * frequencies + 1], exact) },
    inner: (u, w) => miss(w, u).mul(miss(w, u)).sum().mul(0.5),
    outer(_, w) {
      const error = at0.mul(w).sum().sub(y0);
      return error.mul(error).mul(0.5);
    },
    solve: (u, w) => w.sub(np.matmul(inverse, miss(w, u))),
    predict: (w, x) => Array.from(np.matmul(np.array(x.map(features), exact), w).data, Number),
    direction: (kind) => Array.from(along(kind).data, Number),
    limit(kind) {
      const a = along(kind);
      const g = np.matmul(inverse.transpose(), at0);
      const u = a.mul(y0 / g.mul(a).sum().item());
      return {
        outer: Array.from(u.data, Number),
        outerNorm: norm(u),
        weightsNorm: norm(np.matmul(inverse, u)),
      };
    },
  };
}

const norm = (x: Tensor): number => Math.hypot(...Array.from(x.data, Number));
