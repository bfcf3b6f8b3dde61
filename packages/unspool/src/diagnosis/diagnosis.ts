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
  /** Steps over which gradients are of use: at most the horizon. 0 for a problem without derivatives. */
  usableHorizon: number;
  recommended: TrialSetting;
  recommendation: Recommendation;
  /** The first theta first. */
  thetas: ThetaEvidence[];
  horizon: number;
  isDeterministic: boolean;
  innerSteps: number;
}

/** Largest ln|d l_t / d theta| over the horizon, less that of the first step where there is something. */
export function growthOf({ report }: ThetaEvidence): number {
  if (report === undefined) return -Infinity;
  const { logStateNorms } = report.growth;
  const first = logStateNorms.find((value) => value > -Infinity) ?? 0;
  const linear = Math.log(logStateNorms.length);
  return Math.max(report.logGrowth, ...logStateNorms.map((value) => value - first - linear));
}
