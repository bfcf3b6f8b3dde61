/** `unspool analyse`: the learned optimizer of a run taken apart, as a page and in words. */
import { join } from "node:path";
import { type OptimizerAnalysis, analyseOptimizer, analysisFigures, analysisWords, random } from "unspool";
import { type ReadRun, readRun } from "unspool/train";
import { type CommandLine, integerOption, textOption } from "../commandLine/parse.ts";
import { experimentOfRun } from "../experiments/ofRun.ts";
import { UsageError, exitCodes } from "../failure.ts";
import { formatNumber, formatTable, wrapText } from "@unspool/report/format";
import type { Reporter } from "../output/reporter.ts";
import { requirePage } from "../report/writePage.ts";
import type { SectionedPage } from "@unspool/report";
import { writeSectionedPage } from "../report/writeSectionedPage.ts";
import { existingRun } from "../runs/runFolder.ts";

export async function analyseCommand(line: CommandLine, reporter: Reporter): Promise<number> {
  const dir = line.positionals[0]!;
  const tasks = integerOption(line, "tasks", 1);
  const { store, manifest } = await existingRun(dir);
  const { experiment } = await experimentOfRun("analyse", dir, manifest, textOption(line, "experiment"));
  const run = await readRun(experiment, store);
  const { learned } = run.setup;
  if (learned === undefined) {
    throw new UsageError(
      "EXPERIMENT",
      `${dir}: ${experiment.name} does not train a componentwise learned optimizer. ` +
        "Return learned: { optimizer, family, horizon } from setup, with an optimizer such as cwRnn().",
      { experiment: experiment.name },
    );
  }
  const path = textOption(line, "out") ?? join(dir, "analysis.html");
  await requirePage(path);
  reporter.preparing("analysis");
  const key = random.foldIn(random.key(manifest.seed), "analyse");
  const analysis = analyseOptimizer(learned, run.theta, { key, ...(tasks !== undefined && { tasks }) });
  const words = analysisWords(analysis);
  const report = await writeSectionedPage(path, pageOf(dir, run, analysis, words));
  const rows = modeRows(analysis);
  const text = [
    ...words.flatMap((paragraph) => [...wrapText(paragraph, 110), ""]),
    "Modes at rest",
    ...formatTable(columns, rows.slice(0, shownModes)),
    ...(rows.length > shownModes
      ? [`and ${rows.length - shownModes} more in the report and with --json`]
      : []),
    "",
    `report  ${report}`,
  ];
  reporter.answer(text, {
    event: "analyse",
    run: dir,
    experiment: experiment.name,
    step: run.step,
    ...plainAnalysis(analysis),
    words,
    report,
  });
  return exitCodes.done;
}

const columns = ["eigenvalue", "|λ|", "time constant", "learning rate a"] as const;
/** Modes of the answer in the terminal; the report has all. */
const shownModes = 12;

function modeRows({ modes: { modes } }: OptimizerAnalysis): (string | number)[][] {
  return modes.map(({ eigenvalue, learningRate, timeConstant }) => [
    complexText(eigenvalue),
    Math.hypot(eigenvalue.re, eigenvalue.im),
    timeConstant,
    complexText(learningRate),
  ]);
}

function complexText({ re, im }: { re: number; im: number }): string {
  return im === 0
    ? formatNumber(re)
    : `${formatNumber(re)} ${im < 0 ? "−" : "+"} ${formatNumber(Math.abs(im))}i`;
}

function plainAnalysis(analysis: OptimizerAnalysis) {
  const { modes, rest, linear, nearest, optimum, autonomous, adaptation, saturation } = analysis;
  return {
    optimizer: analysis.name,
    gradientQuantiles: analysis.gradientQuantiles,
    explainedVariance: [...analysis.components.explained.subarray(0, 4)],
    fixedPoints: rest.distinct.map(({ state, speed, isStable }) => ({
      state: [...state],
      speed,
      isStable,
    })),
    searches: { made: rest.points.length, converged: rest.points.filter(({ isFixed }) => isFixed).length },
    drift: linear.change,
    modes: modes.modes,
    condition: modes.condition,
    effectiveLearningRate: modes.effectiveLearningRate,
    sumOfRates: modes.sumOfRates,
    nearest,
    optimum: optimum ?? null,
    schedule: [...autonomous.learningRates],
    saturation: { gradients: [...saturation.gradients], values: [...saturation.values] },
    adaptation: {
      gradients: [...adaptation.gradients],
      learningRates: [...adaptation.learningRates],
      projections: [...adaptation.projections],
    },
  };
}

function pageOf(
  dir: string,
  { step }: ReadRun,
  analysis: OptimizerAnalysis,
  words: readonly string[],
): SectionedPage {
  const { modes, autonomous, size, name } = analysis;
  const figures = analysisFigures(analysis);
  const pick = (...ids: string[]) => figures.filter(({ id }) => ids.includes(id));
  const [rest, momentum, clipping, schedule, adaptation] = words as [string, string, string, string, string];
  return {
    title: `${name}: how it works`,
    summary: `The optimizer of ${dir} after ${step} outer steps, as a dynamical system of ${size} numbers per parameter.`,
    facts: [
      ["Effective learning rate at rest", formatNumber(modes.effectiveLearningRate)],
      ["At the start", formatNumber(autonomous.learningRates[0]!)],
      ["Condition of the modes", formatNumber(modes.condition)],
    ],
    sections: [
      { title: "State", text: [rest], figures: pick("states") },
      {
        title: "Momentum",
        text: [momentum],
        tables: [{ columns, rows: modeRows(analysis) }],
        figures: pick("eigenvalues", "momentum-plane", "along-mode"),
      },
      { title: "Clipping", text: [clipping], figures: pick("update-function", "saturation") },
      { title: "Schedule", text: [schedule], figures: pick("schedule") },
      { title: "Adaptation", text: [adaptation], figures: pick("s-curve", "slopes") },
    ],
  };
}
