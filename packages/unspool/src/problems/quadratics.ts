/**
 * Quadratic bowls with random curvatures in a random orthogonal basis: linear regression. Maheswaranathan et al.,
 * NeurIPS 2021.
 *
 *     f(x) = ½ x' H x + v' x + const,   H = Q diag(d) Q',   log10 d uniform,   v, x_0 ~ N(0, I),   min f = 0
 *
 * Computed as Σ_i (d_i (Q' x)_i + u_i)² / (2 d_i) with u = Q' v, which is the same without a cancellation.
 */
import { type Key, type Tensor, np, random } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../errors.ts";
import type { TaskFamily } from "./task.ts";

export interface QuadraticsOptions {
  /** Default 5. */
  dimensions?: number;
  /** Smallest and largest curvature. Default [0.001, 1]. */
  curvatures?: readonly [number, number];
}

export type Quadratic = {
  /** Q': one eigenvector per row, [n, n]. */
  basis: Tensor;
  /** d, [n]. */
  curvatures: Tensor;
  /** u = Q' v: slopes at 0 along the eigenvectors, [n]. */
  slopes: Tensor;
};

/** Bowls of `dimensions` numbers; the parameters are the point x, which starts from N(0, I). There is no data. */
export function quadratics(options: QuadraticsOptions = {}): TaskFamily<Quadratic, { x: Tensor }, undefined> {
  requireKnownOptions("quadratics", options, ["dimensions", "curvatures"]);
  const { dimensions: n = 5, curvatures: [low, high] = [1e-3, 1] } = options;
  requireInteger("quadratics", "dimensions", n, 1);
  if (!(low > 0 && high >= low && Number.isFinite(high))) {
    throw new OptionError(
      "quadratics",
      "curvatures",
      options.curvatures,
      "two positive numbers, the smaller first",
    );
  }
  return {
    name: `quadratics(${n})`,
    sample(key) {
      const draw = (name: string): Key => random.foldIn(key, name);
      const exponents = random.uniform(draw("curvatures"), [n], {
        minval: Math.log(low),
        maxval: Math.log(high),
      });
      return {
        basis: orthonormal(random.normal(draw("basis"), [n, n])),
        curvatures: np.exp(exponents),
        slopes: random.normal(draw("slopes"), [n]),
      };
    },
    init: (_task, key) => ({ x: random.normal(key, [n]) }),
    loss({ basis, curvatures, slopes }, { x }) {
      const miss = curvatures.mul(np.matmul(basis, x)).add(slopes);
      return miss.mul(miss).div(curvatures).sum().mul(0.5);
    },
    ceiling: Infinity,
  };
}

/** Rows made orthonormal in turn, each by two passes (Gram and Schmidt): uniformly random for Gaussian rows. */
function orthonormal(rows: Tensor): Tensor {
  const done: Tensor[] = [];
  for (let i = 0; i < rows.shape[0]!; i++) {
    let row = rows.slice(i);
    for (let pass = 0; pass < 2; pass++) {
      row = done.reduce((rest, unit) => rest.sub(unit.mul(unit.mul(rest).sum())), row);
    }
    done.push(row.div(np.sqrt(row.mul(row).sum())));
  }
  return np.stack(done);
}
