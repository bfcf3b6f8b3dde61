/** What a diagnosis holds. */
import type { ChaosReport } from "../diagnostics/index.ts";
import type { Recommendation } from "./recommend.ts";
import type { TrialSetting } from "./trialRun.ts";

/** What was measured at one theta. */
export interface ThetaEvidence {
  /** In words: the first theta, or where on the way of which trial run. */
  where: string;
  theta: unknown;
  /** Absent where derivatives could not be measured. */
  report?: ChaosReport<unknown>;
  /** Steps before gradients explode there; Infinity if they do not, 1 where derivatives could not be measured. */
  usableHorizon: number;
  failure?: string;
}

export type GradientRegime = "stable" | "growing" | "exploding" | "not differentiable";

export interface Diagnosis {
  regime: GradientRegime;
  /** Sentences: the judgement first. */
  verdict: string[];
  /** Largest exponents per inner step, where they are largest of the thetas that were looked at; [] if there are none. */
  lyapunov: number[];
  /** Gradients explode, if they do, at the first theta already. */
  isFromStart: boolean;
  /** Steps before gradients explode: at most the horizon, below it if they do. 0 for a problem without derivatives. */
  usableHorizon: number;
  recommended: TrialSetting;
  recommendation: Recommendation;
  /** The first theta first. */
  thetas: ThetaEvidence[];
  horizon: number;
  isDeterministic: boolean;
  /** Of each trial run, at most. */
  innerSteps: number;
  /** Inner steps of the setup's own run, where trial runs got fewer so that they end soon. */
  shortenedFrom?: number;
  /** The setup's own estimator is made of others (a curriculum): what was judged is its inner problem as it stands. */
  judgedInstead?: { ownEstimator: string; problem: string };
}

/** ln of growth: by 10 it is harmless, by 1000 an explosion. */
export const harmless: number = Math.log(10);
export const explosion: number = Math.log(1e3);

/**
 * ln of the growth of gradients after step t = 1 … T, the larger of two: what the largest exponent makes of it, lambda_1 t,
 * and what was measured beyond what a neutral loop gathers, ln|J_t| - ln|J_1| - ln t (J_1 the first that is not zero).
 */
function growthAlong({ lyapunov, growth }: GrowthEvidence): Float64Array {
  const { logStateNorms } = growth;
  const perStep = lyapunov.exponents[0]! * lyapunov.dt;
  const first = logStateNorms.findIndex((value) => value > -Infinity);
  return logStateNorms.map((value, i) => {
    const measured =
      first < 0 || i < first ? -Infinity : value - logStateNorms[first]! - Math.log(i - first + 1);
    return Math.max(perStep * (i + 1), measured);
  });
}

/** What growth is judged from. */
export interface GrowthEvidence {
  lyapunov: Pick<ChaosReport<unknown>["lyapunov"], "exponents" | "dt">;
  growth: Pick<ChaosReport<unknown>["growth"], "logStateNorms">;
}

/** ln of the largest growth over the steps that were measured; -Infinity where none could be. */
export function growthOf({ report }: { report?: GrowthEvidence }): number {
  return report === undefined ? -Infinity : growthAlong(report).reduce((most, one) => Math.max(most, one));
}

/** Steps before the growth of gradients reaches `explosion`: for an exponent alone ln 1000 / lambda_1. Infinity if it does not. */
export function usableHorizonOf({ report }: { report?: GrowthEvidence }): number {
  if (report === undefined) return 1;
  const exploded = growthAlong(report).findIndex((value) => value >= explosion);
  return exploded < 0 ? Infinity : exploded;
}
