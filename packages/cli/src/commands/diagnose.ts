/** `unspool diagnose`: whether backpropagation can be trusted on an experiment's inner problem, and what to use. */
import { type Diagnosis, type ThetaEvidence, type TrialRun, diagnose, random, tree } from "unspool";
import { configureExecutor } from "unspool/unroll";
import { type CommandLine, integerOption, textOption } from "../commandLine/parse.ts";
import { exitCodes } from "../failure.ts";
import { formatTable, wrapText } from "../output/format.ts";
import type { Reporter } from "../output/reporter.ts";
import { diagnoseFigures } from "../report/diagnoseFigures.ts";
import { type Study, writeStudy } from "../report/study.ts";
import { budgetOption } from "./budgetOption.ts";
import { engineSettings } from "./engineOptions.ts";
import { setupWithInner } from "./innerOf.ts";
import { preparedExperiment } from "./prepare.ts";

export async function diagnoseCommand(line: CommandLine, reporter: Reporter): Promise<number> {
  const seed = integerOption(line, "seed", 0) ?? 0;
  const innerSteps = budgetOption(line);
  configureExecutor(engineSettings(line));
  const { experiment, parsed } = await preparedExperiment(line);
  const key = random.key(seed);
  const setup = await setupWithInner(experiment, parsed, key);
  const diagnosis = diagnose(setup, {
    key: random.foldIn(key, "diagnose"),
    innerSteps,
    onProgress: (what) => reporter.preparing(what),
  });
  const command = commandOf(line.positionals[0]!, diagnosis);
  const path = textOption(line, "out") ?? `runs/diagnose-${experiment.name}.html`;
  const report = await writeStudy(path, study(experiment.name, diagnosis, command));
  reporter.answer([...lines(diagnosis), "", `run     ${command}`, `report  ${report}`], {
    ...plainDiagnosis(diagnosis),
    experiment: experiment.name,
    config: parsed,
    seed,
    command,
    report,
  });
  return exitCodes.done;
}

/** How to run what is recommended; for experiments with the usual fields. */
function commandOf(name: string, { recommended }: Diagnosis): string {
  const { estimator, truncation, sigma, pairs } = recommended;
  const settings = Object.entries({ estimator, truncation, sigma, pairs }).filter(
    ([, value]) => value !== undefined,
  );
  return `unspool run ${name} ${settings.map(([path, value]) => `--set ${path}=${value}`).join(" ")}`;
}

const columns = [
  "estimator",
  "truncation",
  "sigma",
  "pairs",
  "loss",
  "outer steps",
  "inner steps",
  "",
] as const;

function trialRows(trials: readonly TrialRun[]): (string | number)[][] {
  return trials
    .toSorted((a, b) => a.loss - b.loss)
    .map(({ setting, loss, outerSteps, innerSteps, failure }) => [
      setting.estimator,
      setting.truncation,
      setting.sigma ?? "",
      setting.pairs ?? "",
      Number.isFinite(loss) ? loss : "",
      outerSteps,
      innerSteps,
      failure === undefined ? "" : `failed: ${failure.slice(0, 90)}`,
    ]);
}

function lines({ verdict, recommendation }: Diagnosis): string[] {
  return [
    ...verdict.flatMap((sentence) => wrapText(sentence, 110)),
    "",
    `Trial runs (mean loss per inner step at the end; ${recommendation.initialLoss.toPrecision(4)} at the start)`,
    ...formatTable(columns, trialRows(recommendation.trials)),
  ];
}

/** Arrays of evidence are thinned to about this many numbers. */
const keptPoints = 200;

function plainDiagnosis(diagnosis: Diagnosis) {
  const { estimator, truncation, sigma, pairs, tasks } = diagnosis.recommended;
  const { loss, initialLoss, trials, finals } = diagnosis.recommendation;
  return {
    event: "diagnose",
    verdict: diagnosis.verdict.join(" "),
    regime: diagnosis.regime,
    lyapunov: diagnosis.lyapunov,
    usableHorizon: diagnosis.usableHorizon,
    recommended: { estimator, truncation, sigma: sigma ?? null, pairs: pairs ?? null, tasks: tasks ?? null },
    evidence: {
      horizon: diagnosis.horizon,
      isDeterministic: diagnosis.isDeterministic,
      trialRuns: {
        innerSteps: diagnosis.innerSteps,
        shortenedFrom: diagnosis.shortenedFrom ?? null,
        initialLoss,
        loss,
        trials: trials.map(plainTrial),
        finals,
      },
      thetas: diagnosis.thetas.map(plainEvidence),
    },
  };
}

function plainTrial({ setting, loss, outerSteps, innerSteps, failure }: TrialRun) {
  return { ...setting, loss, outerSteps, innerSteps, ...(failure !== undefined && { failure }) };
}

function plainEvidence({ where, theta, report, failure, usableHorizon }: ThetaEvidence) {
  const flat = Object.fromEntries(
    tree.entries(theta).map(([path, leaf]) => [path || "theta", [...leaf.data]]),
  );
  const told = tree.size(theta) <= keptPoints ? flat : null;
  if (report === undefined) return { where, theta: told, failure };
  const { lyapunov, growth, variance, slice, mismatch } = report;
  return {
    where,
    theta: told,
    exponents: [...lyapunov.exponents],
    standardErrors: [...lyapunov.standardErrors],
    logGradientNorms: thinned(growth.logStateNorms),
    usableHorizon,
    variances: variance.horizons.map(({ horizon, rp, esAntithetic }) => ({
      horizon,
      backpropagation: rp.totalVariance,
      evolutionStrategies: esAntithetic.totalVariance,
    })),
    slice: { offsets: [...slice.offsets], losses: [...slice.losses] },
    derivativeMismatch: mismatch.fraction,
  };
}

function thinned(values: Float64Array): number[] {
  const stride = Math.max(1, Math.ceil(values.length / keptPoints));
  return [...values].filter((_, i) => i % stride === 0 || i === values.length - 1);
}

function study(name: string, diagnosis: Diagnosis, command: string): Study {
  const { verdict, regime, lyapunov, usableHorizon, horizon, recommendation } = diagnosis;
  return {
    title: `${name}: diagnosis`,
    summary: verdict[0]!,
    facts: [
      ["Gradients", regime],
      ["Largest exponent per step", lyapunov.length === 0 ? "not measured" : lyapunov[0]!.toPrecision(3)],
      ["Usable horizon", `${usableHorizon} of ${horizon} steps`],
      ["Run", command],
    ],
    sections: [
      { title: "Verdict", text: verdict },
      {
        title: "Trial runs",
        text: [
          `Mean loss per inner step at the thetas of the last part of each run, over trajectories from new keys; ${recommendation.initialLoss.toPrecision(4)} at the first theta.`,
        ],
        tables: [{ columns, rows: trialRows(recommendation.trials) }],
        figures: [trialFigure(diagnosis)],
      },
      { title: "Derivatives", figures: diagnoseFigures(diagnosis) },
    ],
  };
}

/** Losses that the estimators saw, of the first setting of each. */
function trialFigure({ recommendation }: Diagnosis) {
  const seen = new Set<string>();
  const first = recommendation.trials.filter(({ setting, losses }) => {
    if (losses.length < 2 || seen.has(setting.estimator)) return false;
    seen.add(setting.estimator);
    return true;
  });
  return {
    id: "trials",
    title: "Losses of the trial runs",
    caption: "Loss of the estimator's own window over inner steps, for the problem's own settings.",
    x: { label: "inner steps", scale: "log" as const },
    y: { label: "loss", scale: "symlog" as const },
    series: first.map(({ setting, losses, innerSteps, outerSteps }) => ({
      name: setting.estimator,
      x: losses.map(([step]) => (step * innerSteps) / outerSteps),
      y: losses.map(([, loss]) => loss),
    })),
  };
}
