/** `unspool diagnose`: whether backpropagation can be trusted on an experiment's inner problem, and what to use. */
import { type Diagnosis, type ThetaEvidence, type TrialRun, diagnose, random, tree } from "unspool";
import { configureExecutor } from "unspool/unroll";
import { type CommandLine, integerOption, textOption } from "../commandLine/parse.ts";
import { exitCodes } from "../failure.ts";
import { formatTable, wrapText } from "@unspool/report/format";
import type { Reporter } from "../output/reporter.ts";
import { diagnosisPage, finalTable, trialTable } from "@unspool/report";
import { requirePage } from "../report/writePage.ts";
import { writeSectionedPage } from "../report/writeSectionedPage.ts";
import { fileName } from "../runs/fileName.ts";
import { budgetOption } from "./budgetOption.ts";
import { engineSettings } from "./engineOptions.ts";
import { type ExactCommand, exactCommand } from "./exactCommand.ts";
import { setupWithInner } from "./innerOf.ts";
import { preparedExperiment } from "./prepare.ts";

export async function diagnoseCommand(line: CommandLine, reporter: Reporter): Promise<number> {
  const seed = integerOption(line, "seed", 0) ?? 0;
  const innerSteps = budgetOption(line);
  configureExecutor(engineSettings(line));
  const { experiment, parsed } = await preparedExperiment(line);
  const key = random.key(seed);
  const setup = await setupWithInner(experiment, parsed, key);
  const path = textOption(line, "out") ?? `runs/diagnose-${fileName(experiment.name)}.html`;
  await requirePage(path);
  const diagnosis = diagnose(setup, {
    key: random.foldIn(key, "diagnose"),
    innerSteps,
    onProgress: (what) => reporter.preparing(what),
  });
  const { recommended: setting, recommendation } = diagnosis;
  const { outerSteps } = recommendation;
  const exact: ExactCommand =
    setting === undefined
      ? { command: undefined }
      : await exactCommand(line, experiment, setup, { setting, outerSteps }, key);
  const run = runLine(exact);
  const report = await writeSectionedPage(path, diagnosisPage(experiment.name, diagnosis, run));
  reporter.answer(
    [...lines(diagnosis), "", ...(run === undefined ? [] : [`run     ${run}`]), `report  ${report}`],
    {
      ...plainDiagnosis(diagnosis),
      experiment: experiment.name,
      config: parsed,
      seed,
      command: exact.command ?? null,
      report,
    },
  );
  return exitCodes.done;
}

/** The command, or why there is none; undefined where nothing is recommended. */
function runLine({ command, problem }: ExactCommand): string | undefined {
  return command ?? (problem && `no command line runs exactly this setting: ${problem}`);
}

function lines(diagnosis: Diagnosis): string[] {
  const [trials, finals] = [trialTable(diagnosis), finalTable(diagnosis)];
  return [
    ...diagnosis.verdict.flatMap((sentence) => wrapText(sentence, 110)),
    "",
    ...wrapText(trials.title, 110),
    ...formatTable(trials.columns, trials.rows),
    ...(finals === undefined
      ? []
      : ["", ...wrapText(finals.title, 110), ...formatTable(finals.columns, finals.rows)]),
  ];
}

/** Arrays of evidence are thinned to about this many numbers. */
const keptPoints = 200;

function plainDiagnosis(diagnosis: Diagnosis) {
  const { recommended } = diagnosis;
  const { loss, standardError, seeds, initialLoss, trials, finals, outerSteps } = diagnosis.recommendation;
  return {
    event: "diagnose",
    verdict: diagnosis.verdict.join(" "),
    regime: diagnosis.regime,
    lyapunov: diagnosis.lyapunov,
    usableHorizon: diagnosis.usableHorizon,
    recommended:
      recommended === undefined
        ? null
        : {
            estimator: recommended.estimator,
            truncation: recommended.truncation,
            sigma: recommended.sigma ?? null,
            pairs: recommended.pairs ?? null,
            tasks: recommended.tasks ?? null,
            learningRate: recommended.learningRate ?? null,
          },
    nonFinite: diagnosis.nonFinite ?? null,
    evidence: {
      horizon: diagnosis.horizon,
      isDeterministic: diagnosis.isDeterministic,
      trialRuns: {
        innerSteps: diagnosis.innerSteps,
        shortenedFrom: diagnosis.shortenedFrom ?? null,
        initialLoss,
        loss,
        standardError,
        seeds,
        outerSteps,
        trials: trials.map(plainTrial),
        finals,
      },
      thetas: diagnosis.thetas.map(plainEvidence),
    },
  };
}

function plainTrial({ setting, failure, stoppedAt, ...run }: TrialRun) {
  const { loss, standardError, trajectories, outerSteps, innerSteps } = run;
  return {
    ...setting,
    ...{ loss, standardError, trajectories, outerSteps, innerSteps },
    ...(stoppedAt !== undefined && { stoppedAt }),
    ...(failure !== undefined && { failure }),
  };
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
    logLossGrowth: thinned(growth.logLossGrowth),
    usableHorizon,
    variances: variance.horizons.map(({ horizon, rp, esAntithetic }) => ({
      horizon,
      backpropagation: rp.totalVariance,
      backpropagationError: rp.standardError,
      evolutionStrategies: esAntithetic.totalVariance,
      evolutionStrategiesError: esAntithetic.standardError,
      trajectories: variance.samples,
    })),
    slice: { offsets: [...slice.offsets], losses: [...slice.losses] },
    derivativeMismatch: mismatch.fraction,
  };
}

function thinned(values: Float64Array): number[] {
  const stride = Math.max(1, Math.ceil(values.length / keptPoints));
  return [...values].filter((_, i) => i % stride === 0 || i === values.length - 1);
}
