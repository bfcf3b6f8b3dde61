/** The page and the tables of a diagnosis. */
import { type Diagnosis, type TrialRun, type TrialSetting, contenderOf, isSameSetting } from "unspool";
import { formatError } from "./format.ts";
import { diagnoseFigures } from "./diagnoseFigures.ts";
import type { PennedFigure } from "./drawing.ts";
import { estimatorPen } from "./palette.ts";
import type { SectionedPage } from "./sectionedPage.ts";

export interface TitledTable {
  title: string;
  columns: readonly string[];
  rows: (string | number)[][];
  /** Rows to mark. */
  marked: readonly number[];
}

const settingColumns = ["", "estimator", "truncation", "sigma", "pairs", "tasks", "learning rate"] as const;
const mark = "→";

function settingCells(setting: TrialSetting, isMarked: boolean): (string | number)[] {
  const { estimator, truncation, sigma = "", pairs = "", tasks = "", learningRate = "" } = setting;
  return [isMarked ? mark : "", estimator, truncation, sigma, pairs, tasks, learningRate];
}

/** Every trial: the first seed alone. Those that ended first, by their loss. */
export function trialTable({ recommended, recommendation, isDeterministic }: Diagnosis): TitledTable {
  const { trials, initialLoss, initialStandardError } = recommendation;
  const sorted = trials.toSorted((a, b) => orderOf(a) - orderOf(b) || a.loss - b.loss);
  const isRecommended = ({ setting }: TrialRun): boolean =>
    recommended !== undefined && isSameSetting(setting, recommended);
  const over = isDeterministic ? "all trajectories are the same" : "32 trajectories from new keys";
  return {
    title:
      `Trial runs, one seed each (mean loss per inner step at the end: ${over}, and the last thetas of the run; ± is the ` +
      `standard error over these, not over seeds; ${formatError(initialLoss, initialStandardError)} at the start${recommended === undefined ? "" : `; ${mark} is recommended`})`,
    columns: [...settingColumns, "loss", "±", "outer steps", "inner steps", "note"],
    rows: sorted.map((run) => [
      ...settingCells(run.setting, isRecommended(run)),
      Number.isFinite(run.loss) ? run.loss : "",
      Number.isFinite(run.loss) ? run.standardError : "",
      run.outerSteps,
      run.innerSteps,
      noteOf(run),
    ]),
    marked: sorted.flatMap((run, i) => (isRecommended(run) ? [i] : [])),
  };
}

const orderOf = ({ loss, stoppedAt }: TrialRun): number =>
  Number.isFinite(loss) ? (stoppedAt === undefined ? 0 : 1) : 2;

function noteOf({ failure, stoppedAt }: TrialRun): string {
  if (failure !== undefined) return `failed: ${failure.slice(0, 90)}`;
  return stoppedAt === undefined ? "" : `clearly lost, stopped at ${Math.round(100 * stoppedAt)} %`;
}

/** The last round: means over seeds, which are set beside each other only. */
export function finalTable({ recommended, recommendation }: Diagnosis): TitledTable | undefined {
  const { finals } = recommendation;
  if (finals.length === 0) return undefined;
  const isRecommended = (setting: TrialSetting): boolean =>
    recommended !== undefined && isSameSetting(setting, recommended);
  const count = finals[0]!.losses.length;
  return {
    title: `The best again (means over ${count} seeds; ± is their standard error)`,
    columns: [...settingColumns, "mean loss", "±", "seeds", "losses by seed"],
    rows: finals.map(({ setting, loss, standardError, losses }) => [
      ...settingCells(setting, isRecommended(setting)),
      Number.isFinite(loss) ? loss : "",
      Number.isFinite(loss) ? standardError : "",
      losses.length,
      losses.map((one) => (Number.isFinite(one) ? String(Number(one.toPrecision(4))) : "failed")).join(", "),
    ]),
    marked: finals.flatMap(({ setting }, i) => (isRecommended(setting) ? [i] : [])),
  };
}

export function diagnosisPage(name: string, diagnosis: Diagnosis, run: string | undefined): SectionedPage {
  const { verdict, regime, usableHorizon, horizon } = diagnosis;
  const [trials, finals] = [trialTable(diagnosis), finalTable(diagnosis)];
  const figures = diagnoseFigures(diagnosis);
  return {
    title: `${name}: diagnosis`,
    summary: verdict[0]!,
    facts: [
      ["Gradients", regime],
      ["Largest exponent per step", exponentOf(diagnosis)],
      ["Usable horizon", `${usableHorizon} of ${horizon} steps`],
      ...(run === undefined ? [] : [["Run", run] as const]),
    ],
    sections: [
      { title: "Verdict", text: verdict },
      {
        title: "Trial runs",
        tables: [...(finals === undefined ? [] : [finals]), trials],
        figures: [trialFigure(diagnosis)],
      },
      ...(figures.length === 0 ? [] : [{ title: "Derivatives", figures }]),
    ],
  };
}

/** Of the theta at which it is largest. */
function exponentOf({ thetas }: Diagnosis): string {
  const found = thetas.flatMap(({ report }) => (report === undefined ? [] : [report.lyapunov]));
  if (found.length === 0) return "not measured";
  const most = found.reduce((a, b) => (b.exponents[0]! > a.exponents[0]! ? b : a));
  return formatError(most.exponents[0]!, most.standardErrors[0]!);
}

/** Losses that the estimators saw, of the first setting of each. */
function trialFigure({ recommendation }: Diagnosis): PennedFigure {
  const seen = new Set<string>();
  const first = recommendation.trials.filter(({ setting, losses }) => {
    if (losses.length < 2 || seen.has(setting.estimator)) return false;
    seen.add(setting.estimator);
    return true;
  });
  const found = first
    .map(({ setting }) => setting.estimator)
    .filter((name) => contenderOf(name).search !== undefined);
  return {
    id: "trials",
    title: "Losses of the trial runs",
    caption:
      "Loss of the estimator's own window over inner steps, or mean loss of a search's candidates, one seed, for the problem's own settings. Lines that end early were clearly lost.",
    x: { label: "inner steps", scale: "log" as const },
    y: { label: "loss", scale: "symlog" as const },
    series: first.map(({ setting, losses, innerSteps, outerSteps }) => ({
      name: setting.estimator,
      x: losses.map(([step]) => (step * innerSteps) / outerSteps),
      y: losses.map(([, loss]) => loss),
    })),
    pens: first.map(({ setting }) =>
      estimatorPen(setting.estimator, Math.max(0, found.indexOf(setting.estimator))),
    ),
  };
}
