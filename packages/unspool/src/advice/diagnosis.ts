/** What a diagnosis holds. */
import { type ChaosReport, type RegimeEvidence, lossGrowth, usableSteps } from "../diagnostics/index.ts";
import type { NonFiniteOrigin } from "./nonFiniteOrigin.ts";
import type { Recommendation } from "./recommend.ts";
import type { TrialSetting } from "./trialSetting.ts";

/** What was measured at one theta. */
export interface ThetaEvidence {
  /** In words: the first theta, or where on the way of which trial run. */
  where: string;
  theta: unknown;
  /** The setting of the trial run on whose way it lies. */
  of?: TrialSetting;
  /** Absent where derivatives could not be measured. */
  report?: ChaosReport<unknown>;
  /** Steps before gradients explode there; Infinity if they do not, 1 where derivatives could not be measured. */
  usableHorizon: number;
  failure?: string;
}

/** "not finite": the loss at the first theta is not, and no trial run got away from there. */
export type GradientRegime = "stable" | "growing" | "exploding" | "not differentiable" | "not finite";

export interface Diagnosis {
  regime: GradientRegime;
  /** Sentences: the judgement first. */
  verdict: string[];
  /** Largest exponents per inner step, where gradients grow most of the thetas that were looked at; [] if there are none. */
  lyapunov: number[];
  /** Gradients explode, if they do, at the first theta already. */
  isFromStart: boolean;
  /** Steps before gradients explode: at most the horizon, below it if they do. 0 for a problem without derivatives. */
  usableHorizon: number;
  /** Undefined where no trial run reached a finite loss. */
  recommended: TrialSetting | undefined;
  recommendation: Recommendation;
  /** Where the trajectory at the first theta stops being finite, if it does. */
  nonFinite?: NonFiniteOrigin;
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

/** ln of the largest growth over the steps that were measured; -Infinity where none could be. */
export function growthOf({ report }: { report?: Pick<RegimeEvidence, "growth"> }): number {
  return report === undefined ? -Infinity : lossGrowth(report);
}

/** Steps before gradients explode. Infinity if they do not. */
export function usableHorizonOf({ report }: { report?: RegimeEvidence }): number {
  return report === undefined ? 1 : usableSteps(report);
}
