/** `unspool compare`: bias, variance and cost of estimators on the inner problem of an experiment, at fixed theta. */
import {
  type Comparison,
  type EstimatorMeasurement,
  OptionError,
  byLeaf,
  compareEstimators,
  estimators,
  findSearch,
  heavyTailWords,
  random,
  suitsProblem,
  vectorNorm,
  tree,
} from "unspool";
import { configureExecutor } from "unspool/unroll";
import { type CommandLine, choiceOption, integerOption, textOption } from "../commandLine/parse.ts";
import { exitCodes } from "../failure.ts";
import { formatBytes, formatTable, wrapText } from "@unspool/report/format";
import type { Reporter } from "../output/reporter.ts";
import { requirePage } from "../report/writePage.ts";
import { type SectionedPage, compareFigures } from "@unspool/report";
import { writeSectionedPage } from "../report/writeSectionedPage.ts";
import { fileName } from "../runs/fileName.ts";
import { budgetOption, integerOf } from "./budgetOption.ts";
import { engineSettings } from "./engineOptions.ts";
import { setupWithInner } from "./innerOf.ts";
import { preparedExperiment } from "./prepare.ts";

export async function compareCommand(line: CommandLine, reporter: Reporter): Promise<number> {
  const seed = integerOption(line, "seed", 0) ?? 0;
  const budget = budgetOption(line);
  const horizon = integerOption(line, "horizon", 1);
  const reference = choiceOption(line, "reference", ["auto", "bptt", "fullEs"]);
  const truncations = listOption(line, "truncations")?.map((text) => integerOf(line, "truncations", text));
  const names = listOption(line, "estimators");
  requireGradients(names ?? []);
  configureExecutor(engineSettings(line));
  const { experiment, parsed } = await preparedExperiment(line);
  const key = random.key(seed);
  const { theta: whole, inner } = await setupWithInner(experiment, parsed, key);
  const theta = inner.theta ?? whole;
  const others = (inner.others ?? []).filter(({ name }) => names?.includes(name) ?? true);
  const path = textOption(line, "out") ?? `runs/compare-${fileName(experiment.name)}.html`;
  await requirePage(path);
  const comparison = compareEstimators(inner.problem, theta, {
    estimators:
      names?.filter((name) => !others.some((other) => other.name === name)) ??
      suitable(inner.problem.isDifferentiable, tree.size(theta)),
    others,
    options: inner.options,
    innerSteps: budget,
    horizon,
    truncations,
    reference,
    exactGradient: inner.exactGradient,
    key: random.foldIn(key, "compare"),
    onProgress: (what) => reporter.preparing(what),
  });
  const report = await writeSectionedPage(path, pageOf(experiment.name, comparison));
  reporter.answer([...lines(comparison), "", `report  ${report}`], {
    ...plainComparison(comparison),
    experiment: experiment.name,
    config: parsed,
    seed,
    report,
  });
  return exitCodes.done;
}

/** Throws `OptionError` for a search: there is nothing of it to compare with a gradient. */
function requireGradients(names: readonly string[]): void {
  for (const name of names) {
    if (findSearch(name) === undefined) continue;
    const hint = `A search has no gradient: run it, with --set estimator=${name}.`;
    throw new OptionError("compare", "--estimators", name, "names of gradient estimators", hint);
  }
}

/** Every estimator of the loss of all steps that the problem allows and that ends soon. */
function suitable(isDifferentiable: boolean, thetaSize: number): string[] {
  return estimators
    .filter((entry) => entry.objective !== "final" && suitsProblem(entry, { isDifferentiable, thetaSize }))
    .map(({ name }) => name);
}

function listOption(line: CommandLine, name: string): string[] | undefined {
  return textOption(line, name)
    ?.split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** Gradients as flat arrays by the path of their leaf. */
function plainComparison(comparison: Comparison) {
  const { reference, horizon, truncation, isDeterministic, failed } = comparison;
  const plain = (one: EstimatorMeasurement) => ({
    name: one.name,
    estimator: one.estimator,
    truncation: one.truncation,
    mean: byLeaf(comparison, one.mean),
    standardError: byLeaf(comparison, one.standardError),
    z: one.z,
    zs: byLeaf(comparison, one.zs),
    bias: byLeaf(comparison, one.bias),
    variance: one.variance,
    varianceError: one.varianceError,
    largestShare: one.largestShare,
    smoothedBy: one.smoothedBy ?? null,
    mse: one.meanSquaredError,
    mseAtEqualCost: one.errorAtEqualCost,
    mseAtEqualCostError: one.errorAtEqualCostError,
    cosine: one.cosine,
    samples: one.samples,
    innerSteps: one.innerSteps,
    seconds: one.seconds,
    bytes: one.bytes ?? null,
  });
  return {
    event: "compare",
    reference: {
      method: reference.method,
      description: reference.description,
      gradient: byLeaf(comparison, reference.gradient),
      standardError: byLeaf(comparison, reference.standardError),
      trajectories: reference.trajectories,
      innerSteps: reference.innerSteps,
      smoothedBy: reference.smoothedBy ?? null,
      smoothed: reference.smoothed ?? null,
    },
    estimators: comparison.estimators.map(plain),
    byTruncation: comparison.byTruncation.map(plain),
    failed,
    horizon,
    truncation,
    isDeterministic,
  };
}

const columns = [
  "estimator",
  "smoothing sigma",
  "bias/|g|",
  "± of bias",
  "z",
  "std. dev./|g|",
  "± of std. dev.",
  "MSE at equal cost",
  "± of MSE",
  "cosine",
  "samples",
  "inner steps",
  "ns/step",
  "memory",
] as const;

function row(one: EstimatorMeasurement, { reference }: Comparison): (string | number)[] {
  const size = vectorNorm(reference.gradient);
  const share = (value: number): number => value / size;
  const deviation = Math.sqrt(one.variance);
  const error = Math.hypot(vectorNorm(one.standardError), vectorNorm(reference.standardError));
  return [
    one.name,
    one.smoothedBy ?? "",
    share(vectorNorm(one.bias)),
    twoDigits(share(error)),
    // Without scatter there is no statistic: the bias is what it is.
    error === 0 ? "" : Number(one.z.toPrecision(3)),
    share(deviation),
    deviation === 0 ? 0 : twoDigits(share(one.varianceError / (2 * deviation))),
    one.errorAtEqualCost,
    twoDigits(one.errorAtEqualCostError),
    Number(one.cosine.toFixed(4)),
    one.samples,
    one.innerSteps,
    Number(((one.seconds * 1e9) / one.innerSteps).toPrecision(3)),
    one.bytes === undefined ? "" : formatBytes(one.bytes),
  ];
}

const twoDigits = (value: number): number => Number(value.toPrecision(2));

/** What the columns mean. */
const legend =
  "A sample is what an estimator says of one whole trajectory of all its units; ± are standard errors over samples. " +
  "z is the bias in standard errors, of the coordinate where it is largest; " +
  "it is left out where nothing scatters, because all samples are alike: then the bias is exact up to rounding.";

function lines(comparison: Comparison): string[] {
  const { truncation, failed } = comparison;
  return [
    `reference  ${comparison.reference.description}`,
    `           |g| = ${lengthOf(comparison)}`,
    "",
    ...wrapText(`Truncation ${truncation}. ${legend}`, 110),
    ...formatTable(
      columns,
      comparison.estimators.map((one) => row(one, comparison)),
    ),
    ...remarks(comparison).flatMap((remark) => ["", ...wrapText(remark, 110)]),
    ...failed.map(({ name, truncation: at, error }) => `${name} (truncation ${at}): ${error}`),
  ];
}

function lengthOf({ reference, horizon }: Comparison): string {
  const { gradient, standardError, trajectories } = reference;
  const over =
    trajectories === 0
      ? `the closed form over ${horizon} steps`
      : `${trajectories} ${trajectories === 1 ? "trajectory" : "trajectories"} of ${horizon} steps`;
  return `${vectorNorm(gradient).toPrecision(5)} ± ${vectorNorm(standardError).toPrecision(2)}, ${over}`;
}

/** What a reader must not miss. */
function remarks(comparison: Comparison): string[] {
  const { estimators: measured } = comparison;
  const wrong = measured.filter(({ cosine, z }) => cosine < 0 && Math.abs(z) > 5).map(({ name }) => name);
  const tails = heavyTailWords(measured);
  return [
    ...(wrong.length === 0 ? [] : [`Points away from the gradient: ${wrong.join(", ")}.`]),
    ...smoothingRemark(comparison),
    ...(tails === undefined ? [] : [tails]),
  ];
}

/** The gradient of a loss and of its average over perturbations are two things: a difference between them is no fault. */
function smoothingRemark({ reference, estimators: measured }: Comparison): string[] {
  const { smoothedBy, smoothed, gradient } = reference;
  const names = (of: readonly EstimatorMeasurement[]): string => of.map(({ name }) => name).join(", ");
  const smooth = measured.filter((one) => one.smoothedBy !== undefined);
  if (smoothedBy !== undefined) {
    const sharp = measured.filter((one) => one.smoothedBy === undefined);
    return sharp.length === 0
      ? []
      : [
          `The reference is the gradient of the loss smoothed by sigma ${smoothedBy}; ${names(sharp)} estimate that of the ` +
            "loss itself: their bias holds what smoothing takes away.",
        ];
  }
  if (smooth.length === 0) return [];
  const size = vectorNorm(gradient);
  const extent =
    smoothed === undefined || size === 0
      ? ""
      : ` Measured by full ES (${smoothed.trajectories} trajectories): smoothing alone moves the gradient by ` +
        `${twoDigits((100 * smoothed.distance) / size)} ± ${twoDigits((100 * smoothed.standardError) / size)} % of its length.`;
  return [
    `The reference is the gradient of the loss itself; ${names(smooth)} estimate that of the loss smoothed by sigma ` +
      `${smooth[0]!.smoothedBy}: their bias includes the smoothing.${extent}`,
  ];
}

function pageOf(name: string, comparison: Comparison): SectionedPage {
  const { reference, horizon, truncation, byTruncation, failed, isDeterministic } = comparison;
  return {
    title: `${name}: estimators compared`,
    summary: `Bias, variance and cost at fixed theta, over whole trajectories of ${horizon} steps with common random numbers.`,
    facts: [
      ["Reference", reference.description],
      ["Length of the gradient", lengthOf(comparison)],
      ["Truncation", String(truncation)],
      ["Trajectories", isDeterministic ? "all the same" : "differ by their keys"],
    ],
    sections: [
      {
        title: "At the experiment's truncation",
        text: [legend, ...remarks(comparison)],
        tables: [{ columns, rows: comparison.estimators.map((one) => row(one, comparison)) }],
        figures: compareFigures(comparison),
      },
      ...(byTruncation.length === 0
        ? []
        : [
            {
              title: "At other truncations",
              text: ["Each but those of the experiment's own truncation with a quarter of the inner steps."],
              tables: [
                {
                  columns: ["truncation", ...columns],
                  rows: byTruncation.map((one) => [one.truncation, ...row(one, comparison)]),
                },
              ],
            },
          ]),
      ...(failed.length === 0
        ? []
        : [
            {
              title: "Not measured",
              tables: [
                {
                  columns: ["estimator", "truncation", "why"],
                  rows: failed.map((one) => [one.name, one.truncation, one.error]),
                },
              ],
            },
          ]),
    ],
  };
}
