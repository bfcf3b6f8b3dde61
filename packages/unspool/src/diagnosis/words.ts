/** A diagnosis in plain sentences. */
import { type Diagnosis, growthOf } from "./diagnosis.ts";
import { describe } from "./recommend.ts";

/** The judgement, what it rests on, and what to do. */
export function diagnosisWords(diagnosis: Omit<Diagnosis, "verdict">): string[] {
  return [judgement(diagnosis), ...evidence(diagnosis), ...caveats(diagnosis), advice(diagnosis)];
}

function judgement({
  regime,
  usableHorizon,
  horizon,
  thetas,
  isFromStart,
}: Omit<Diagnosis, "verdict">): string {
  const length = horizon === Infinity ? "as long as you like" : `the whole horizon of ${horizon} steps`;
  switch (regime) {
    case "not differentiable":
      return "Backpropagation cannot be used: the problem says that its step has no useful derivative.";
    case "stable":
      return `Backpropagation can be trusted over ${length}: gradients do not explode at any theta that was looked at.`;
    case "growing":
      return `Backpropagation can be used with care: gradients grow along the unroll, by less than a factor of 1000 over ${length}.`;
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
    const { exponents } = report.lyapunov;
    const { rp, esAntithetic } = report.variance.horizons.at(-1)!;
    return (
      `${start}: largest exponent ${short(exponents[0]!)} per step, gradients grow by at most ${factor(growthOf(one))}; ` +
      `variance of one gradient ${short(rp.totalVariance)} by backpropagation, ${short(esAntithetic.totalVariance)} by evolution strategies.`
    );
  });
}

function caveats({
  innerSteps,
  shortenedFrom,
  judgedInstead,
  horizon,
}: Omit<Diagnosis, "verdict">): string[] {
  const told: string[] = [];
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
  return told;
}

function advice({ recommended, recommendation, innerSteps }: Omit<Diagnosis, "verdict">): string {
  const { loss, initialLoss, trials } = recommendation;
  const others = trials
    .filter(({ setting }) => setting.estimator !== recommended.estimator)
    .toSorted((a, b) => a.loss - b.loss);
  const rest =
    others.length === 0
      ? ""
      : ` (next: ${others
          .slice(0, 2)
          .map(({ setting, loss: at }) => `${setting.estimator} ${short(at)}`)
          .join(", ")})`;
  return `Use ${describe(recommended)}: in trial runs of ${short(innerSteps)} inner steps it took the mean loss from ${short(initialLoss)} to ${short(loss)}${rest}.`;
}

/** e^growth as a factor. */
function factor(growth: number): string {
  const exponent = growth / Math.LN10;
  return exponent < 4
    ? `a factor of ${short(Math.exp(Math.max(growth, 0)))}`
    : `a factor of 1e${Math.round(exponent)}`;
}

function short(value: number): string {
  return Number.isFinite(value)
    ? String(Number(value.toPrecision(3)))
    : value > 0
      ? "infinite"
      : String(value);
}
