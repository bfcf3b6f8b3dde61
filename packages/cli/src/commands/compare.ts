/** `unspool compare`: bias, variance and cost of estimators on the inner problem of an experiment, at fixed theta. */
import {
  type Comparison,
  type EstimatorMeasurement,
  byLeaf,
  compareEstimators,
  estimators,
  random,
  vectorNorm,
  tree,
} from "unspool";
import { configureExecutor } from "unspool/unroll";
import { type CommandLine, choiceOption, integerOption, textOption } from "../commandLine/parse.ts";
import { exitCodes } from "../failure.ts";
import { formatBytes, formatTable } from "../output/format.ts";
import type { Reporter } from "../output/reporter.ts";
import { compareFigures } from "../report/compareFigures.ts";
import { type Study, writeStudy } from "../report/study.ts";
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
  configureExecutor(engineSettings(line));
  const { experiment, parsed } = await preparedExperiment(line);
  const key = random.key(seed);
  const { theta, inner } = await setupWithInner(experiment, parsed, key);
  const comparison = compareEstimators(inner.problem, theta as never, {
    estimators: names ?? suitable(inner.problem.isDifferentiable, tree.size(theta)),
    options: inner.options,
    innerSteps: budget,
    horizon,
    truncations,
    reference,
    exactGradient: inner.exactGradient as never,
    key: random.foldIn(key, "compare"),
    onProgress: (what) => reporter.preparing(what),
  });
  const path = textOption(line, "out") ?? `runs/compare-${experiment.name}.html`;
  const report = await writeStudy(path, study(experiment.name, comparison));
  reporter.answer([...lines(comparison), "", `report  ${report}`], {
    ...plainComparison(comparison),
    experiment: experiment.name,
    config: parsed,
    seed,
    report,
  });
  return exitCodes.done;
}

/** These push one tangent per number of theta: for a large theta they run only if they are named. */
const pushers = new Set(["rtrl", "mixture"]);
const largestForPushers = 64;

/** Every estimator of the loss of all steps that the problem allows and that ends soon. */
function suitable(isDifferentiable: boolean, thetaSize: number): string[] {
  return estimators
    .filter(({ name, kind }) => name !== "telescopingPes" && (isDifferentiable || kind === "es"))
    .filter(({ name }) => thetaSize <= largestForPushers || !pushers.has(name))
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
    mse: one.meanSquaredError,
    mseAtEqualCost: one.errorAtEqualCost,
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
  "bias/|g|",
  "± std. error",
  "z",
  "std. dev./|g|",
  "MSE at equal cost",
  "cosine",
  "inner steps",
  "ns/step",
  "memory",
] as const;

function row(one: EstimatorMeasurement, { reference }: Comparison): (string | number)[] {
  const size = vectorNorm(reference.gradient);
  const share = (value: number): number => value / size;
  return [
    one.name,
    share(vectorNorm(one.bias)),
    share(vectorNorm(one.standardError)),
    Number(one.z.toPrecision(3)),
    share(Math.sqrt(one.variance)),
    one.errorAtEqualCost,
    Number(one.cosine.toFixed(4)),
    one.innerSteps,
    Number(((one.seconds * 1e9) / one.innerSteps).toPrecision(3)),
    one.bytes === undefined ? "" : formatBytes(one.bytes),
  ];
}

function lines(comparison: Comparison): string[] {
  const { reference, horizon, truncation, failed } = comparison;
  return [
    `reference  ${reference.description}`,
    `           |g| = ${vectorNorm(reference.gradient).toPrecision(5)} ± ${vectorNorm(reference.standardError).toPrecision(2)}, ${reference.trajectories} trajectories of ${horizon} steps`,
    "",
    `Truncation ${truncation}; z is the bias in standard errors, of the coordinate where it is largest.`,
    ...formatTable(
      columns,
      comparison.estimators.map((one) => row(one, comparison)),
    ),
    ...verdicts(comparison),
    ...failed.map(({ name, truncation: at, error }) => `${name} (truncation ${at}): ${error}`),
  ];
}

/** What a reader must not miss. */
function verdicts({ estimators: measured }: Comparison): string[] {
  const wrong = measured.filter(({ cosine, z }) => cosine < 0 && Math.abs(z) > 5).map(({ name }) => name);
  return wrong.length === 0 ? [] : ["", `Points away from the gradient: ${wrong.join(", ")}.`];
}

function study(name: string, comparison: Comparison): Study {
  const { reference, horizon, truncation, byTruncation, failed, isDeterministic } = comparison;
  return {
    title: `${name}: estimators compared`,
    summary: `Bias, variance and cost at fixed theta, over whole trajectories of ${horizon} steps with common random numbers.`,
    facts: [
      ["Reference", reference.description],
      ["Length of the gradient", vectorNorm(reference.gradient).toPrecision(5)],
      ["Truncation", String(truncation)],
      ["Trajectories", isDeterministic ? "all the same" : "differ by their keys"],
    ],
    sections: [
      {
        title: "At the experiment's truncation",
        text: [
          "z is the bias in standard errors, of the coordinate where it is largest.",
          ...verdicts(comparison),
        ],
        tables: [{ columns, rows: comparison.estimators.map((one) => row(one, comparison)) }],
        figures: compareFigures(comparison),
      },
      ...(byTruncation.length === 0
        ? []
        : [
            {
              title: "At other truncations",
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
