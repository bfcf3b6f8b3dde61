/**
 * Augmented random search (Mania, Guy, Recht, "Simple random search of static linear policies is competitive for
 * reinforcement learning", NeurIPS 2018): of N pairs the b best count, and the step is measured in standard deviations s of
 * their losses, so that sigma does not scale it:
 *
 *     ∇ = 1 / (b s) Σ (f⁺ - f⁻) g
 *
 * With "differences" s is that of f⁺ - f⁻.
 */
import {
  type EsGradient,
  type EsGradientOptions,
  deviation,
  largest,
  stateless,
  weightedSum,
} from "./esGradient.ts";

export function ars({ topK = null, sortBy = "max", scaleBy = "losses" }: EsGradientOptions = {}): EsGradient {
  return stateless(({ directions, size, plus, minus }) => {
    const differences = plus.map((f, i) => f - minus[i]!);
    const merit = sortBy === "diff" ? differences.map(Math.abs) : plus.map((f, i) => -Math.min(f, minus[i]!));
    const kept = largest(merit, topK === null ? plus.length : Math.min(topK, plus.length));
    const spread =
      scaleBy === "losses" ? kept.flatMap((i) => [plus[i]!, minus[i]!]) : kept.map((i) => differences[i]!);
    const s = deviation(spread);
    const weights = new Float64Array(plus.length);
    // Without any spread there is nothing to measure a step in, and the authors take it as it is.
    for (const i of kept) weights[i] = differences[i]! / (kept.length * (s > 1e-300 ? s : 1));
    return weightedSum(weights, directions, size);
  });
}
