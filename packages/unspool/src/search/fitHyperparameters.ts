/**
 * Hyperparameters of a Gaussian process by the maximum of evidence times prior: gradient steps with a step size for each, which
 * grows while its sign stays (Rprop, Riedmiller and Braun 1993), so that no line search costs evaluations.
 */
import { type Hyperparameters, logEvidence } from "./gaussianProcess.ts";

/**
 * Means and deviations of the normal priors of the logarithms, for inputs in the unit cube and standardised values: lengths around
 * a half, a signal around 1, noise around 1e-3.
 */
const priors = {
  length: { mean: Math.log(0.5), deviation: 1 },
  signal: { mean: 0, deviation: 1 },
  noise: { mean: Math.log(1e-3), deviation: 1.5 },
} as const;

/** The mode of the prior, for d numbers: what a fit begins with. */
export function priorMode(size: number): Hyperparameters {
  const h = new Float64Array(size + 2).fill(priors.length.mean);
  h[size] = priors.signal.mean;
  h[size + 1] = priors.noise.mean;
  return h;
}

/** log p(y | h) + log p(h) up to a constant, and its gradient. */
export function logPosterior(
  x: Float64Array,
  y: Float64Array,
  h: Hyperparameters,
): { value: number; gradient: Float64Array } {
  const { value, gradient } = logEvidence(x, y, h);
  const size = h.length - 2;
  let total = value;
  const pulled = gradient.map((g, i) => {
    const { mean, deviation } = i < size ? priors.length : i === size ? priors.signal : priors.noise;
    total -= 0.5 * ((h[i]! - mean) / deviation) ** 2;
    return g - (h[i]! - mean) / deviation ** 2;
  });
  return { value: total, gradient: pulled };
}

/** The best of `steps` steps from `from`. */
export function fitHyperparameters(
  x: Float64Array,
  y: Float64Array,
  from: Hyperparameters,
  steps: number,
): Hyperparameters {
  let h = from.slice();
  let best = h;
  let bestValue = -Infinity;
  const sizes = new Float64Array(h.length).fill(0.1);
  let signs = new Float64Array(h.length);
  for (let step = 0; step < steps; step++) {
    const { value, gradient } = logPosterior(x, y, h);
    if (value > bestValue) [best, bestValue] = [h, value];
    const now = gradient.map(Math.sign);
    h = h.map((one, i) => {
      const agrees = now[i]! * signs[i]!;
      sizes[i] = Math.min(Math.max(sizes[i]! * (agrees > 0 ? 1.2 : agrees < 0 ? 0.5 : 1), 1e-4), 1);
      return one + now[i]! * sizes[i]!;
    });
    signs = now;
  }
  return best;
}
