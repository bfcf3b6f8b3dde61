/**
 * Variances of evolution-strategy estimators in closed form, from the gradients of windows (`windowGradients`).
 *
 * For one antithetic pair, summed over the W windows of one trajectory at fixed theta of P numbers, with
 * h[a, b] = sum of g[w, b] over w >= max(a, b) and grad the whole gradient:
 *
 *     PES             P Σ_ab |h[a, b]|² + Σ_ab h[a, b] · h[b, a]
 *     NRES, full ES   (P + 1) |grad|²
 *     truncated ES    (P + 1) Σ_w |g[w, w]|²
 *     PES-Analytic    as PES, with sums over w > max(a, b)
 *
 * Exact where L+ - L- is linear in the perturbations (quadratic losses, or sigma -> 0). The mean of N pairs has an
 * N-th of it. The law of PES follows from Isserlis' theorem; that of NRES is proposition 3.2 of Vicol, Kolter,
 * Swersky 2023.
 */
import type { WindowGradients } from "./windowGradients.ts";

export interface PairVariances {
  pes: number;
  /** Of full ES too. */
  nres: number;
  truncatedEs: number;
  pesAnalytic: number;
  /** |grad|². */
  squaredGradient: number;
}

/** Traces of the covariance of the gradient of one trajectory, of one pair. Cost: W² P. */
export function pairVariances(windows: WindowGradients): PairVariances {
  const count = windows.length;
  const size = windows[0]![0]!.length;
  // later[b] is h[a, b] for a >= b while a goes down from the last window.
  const later = windows.map(() => new Float64Array(size));
  const analytic = { squares: 0, products: 0 };
  const own = tails(windows);
  let [squares, products, truncated] = [0, 0, 0];
  for (let a = count - 1; a >= 0; a--) {
    // The windows after a: sums over w > max(a, b).
    const after = later[a]!.slice();
    for (let b = 0; b <= a; b++) {
      const strict = dot(later[b]!, later[b]!);
      analytic.squares += a === b ? (b + 1) * strict : strict;
      analytic.products += a === b ? strict : 2 * dot(later[b]!, after);
      addTo(later[b]!, windows[a]![b]!);
      const square = dot(later[b]!, later[b]!);
      // h[a, b] = h[b, b] for the a < b: counted where a = b.
      squares += a === b ? (b + 1) * square : square;
      products += a === b ? square : 2 * dot(later[b]!, own[a]!);
    }
    truncated += dot(windows[a]![a]!, windows[a]![a]!);
  }
  const total = new Float64Array(size);
  for (const tail of own) addTo(total, tail);
  const squaredGradient = dot(total, total);
  return {
    pes: size * squares + products,
    nres: (size + 1) * squaredGradient,
    truncatedEs: (size + 1) * truncated,
    pesAnalytic: size * analytic.squares + analytic.products,
    squaredGradient,
  };
}

/**
 * Mean squares of the estimate of each window w by one pair, what an online update sees:
 * P w Σ_b |g[w, b]|² + 2 |Σ_b g[w, b]|² for PES (w counted from 1), (P + 2) |Σ_b g[w, b]|² for NRES, which is at
 * most as large for every window.
 */
export function windowSquares(windows: WindowGradients): { pes: number[]; nres: number[] } {
  const size = windows[0]![0]!.length;
  const ofWindows = windows.map((row) => {
    const sum = new Float64Array(size);
    for (const gradient of row) addTo(sum, gradient);
    const parts = row.reduce((total, gradient) => total + dot(gradient, gradient), 0);
    return { whole: dot(sum, sum), parts };
  });
  return {
    pes: ofWindows.map(({ whole, parts }, w) => size * (w + 1) * parts + 2 * whole),
    nres: ofWindows.map(({ whole }) => (size + 2) * whole),
  };
}

/** h[b, b]: the gradient of all losses from window b on by its theta. */
function tails(windows: WindowGradients): Float64Array[] {
  return windows.map((_, b) => {
    const sum = new Float64Array(windows[0]![0]!.length);
    for (let w = b; w < windows.length; w++) addTo(sum, windows[w]![b]!);
    return sum;
  });
}

function addTo(sum: Float64Array, part: Float64Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += part[i]!;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
