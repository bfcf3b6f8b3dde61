/** A diagnosis in plain sentences. */
import type { ChaosReport } from "../diagnostics/index.ts";
import { adviceWords } from "./adviceWords.ts";
import { type Diagnosis, growthOf } from "./diagnosis.ts";
import { originWords } from "./nonFiniteOrigin.ts";
import { factor, short, withError } from "./numberWords.ts";

/** The judgement, what it rests on, and what to do. */
export function diagnosisWords(diagnosis: Omit<Diagnosis, "verdict">): string[] {
  return [judgement(diagnosis), ...evidence(diagnosis), ...caveats(diagnosis), ...adviceWords(diagnosis)];
}

function judgement(diagnosis: Omit<Diagnosis, "verdict">): string {
  const { regime, usableHorizon, horizon, thetas, isFromStart, nonFinite } = diagnosis;
  const length = horizon === Infinity ? "as long as you like" : `the whole horizon of ${horizon} steps`;
  switch (regime) {
    case "not finite":
      return `The loss is not finite at the first theta, and no trial run got away from there: ${originWords(nonFinite!)}.`;
    case "not differentiable":
      return "Backpropagation cannot be used: the problem says that its step has no useful derivative.";
    case "stable":
      return `Backpropagation can be trusted over ${length}: gradients do not explode at any theta that was looked at.`;
    case "growing":
      return (
        `Backpropagation can be used with care over ${length}: gradients grow along the unroll, ` +
        "but by less than a factor of 1000, or they vary less than those of evolution strategies all the same."
      );
    case "exploding":
      return (
        `Gradients explode ${isFromStart ? "at the first theta" : "on the way of tuning"}: backpropagation can be trusted over about ${usableHorizon} ` +
        `${usableHorizon === 1 ? "step" : "steps"}${horizon === Infinity ? "" : ` of ${horizon}`}` +
        (thetas.length > 1 && !isFromStart ? ", although it looks harmless where tuning starts." : ".")
      );
  }
}

function evidence({ thetas }: Omit<Diagnosis, "verdict">): string[] {
  return thetas.map((one) => {
    const { where, report, failure } = one;
    const start = where[0]!.toUpperCase() + where.slice(1);
    if (report === undefined) return `${start}: derivatives fail (${failure}).`;
    const { exponents, standardErrors } = report.lyapunov;
    return (
      `${start}: derivatives of the losses grow by ${factor(growthOf(one))} at most ` +
      `(largest exponent ${withError(exponents[0]!, standardErrors[0]!)} per step); ${varianceWords(report)}`
    );
  });
}

/** Both variances, and all that makes what was measured at this theta doubtful: heavy tails, rounding, jumps. */
function varianceWords({ variance, verdict }: ChaosReport<unknown>): string {
  const { rp, esAntithetic } = variance.horizons.at(-1)!;
  return (
    `variance of one gradient at perturbed thetas ${withError(rp.totalVariance, rp.standardError)} by backpropagation, ` +
    `${withError(esAntithetic.totalVariance, esAntithetic.standardError)} by evolution strategies ` +
    `(sigma ${variance.sigma}, ${variance.samples} samples).${verdict.warnings.map((warning) => ` ${warning}`).join("")}`
  );
}

function caveats(diagnosis: Omit<Diagnosis, "verdict">): string[] {
  const { innerSteps, shortenedFrom, judgedInstead, horizon, recommendation, nonFinite, regime } = diagnosis;
  const told: string[] = [];
  if (nonFinite !== undefined && regime !== "not finite") {
    told.push(`At the first theta the loss is not finite: ${originWords(nonFinite)}.`);
  }
  if (judgedInstead !== undefined) {
    const { ownEstimator, problem } = judgedInstead;
    const steps =
      horizon === Infinity ? "without an end" : `of ${horizon} ${horizon === 1 ? "step" : "steps"}`;
    told.push(
      `The experiment's own estimator, ${ownEstimator}, is made of others and may change the problem on its way: ` +
        `this is about the inner problem as the setup gives it, ${problem} ${steps}.`,
    );
  }
  if (shortenedFrom !== undefined) {
    told.push(
      `Trial runs were cut to ${short(innerSteps)} of the ${short(shortenedFrom)} inner steps of the experiment's own run, ` +
        "because a step computes much: a larger budget may end elsewhere.",
    );
  }
  if (recommendation.recommended !== undefined && !recommendation.isLearningRateTried) {
    told.push(
      "Other learning rates were not tried: the setup does not say how to change its own (the third argument of innerProblem).",
    );
  }
  return told;
}
