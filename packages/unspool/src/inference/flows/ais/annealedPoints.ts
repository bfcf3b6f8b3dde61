/**
 * Points of a batch of chains, with what is known at them: a density between flow and target, and its gradient, are sums
 * of these, so that a new point costs one look at the flow and one at the target, whatever β.
 *
 *     log f_β(x) = (1 - αβ) log q(x) + αβ log p̃(x):    q at β = 0, p^α q^(1-α) at β = 1
 */
import { type Tensor, np, vjp } from "../../../array/index.ts";
import { ShapeError } from "../../../errors.ts";

/** A log-density [n] of points [n, d], made of `np` functions; it need not be normalised. */
export type LogDensity = (x: Tensor) => Tensor;

export interface AnnealedPoints {
  /** [n, d]. */
  x: Tensor;
  /** log q, [n]. */
  logQ: Tensor;
  /** log p̃, [n]. */
  logP: Tensor;
  /** Their gradients, [n, d], for transitions that follow them. */
  gradients?: { q: Tensor; p: Tensor };
}

/** The path from q to p^α q^(1-α). */
export interface AnnealedPath {
  readonly alpha: number;
  /** What is known at x. */
  at(x: Tensor): AnnealedPoints;
  /** log f_β, [n]. */
  logDensity(points: AnnealedPoints, beta: Tensor): Tensor;
  /** Its gradient [n, d], elementwise within ±`maxGradient`, 0 where it is not a number. */
  gradient(points: AnnealedPoints, beta: Tensor, maxGradient: number): Tensor;
  /** Whether x, log q and log p̃ are finite, and `isValid` agrees: [n]. */
  isValid(points: AnnealedPoints): Tensor;
}

export interface AnnealedPathParts {
  /** α of the end p^α q^(1-α). */
  alpha: number;
  /** Of the flow. */
  logQ: LogDensity;
  /** Of the target, log p̃. */
  logP: LogDensity;
  /** Whether transitions follow gradients. */
  needsGradients: boolean;
  /** Which points the target allows, bool [n]: outside, a log-density may be finite and wrong. */
  isValid?: ((x: Tensor) => Tensor) | undefined;
}

/** The densities between a flow and p^α q^(1-α), and what is known at points of chains. */
export function annealedPath(parts: AnnealedPathParts): AnnealedPath {
  const { alpha, logQ, logP, needsGradients, isValid } = parts;
  const shares = (beta: Tensor): [q: Tensor, p: Tensor] => {
    const p = beta.mul(alpha);
    return [p.neg().add(1), p];
  };
  const checked: LogDensity = (x) => requireLogDensity(logP(x), x);
  return {
    alpha,
    at(x) {
      if (!needsGradients) return { x, logQ: logQ(x), logP: checked(x) };
      const ones = np.ones([x.shape[0]!], { dtype: x.dtype });
      const [q, [gradientOfQ]] = vjp(logQ, [x], ones);
      const [p, [gradientOfP]] = vjp(checked, [x], ones);
      return { x, logQ: q, logP: p, gradients: { q: gradientOfQ as Tensor, p: gradientOfP as Tensor } };
    },
    logDensity(points, beta) {
      const [q, p] = shares(beta);
      return points.logQ.mul(q).add(points.logP.mul(p));
    },
    gradient({ gradients }, beta, maxGradient) {
      const [q, p] = shares(beta);
      const whole = gradients!.q.mul(q).add(gradients!.p.mul(p));
      const finite = np.where(np.isfinite(whole), whole, np.zerosLike(whole)) as Tensor;
      return np.clip(finite, -maxGradient, maxGradient) as Tensor;
    },
    isValid(points) {
      const finite = [np.isfinite(points.x).all(1), np.isfinite(points.logQ), np.isfinite(points.logP)];
      const all = isValid === undefined ? finite : [...finite, isValid(points.x)];
      return all.reduce((a, b) => np.logicalAnd(a as Tensor, b as Tensor) as Tensor) as Tensor;
    },
  };
}

/** Throws `ShapeError` unless `values` are [n] of points [n, d]. */
function requireLogDensity(values: Tensor, x: Tensor): Tensor {
  const [n, d] = x.shape;
  if (values?.ndim === 1 && values.shape[0] === n) return values.astype(x.dtype);
  throw new ShapeError(
    "logDensity",
    `a log-density of points [${n}, ${d}] must be [${n}], got ${String(values)}. Sum over the last axis; of a function of one point, write vmap(fn).`,
  );
}

/** Points where `chosen` [n] is true, else the others. */
export function selectPoints(chosen: Tensor, from: AnnealedPoints, other: AnnealedPoints): AnnealedPoints {
  const column = chosen.reshape([chosen.shape[0]!, 1]);
  const rows = (a: Tensor, b: Tensor): Tensor => np.where(column, a, b) as Tensor;
  return {
    x: rows(from.x, other.x),
    logQ: np.where(chosen, from.logQ, other.logQ) as Tensor,
    logP: np.where(chosen, from.logP, other.logP) as Tensor,
    ...(from.gradients &&
      other.gradients && {
        gradients: {
          q: rows(from.gradients.q, other.gradients.q),
          p: rows(from.gradients.p, other.gradients.p),
        },
      }),
  };
}

/** The points at indices [n]. */
export function takePoints({ x, logQ, logP, gradients }: AnnealedPoints, indices: Tensor): AnnealedPoints {
  const of = (values: Tensor): Tensor => np.take(values, indices, 0) as Tensor;
  return {
    ...{ x: of(x), logQ: of(logQ), logP: of(logP) },
    ...(gradients && { gradients: { q: of(gradients.q), p: of(gradients.p) } }),
  };
}
