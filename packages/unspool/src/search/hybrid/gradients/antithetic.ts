/**
 * The gradient by antithetic pairs (the Monte-Carlo optimizer of the authors' code), p = sigma g:
 *
 *     ∇ = 1 / (2 n sigma²) Σ f(theta + p) p - f(theta - p) p
 *
 * Of the top k pairs by |f⁺ - f⁻| the mean over these 2 k is taken twice, as the authors' code does.
 */
import {
  type EsGradient,
  type EsGradientOptions,
  type Evaluations,
  largest,
  normalised,
  stateless,
  weightedSum,
} from "./esGradient.ts";

export function antithetic({ topK = null, normalizeValues = true }: EsGradientOptions = {}): EsGradient {
  return stateless((given) => antitheticGradient(normalizeValues ? normalised(given) : given, topK));
}

export function antitheticGradient(evaluations: Evaluations, topK: number | null): Float64Array {
  const { directions, size, sigma, plus, minus } = evaluations;
  const differences = plus.map((f, i) => f - minus[i]!);
  const kept = topK === null ? plus.length : Math.min(topK, plus.length);
  const scale = (topK === null ? 1 : 2) / (2 * kept * sigma);
  const weights = new Float64Array(plus.length);
  for (const i of largest(differences.map(Math.abs), kept)) weights[i] = scale * differences[i]!;
  return weightedSum(weights, directions, size);
}
