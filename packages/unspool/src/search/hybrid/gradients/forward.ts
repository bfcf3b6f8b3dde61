/**
 * The gradient by forward differences from the loss at theta, p = sigma g:
 *
 *     ∇ = 1 / (n sigma²) Σ (f(theta + p) - f(theta)) p,    over the n directions, or the k of least loss
 */
import { NonFiniteError } from "../../../errors.ts";
import {
  type EsGradient,
  type EsGradientOptions,
  largest,
  normalised,
  stateless,
  weightedSum,
} from "./esGradient.ts";

/** Needs the loss at theta: `current`. */
export function forward({ topK = null, normalizeValues = true }: EsGradientOptions = {}): EsGradient {
  return stateless((given) => {
    const { directions, size, sigma, plus, current } = normalizeValues ? normalised(given) : given;
    if (current === undefined)
      throw new NonFiniteError(
        "forward",
        "no loss at theta itself is finite, and differences are from it. Ask for more `exactEvaluations`.",
      );
    const kept = topK === null ? plus.length : Math.min(topK, plus.length);
    const weights = new Float64Array(plus.length);
    for (const i of largest(
      plus.map((f) => -f),
      kept,
    ))
      weights[i] = (plus[i]! - current) / (kept * sigma);
    return weightedSum(weights, directions, size);
  });
}
