/**
 * Matrix exponential by scaling and squaring: exp(A) = r(A / 2^s)^(2^s), r the diagonal Padé approximant of degree 13, and
 * of degree 7 in float32 (Higham 2005, algorithm 2.3, with its bounds on the 1-norm).
 */
import { np } from "../../np.ts";
import { lax } from "../../lax.ts";
import { scan } from "../../scan.ts";
import type { Tensor } from "../../tensor.ts";
import type { ArrayLike } from "../arguments.ts";
import { solve } from "./solves.ts";
import { asSquare, identityLike } from "./matrices.ts";

/** Coefficients of the Padé numerators and the 1-norms up to which they are exact to rounding (Higham, table 2.3). */
const approximants = {
  float32: { norm: 3.92572478313866, coefficients: [17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1] },
  float64: {
    norm: 5.371920351148152,
    // prettier-ignore
    coefficients: [
      64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
      670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
    ],
  },
};

/** Squarings that fit into a program, where the norm is not known: up to norms of 2.5e5. Beyond, the result is NaN. */
const mostTraced = 16;
/** Beyond, exp overflows or is 0 in every element that is not rounding error. */
const most = 1100;

/** exp(A) for square matrices [..., n, n]. */
export function expm(x: ArrayLike): Tensor {
  const a = asSquare("linalg.expm", x);
  if (a.size === 0) return a;
  const { norm, coefficients } = approximants[a.dtype as "float32" | "float64"];
  const size = lax.stopGradient(np.abs(a).sum(-2, { keepdims: true }).max(-1, { keepdims: true })) as Tensor;
  const isFinite = np.isfinite(size) as Tensor;
  const ratio = np.where(isFinite, size.mul(1 / norm), 1) as Tensor;
  const squarings = np.ceil(np.maximum(np.log2(np.maximum(ratio, 1)), 0)) as Tensor;
  const limit = squarings.isTraced ? mostTraced : Math.min(most, Math.max(...squarings.data));
  const scaled = a.mul(halves(squarings));
  const start = pade(scaled, coefficients);
  const square = (power: Tensor, _: undefined, k: Tensor): [Tensor, undefined] => {
    const isActive = squarings.greater(k.astype(a.dtype));
    // Not squared further means no derivative of the square either, which may overflow.
    const inner = np.where(isActive, power, lax.stopGradient(power)) as Tensor;
    return [np.where(isActive, np.matmul(inner, inner), power) as Tensor, undefined];
  };
  const result = limit === 0 ? start : scan(square, start, undefined, { length: limit })[0];
  const isKnown = np.logicalAnd(isFinite, squarings.lessEqual(limit)) as Tensor;
  return np.where(isKnown, result, np.array(NaN, { dtype: a.dtype })) as Tensor;
}

/** 2^-s, exactly where s is known. */
function halves(squarings: Tensor): Tensor {
  if (squarings.isTraced) return np.exp2(squarings.neg()) as Tensor;
  const powers = Float64Array.from(squarings.data, (s) => 2 ** -s);
  return np.array(powers, { shape: squarings.shape, dtype: squarings.dtype });
}

/** (V - U)^-1 (V + U), U the odd and V the even part of the numerator. */
function pade(a: Tensor, coefficients: readonly number[]): Tensor {
  const square = np.matmul(a, a) as Tensor;
  const identity = identityLike(a);
  const largest = coefficients[0]!;
  // Horner's rule in A², over every second coefficient.
  const part = (first: number): Tensor => {
    const own = coefficients.filter((_, i) => i % 2 === first).map((c) => c / largest);
    return own
      .slice(0, -1)
      .reduceRight(
        (sum, c) => (np.matmul(sum, square) as Tensor).add(identity.mul(c)),
        identity.mul(own.at(-1)!),
      );
  };
  const [even, odd] = [part(0), np.matmul(a, part(1)) as Tensor];
  return solve(even.sub(odd), even.add(odd));
}
