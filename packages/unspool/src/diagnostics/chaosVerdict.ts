/**
 * Which kind of gradient to use: from the growth of the derivatives of losses along the unroll, and from the two variances
 * that were measured, which have the last word (`gradientRegime`).
 *
 *     stable    gradients as they are
 *     growing   gradients with clipping, or a mixture with evolution strategies
 *     chaotic   evolution strategies
 *
 * Where the variances say otherwise (a rough surface without local growth, or growth that sigma smooths), a mixture. The
 * largest exponent is told beside that: Metz et al. judge by lambda_1 T, which over a finite horizon depends on the units
 * of the state.
 */
import { type EstimatorName, estimators } from "../estimators/index.ts";
import type { DerivativeMismatch } from "./derivativeMismatch.ts";
import type { GradientGrowthResult } from "./gradientGrowth.ts";
import { explosion, gradientRegime, isBackpropQuieter, lossGrowth } from "./gradientRegime.ts";
import type { GradientVarianceResult } from "./gradientVariance.ts";
import { heavyTailWords } from "./heavyTails.ts";
import type { LyapunovResult } from "./lyapunov.ts";

export interface ChaosVerdict {
  regime: "stable" | "growing" | "chaotic";
  /** "backprop": as it is; "clipped": with `clipByGlobalNorm` around the optimizer; "es": losses only. */
  method: "backprop" | "clipped" | "mixture" | "es";
  /** A registered estimator of that kind. */
  estimator: EstimatorName;
  /** Steps of a window: the horizon, or where truncated backpropagation has to stop. */
  window: number;
  /** The horizon at which black-box gradients begin to have the smaller variance; undefined if they do not. */
  crossover: number | undefined;
  /** The verdict and the measurements it rests on, a sentence each. */
  summary: string[];
  /** What makes the measurements doubtful. */
  warnings: string[];
}

export interface ChaosEvidence {
  horizon: number;
  logGrowth: number;
  isEndless: boolean;
  lyapunov: LyapunovResult;
  growth: GradientGrowthResult;
  variance: GradientVarianceResult;
  mismatch: DerivativeMismatch;
}

export function chaosVerdict(evidence: ChaosEvidence): ChaosVerdict {
  const { horizon, isEndless, growth, variance } = evidence;
  const regime = gradientRegime(evidence);
  const method = methodOf(regime, isBackpropQuieter(evidence));
  const estimator = estimatorOf(method, isEndless);
  // By the rate of the last half, too: what was measured counts from the first few steps only.
  const byRate = growth.lossRate > 0 ? explosion / growth.lossRate : Infinity;
  const window = Math.max(1, Math.min(horizon, growth.usableHorizon, Math.floor(byRate)));
  return {
    regime,
    method,
    estimator,
    window,
    crossover: variance.crossover,
    summary: summaryOf(evidence, method, estimator, window),
    warnings: warningsOf(evidence),
  };
}

function methodOf(regime: ChaosVerdict["regime"], isBackpropBetter: boolean): ChaosVerdict["method"] {
  if (!isBackpropBetter) return regime === "chaotic" ? "es" : "mixture";
  return ({ stable: "backprop", growing: "clipped", chaotic: "mixture" } as const)[regime];
}

const kinds = { backprop: "reverse", clipped: "reverse", mixture: "mixed", es: "es" } as const;

/** The one that stands for its kind in the registry. */
function estimatorOf(method: ChaosVerdict["method"], isEndless: boolean): EstimatorName {
  const horizon = isEndless ? "endless" : "finite";
  return estimators.find(({ kind, standsFor }) => kind === kinds[method] && standsFor === horizon)!.name;
}

const advice: Readonly<Record<ChaosVerdict["method"], string>> = {
  backprop: "Backpropagate through the whole unroll",
  clipped: "Backpropagate with gradient clipping, or mix with evolution strategies",
  mixture: "Mix backpropagation with evolution strategies by their variances",
  es: "Do not backpropagate through the whole unroll: use evolution strategies",
};

function summaryOf(
  { horizon, logGrowth, lyapunov, growth, variance }: ChaosEvidence,
  method: ChaosVerdict["method"],
  estimator: EstimatorName,
  window: number,
): string[] {
  const [lambda, error] = [lyapunov.exponents[0]!, lyapunov.standardErrors[0]!];
  const { rp, es, esAntithetic } = variance.horizons.at(-1)!;
  const spread = [rp, esAntithetic, es].map(withError) as [string, string, string];
  return [
    `${advice[method]} (${estimator}; truncated backpropagation: windows of at most ${window} steps).`,
    `Largest exponent ${short(lambda)} ± ${short(error)} per ${lyapunov.dt === 1 ? "step" : "unit of time"}: ` +
      `tangents of the state ${logGrowth > 0 ? "grow" : "shrink"} by exp(${short(logGrowth)}) over ${horizon} steps.`,
    `Variance of one gradient at T = ${horizon}, sigma = ${variance.sigma}, from ${variance.samples} trajectories: ${spread[0]} by backpropagation, ` +
      `${spread[1]} by antithetic and ${spread[2]} by plain evolution strategies.`,
    variance.crossover === undefined
      ? `Backpropagation has the smaller variance up to T = ${horizon}.`
      : `Evolution strategies have the smaller variance from T = ${variance.crossover} on.`,
    `Derivatives of the losses grow by exp(${short(lossGrowth({ growth }))}) at most; usable up to ` +
      `${growth.usableHorizon === Infinity ? "the end" : `${growth.usableHorizon} steps`}.`,
  ];
}

function warningsOf({ horizon, growth, lyapunov, mismatch, variance }: ChaosEvidence): string[] {
  const { float32, float64 } = growth.precisionHorizon;
  const tails = tailsOf(variance);
  return [
    ...(horizon > float64
      ? [`Beyond ${Math.round(float64)} steps the trajectory itself is rounding, even in float64.`]
      : horizon > float32
        ? [`Beyond ${Math.round(float32)} steps the trajectory itself is rounding in float32.`]
        : []),
    ...(mismatch.fraction > 0
      ? [
          `At ${short(100 * mismatch.fraction)} % of the steps the derivative misses what a small change does (jumps?).`,
        ]
      : []),
    ...lyapunov.warnings,
    ...(tails === undefined ? [] : [tails]),
  ];
}

/** Which of the two kinds of gradient has heavy tails at the longest horizon, as a sentence. */
function tailsOf({
  horizons,
  samples,
}: Pick<GradientVarianceResult, "horizons" | "samples">): string | undefined {
  const { rp, esAntithetic } = horizons.at(-1)!;
  return heavyTailWords([
    { name: "backpropagation", largestShare: rp.largestShare, samples },
    { name: "evolution strategies", largestShare: esAntithetic.largestShare, samples },
  ]);
}

const withError = (spread: { totalVariance: number; standardError: number }): string =>
  `${short(spread.totalVariance)} ± ${short(spread.standardError)}`;

function short(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : String(value);
}
