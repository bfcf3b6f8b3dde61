/** What a diagnosis recommends, by what it was measured to do; and why, where that looks like a contradiction. */
import { gradientRegime } from "../diagnostics/index.ts";
import { contenderOf } from "./contender.ts";
import type { Diagnosis } from "./diagnosis.ts";
import { short, withError } from "./numberWords.ts";
import type { Finalist, Recommendation } from "./recommend.ts";
import type { TrialRun } from "./trialRun.ts";
import { type TrialSetting, describe, isSameSetting } from "./trialSetting.ts";

type Found = Omit<Diagnosis, "verdict">;

export function adviceWords(diagnosis: Found): string[] {
  const { recommended, recommendation } = diagnosis;
  if (recommended === undefined) return [nothing(diagnosis)];
  const { loss, standardError, seeds, initialLoss, initialStandardError, finals, trials } = recommendation;
  const others = finals.filter(({ setting }) => !isSameSetting(setting, recommended));
  const { innerSteps } = trials.find(({ setting }) => isSameSetting(setting, recommended)) ?? diagnosis;
  const ends = finals.find(({ setting }) => isSameSetting(setting, recommended))?.losses ?? [];
  const isSame = ends.every((one) => one === ends[0]);
  const end = isSame
    ? `${short(loss)} with each of ${seeds} seeds`
    : `${withError(loss, standardError)}, the mean of ${seeds} seeds`;
  return [
    ...whyDerivatives(diagnosis, recommended),
    ...whySearch(recommendation, recommended),
    `Use ${describe(recommended)}: in trial runs of ${short(innerSteps)} inner steps it took the mean loss from ` +
      `${withError(initialLoss, initialStandardError)} to ${end}` +
      `${others.length === 0 ? "" : ` (${others.map(nextOf).join("; ")})`}.${otherEstimators(trials, recommended)}`,
  ];
}

const nextOf = ({ setting, loss, standardError }: Finalist, i: number): string =>
  `${i === 0 ? "next: " : ""}${describe(setting)}: ${withError(loss, standardError)}`;

/** The best of other estimators, each with the one seed that all settings met. */
function otherEstimators(trials: readonly TrialRun[], recommended: TrialSetting): string {
  const own = trials.find(({ setting }) => isSameSetting(setting, recommended));
  const seen = new Set([recommended.estimator]);
  const others = ended(trials)
    .toSorted((a, b) => a.loss - b.loss)
    .filter(({ setting: { estimator } }) => !seen.has(estimator) && seen.add(estimator));
  if (own === undefined || others.length === 0) return "";
  const told = [own, ...others.slice(0, 2)].map(
    ({ setting, loss, standardError }) => `${setting.estimator} ${withError(loss, standardError)}`,
  );
  return ` With the first seed alone: ${told.join(", ")}.`;
}

const ended = (trials: readonly TrialRun[]): TrialRun[] =>
  trials.filter(({ loss, stoppedAt }) => Number.isFinite(loss) && stoppedAt === undefined);

function nothing({ recommendation: { trials }, nonFinite }: Found): string {
  const first = trials.find(({ failure }) => failure !== undefined)?.failure;
  const why = first === undefined ? "" : ` The first of them: ${first}`;
  const remedy =
    nonFinite === undefined
      ? "Mend the step, or start from another theta."
      : "Mend init or step there, or start from another theta.";
  return `Nothing is recommended: none of ${trials.length} trial runs reached a finite loss.${why} ${remedy}`;
}

/** "Gradients explode" and "use one that differentiates" are both true only for reasons: those that were measured. */
function whyDerivatives(
  { regime, usableHorizon, thetas, recommendation }: Found,
  recommended: TrialSetting,
): string[] {
  const { isWhole, estimator: entry } = contenderOf(recommended.estimator);
  if (regime !== "exploding" || entry === undefined || entry.kind === "es") return [];
  const { isUnbiased } = entry;
  const { estimator, truncation } = recommended;
  const own = thetas.filter(({ of }) => of !== undefined && isSameSetting(of, recommended)).at(-1);
  return [
    `Although gradients explode, ${estimator} is of use here: ${[
      ...window(isWhole || isUnbiased, truncation, usableHorizon),
      ...whereItTrained(own),
      ...againstEs(recommendation.trials, recommended),
    ].join("; ")}.`,
  ];
}

/** A search has no gradient: it is recommended for being ahead, and of what is said. */
function whySearch({ finals, seeds }: Recommendation, recommended: TrialSetting): string[] {
  if (contenderOf(recommended.estimator).search === undefined) return [];
  const own = finals.find(({ setting }) => isSameSetting(setting, recommended));
  const rival = finals.find(({ setting }) => contenderOf(setting.estimator).search === undefined);
  const name = recommended.estimator;
  if (own === undefined || rival === undefined)
    return [`${name} is a search, without a gradient and an optimizer: no estimator ended a trial run.`];
  return [
    `${name} is a search, without a gradient and an optimizer: for the same inner steps it ends at ` +
      `${withError(own.loss, own.standardError)}, the best estimator (${rival.setting.estimator}) at ` +
      `${withError(rival.loss, rival.standardError)}, means of ${seeds} seeds.`,
  ];
}

function window(isWholeTrajectory: boolean, truncation: number, usableHorizon: number): string[] {
  if (isWholeTrajectory) return [];
  const where = truncation <= usableHorizon ? "within" : "beyond";
  return [
    `it differentiates through ${truncation} steps only, ${where} the ${usableHorizon} that can be trusted`,
  ];
}

function whereItTrained(own: Found["thetas"][number] | undefined): string[] {
  if (own?.report === undefined) return [];
  const { rp, esAntithetic } = own.report.variance.horizons.at(-1)!;
  const isCalm = gradientRegime(own.report) !== "chaotic";
  return [
    `${own.where} gradients ${isCalm ? "do not explode" : "explode, too"}, and the variance of one is ` +
      `${withError(rp.totalVariance, rp.standardError)} by backpropagation, ${withError(esAntithetic.totalVariance, esAntithetic.standardError)} by evolution strategies`,
  ];
}

function againstEs(trials: readonly TrialRun[], recommended: TrialSetting): string[] {
  const own = trials.find(({ setting }) => isSameSetting(setting, recommended));
  const [best] = ended(trials)
    .filter(({ setting: { estimator } }) => contenderOf(estimator).kind === "es")
    .toSorted((a, b) => a.loss - b.loss);
  if (own === undefined || best === undefined) return [];
  return [
    `with the first seed its trial run ended at ${withError(own.loss, own.standardError)}, ` +
      `the best of evolution strategies (${best.setting.estimator}) at ${withError(best.loss, best.standardError)}`,
  ];
}
