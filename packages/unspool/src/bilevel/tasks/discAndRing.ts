/**
 * Two learned points against a disc inside a ring: what warm-started weights can hold that two points cannot teach.
 *
 *     model  φ(x)ᵀw,  φ radial basis functions on a 13 × 13 grid;      inner  ½ Σ over the learned points of (φ(x)ᵀw ± 1)²
 *     outer  ½ mean over 200 given points of (φ(x)ᵀw - y)²
 *
 * After the two-dimensional distillation of Vicol et al. 2022, with places that are given and no random number.
 */
import { type Tensor, np, scan } from "../../array/index.ts";
import { requireInteger, requireKnownOptions, requirePositive } from "../../errors.ts";
import type { BilevelProblem } from "../bilevelProblem.ts";

export interface DiscAndRingOptions {
  /** Standard deviation of the basis functions, s. Default 0.3. */
  width?: number;
  /** Given points of each class. Default 100. */
  points?: number;
  /** Default "float64". */
  dtype?: "float32" | "float64";
}

export interface DiscAndRing extends BilevelProblem<Tensor, Tensor> {
  /** Learned points (0.2, 0.1) of the disc and (0.9, 0.4) of the ring, [2, 2], and weights 0, [169]. */
  theta: { outer: Tensor; weights: Tensor };
  /** Given points [n, 2] and their labels -1 (disc) and 1 (ring), [n]. */
  places: Tensor;
  labels: Tensor;
  /** Steps of gradient descent on f, each of 1 / largest eigenvalue of the learned points' Gram matrix. */
  descend(steps: number): (outer: Tensor, weights: Tensor) => Tensor;
  /** Full training: the nearest weights that fit both points. */
  solve(outer: Tensor, weights: Tensor): Tensor;
  /** Outputs of the model at points [n, 2]. */
  predict(weights: Tensor, x: Tensor): Tensor;
  /** Share of the given points on the right side of 0. */
  accuracy(weights: Tensor): Tensor;
}

/** Labels of the two learned points. */
const taught = [-1, 1];
/** Centres of the basis functions along each axis, from -1.5 to 1.5. */
const grid = 13;

/** The task; its weights are linear, so that full training is a closed form. */
export function discAndRing(options: DiscAndRingOptions = {}): DiscAndRing {
  const where = "discAndRing";
  requireKnownOptions(where, options, ["width", "points", "dtype"]);
  const { width = 0.3, points = 100, dtype = "float64" } = options;
  requirePositive(where, "width", width);
  requireInteger(where, "points", points, 1);
  const own = { dtype } as const;
  const given = [...disc(points), ...ring(points)];
  const places = np.array(given, own);
  const labels = np.array(
    given.map((_, i) => (i < points ? -1 : 1)),
    own,
  );
  const along = Array.from({ length: grid }, (_, i) => -1.5 + (3 * i) / (grid - 1));
  const centres = np.array(
    along.flatMap((x) => along.map((y) => [x, y])),
    own,
  );
  const targets = np.array(taught, own);
  const features = (x: Tensor): Tensor => {
    const apart = x.reshape([-1, 1, 2]).sub(centres.reshape([1, -1, 2]));
    return np.exp(
      apart
        .mul(apart)
        .sum(-1)
        .mul(-1 / (2 * width * width)),
    );
  };
  const outputs = (x: Tensor, w: Tensor): Tensor => np.matmul(features(x), w);
  const givenFeatures = features(places);
  const half = (error: Tensor): Tensor => error.mul(error).mul(0.5);
  /** Gram matrix of the two learned points: [[p, q], [q, r]]. */
  const gram = (phi: Tensor) => {
    const product = np.matmul(phi, phi.transpose());
    const at = (i: number, j: number): Tensor => product.slice(i, j);
    return { p: at(0, 0), q: at(0, 1), r: at(1, 1) };
  };
  return {
    name: where,
    theta: { outer: np.array([[0.2, 0.1], [0.9, 0.4]], own), weights: np.zeros([grid * grid], own) }, // prettier-ignore
    places,
    labels,
    inner: (x, w) => half(outputs(x, w).sub(targets)).sum(),
    outer: (_, w) => half(np.matmul(givenFeatures, w).sub(labels)).mean(),
    predict: (w, x) => outputs(x, w),
    accuracy: (w) => np.matmul(givenFeatures, w).mul(labels).greater(0).astype(dtype).mean(),
    descend(steps) {
      requireInteger(where, "steps", steps, 1);
      return (x, w) => {
        const phi = features(x);
        const { p, q, r } = gram(phi);
        const apart = p.sub(r).mul(0.5);
        const lambdaMax = p
          .add(r)
          .mul(0.5)
          .add(np.sqrt(apart.mul(apart).add(q.mul(q))));
        const step = (at: Tensor): [Tensor, undefined] => {
          const error = np.matmul(phi, at).sub(targets);
          return [at.sub(np.matmul(phi.transpose(), error).div(lambdaMax)), undefined];
        };
        return steps === 1 ? step(w)[0] : scan(step, w, undefined, { length: steps })[0];
      };
    },
    solve(x, w) {
      const phi = features(x);
      const { p, q, r } = gram(phi);
      const error = np.matmul(phi, w).sub(targets);
      const [a, b] = [error.slice(0), error.slice(1)];
      const determinant = p.mul(r).sub(q.mul(q));
      const dual = np.stack([r.mul(a).sub(q.mul(b)), p.mul(b).sub(q.mul(a))]).div(determinant);
      return w.sub(np.matmul(phi.transpose(), dual));
    },
  };
}

/** A sunflower: the k-th point at the golden angle times k. */
function disc(count: number): [number, number][] {
  const angle = Math.PI * (3 - Math.sqrt(5));
  return Array.from({ length: count }, (_, k) => polar(0.5 * Math.sqrt((k + 0.5) / count), k * angle));
}

/** Radii between 1 and 1.3 in the order of the golden ratio. */
function ring(count: number): [number, number][] {
  const ratio = (Math.sqrt(5) - 1) / 2;
  return Array.from({ length: count }, (_, k) =>
    polar(1 + 0.3 * ((ratio * k) % 1), (2 * Math.PI * (k + 0.5)) / count),
  );
}

const polar = (radius: number, angle: number): [number, number] => [
  radius * Math.cos(angle),
  radius * Math.sin(angle),
];
