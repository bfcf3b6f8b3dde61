/**
 * Whether backpropagation can be trusted on a problem, over which horizon, and what to use: exponents, growth and
 * variances of gradients at the theta from which tuning starts and at thetas on its way, and trial runs.
 *
 * The criterion is that of Metz, Freeman, Schoenholz and Kachman 2021; what is recommended is what was measured to work.
 */
import { type Key, random, tree } from "../array/index.ts";
import { OptionError, UnspoolError, requireInteger, requireKnownOptions } from "../errors.ts";
import {
  type ChaosReport,
  chaosReport,
  gradientRegime,
  isDeterministic,
  measuredHorizon,
} from "../diagnostics/index.ts";
import { estimatorNames } from "../estimators/index.ts";
import { type InnerProblem, type Setup, innerOf, requireDescent } from "../train/index.ts";
import { contenderOf } from "./contender.ts";
import {
  type Diagnosis,
  type GradientRegime,
  type ThetaEvidence,
  growthOf,
  usableHorizonOf,
} from "./diagnosis.ts";
import { partKey } from "./judgedLoss.ts";
import { type Recommendation, recommend } from "./recommend.ts";
import { diagnosisWords } from "./words.ts";
import { type TrialBudget, trialBudget } from "./trialBudget.ts";
import { type NonFiniteOrigin, nonFiniteOrigin } from "./nonFiniteOrigin.ts";
import type { TrialRun } from "./trialRun.ts";
import { isSameSetting } from "./trialSetting.ts";
import { trialOptimizer } from "./trialSetups.ts";
import { isSearched, searchOf } from "./setupSearch.ts";

export interface DiagnoseOptions {
  key?: Key | undefined;
  /** Inner steps of each trial run. Default: what the setup's own run takes, less where a step computes much. */
  innerSteps?: number | undefined;
  onProgress?: ((what: string) => void) | undefined;
}

/** Trial runs have at most this many outer steps, or as many as the setup's run if those are more. */
const mostOuterSteps = 3000;

/**
 * Measures, judges, recommends. The setup must say what its inner problem is; where a search moves its theta, the inner problem
 * must say how to make an optimizer, with which estimators are tried.
 */
export function diagnose(given: Setup, options: DiagnoseOptions = {}): Diagnosis {
  requireKnownOptions("diagnose", options, ["key", "innerSteps", "onProgress"]);
  const { key = random.key(0), onProgress = () => {} } = options;
  const setup = isSearched(given) ? given : requireDescent("diagnose", given);
  const inner = innerOf(setup);
  if (inner === undefined)
    throw new OptionError(
      "diagnose",
      "setup.inner",
      inner,
      "the inner problem of the setup, which an estimator carries that was made of one",
    );
  // What is missing is told before anything is measured.
  trialOptimizer(setup, inner);
  const { problem } = inner;
  const asked = options.innerSteps;
  if (asked !== undefined) requireInteger("diagnose", "innerSteps", asked, 1);
  const budget: TrialBudget = asked === undefined ? trialBudget(setup, inner, key) : { innerSteps: asked };
  const { innerSteps } = budget;
  const steps = measuredHorizon(problem);
  const isFixed = isDeterministic({ ...problem, horizon: steps }, setup.theta, key);

  const recommendation = recommend(setup, inner, {
    innerSteps,
    outerSteps: Math.max(setup.steps, mostOuterSteps),
    key,
    isDeterministic: isFixed,
    thetaSize: tree.size(setup.theta),
    ownSearch: searchOf(setup, key),
    onProgress,
  });
  const isLost = recommendation.recommended === undefined;
  const origin = Number.isFinite(recommendation.initialLoss)
    ? undefined
    : nonFiniteOrigin(problem, setup.theta, partKey(key, "judge"));
  const thetas =
    problem.isDifferentiable && !(isLost && origin !== undefined)
      ? placesOf(setup.theta, recommendation).map((place) => {
          onProgress(`derivatives ${place.where}`);
          return evidenceAt(inner, place, key);
        })
      : [];
  const worst = worstOf(thetas);
  const regime = isLost && origin !== undefined ? "not finite" : regimeOf(problem.isDifferentiable, thetas);
  const found = {
    regime,
    isFromStart: thetas[0] !== undefined && isExploding(thetas[0]),
    lyapunov: worst?.report === undefined ? [] : [...worst.report.lyapunov.exponents],
    usableHorizon: usable(regime, thetas, problem.horizon),
    recommended: recommendation.recommended,
    recommendation,
    ...nonFinite(origin),
    thetas,
    horizon: problem.horizon,
    isDeterministic: isFixed,
    ...budget,
    ...judgedInstead(setup, inner),
  };
  return { ...found, verdict: diagnosisWords(found) };
}

const nonFinite = (origin: NonFiniteOrigin | undefined): Pick<Diagnosis, "nonFinite"> =>
  origin === undefined ? {} : { nonFinite: origin };

/** What is judged, where the setup's own estimator is not one of the registry: it may meet other problems, too. */
function judgedInstead({ estimator }: Setup, { problem }: InnerProblem): Pick<Diagnosis, "judgedInstead"> {
  if (estimator === undefined || (estimatorNames as readonly string[]).includes(estimator.name)) return {};
  return { judgedInstead: { ownEstimator: estimator.name, problem: problem.name } };
}

interface Place extends Pick<ThetaEvidence, "of"> {
  where: string;
  theta: unknown;
}

/** Without bias and without noise of its own: backpropagation through all steps, or what equals it. */
function isExact({ setting }: TrialRun): boolean {
  const { estimator: entry } = contenderOf(setting.estimator);
  return entry !== undefined && entry.isUnbiased && entry.isDeterministic === true;
}

/** The first theta, and thetas on the way of the best run and of that with exact gradients. */
function placesOf(theta: unknown, { trials, recommended }: Recommendation): Place[] {
  const best = recommended && trials.find(({ setting: one }) => isSameSetting(one, recommended));
  // Trials begin with one of each estimator, the preferred first.
  const exact = trials.find(isExact);
  const onTheWay = (run: TrialRun | undefined, shares: readonly number[]): Place[] =>
    run === undefined || run.thetas.length === 0
      ? []
      : shares.map((share) => {
          const { step, theta: reached } = run.thetas[Math.floor(share * (run.thetas.length - 1))]!;
          const where = `after ${step} outer steps of ${run.setting.estimator}`;
          return { where, theta: reached, of: run.setting };
        });
  const places: Place[] = [
    { where: "at the first theta", theta },
    ...onTheWay(best, [0.4, 1]),
    ...(exact === best ? [] : onTheWay(exact, [1])),
  ];
  return places.filter(({ theta: at }) => tree.flatten(at).every((value) => Number.isFinite(value)));
}

function evidenceAt({ problem, options }: InnerProblem, place: Place, key: Key): ThetaEvidence {
  const { theta } = place;
  const { sigma = 0.01 } = options;
  try {
    const horizon = measuredHorizon(problem);
    const report = chaosReport(problem, theta, {
      key,
      sigma,
      horizon,
    }) as ChaosReport<unknown>;
    return { ...place, report, usableHorizon: usableHorizonOf({ report }) };
  } catch (error) {
    if (!(error instanceof UnspoolError)) throw error;
    return { ...place, failure: error.message, usableHorizon: usableHorizonOf({}) };
  }
}

/** Where gradients grow most over the horizon. */
function worstOf(thetas: readonly ThetaEvidence[]): ThetaEvidence | undefined {
  return thetas
    .filter(({ report }) => report !== undefined)
    .reduce<ThetaEvidence | undefined>(
      (worst, one) => (worst === undefined || growthOf(one) > growthOf(worst) ? one : worst),
      undefined,
    );
}

const isExploding = ({ report }: ThetaEvidence): boolean =>
  report === undefined || gradientRegime(report) === "chaotic";

/** That of the worst theta. */
function regimeOf(isDifferentiable: boolean, thetas: readonly ThetaEvidence[]): GradientRegime {
  if (!isDifferentiable) return "not differentiable";
  if (thetas.some(isExploding)) return "exploding";
  return thetas.some(({ report }) => gradientRegime(report!) === "growing") ? "growing" : "stable";
}

function usable(regime: GradientRegime, thetas: readonly ThetaEvidence[], horizon: number): number {
  if (regime === "not differentiable" || regime === "not finite") return 0;
  return Math.min(horizon, ...thetas.map((one) => one.usableHorizon));
}
