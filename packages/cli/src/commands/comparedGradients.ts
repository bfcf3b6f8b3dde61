/** Gradients compared, in words, as plain data and as sections of a page. */
import { type Comparison, type EstimatorMeasurement, byLeaf, heavyTailWords, vectorNorm } from "unspool";
import { type PageSection, compareFigures } from "@unspool/report";
import { formatBytes, formatTable, wrapText } from "@unspool/report/format";

/** Gradients as flat arrays by the path of their leaf. */
export function plainComparison(comparison: Comparison): Record<string, unknown> {
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
    variances: byLeaf(comparison, one.variances),
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

/** What a terminal shows. */
export function comparisonLines(comparison: Comparison): string[] {
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

export function lengthOf({ reference, horizon }: Comparison): string {
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

/** At the experiment's truncation, at others, and what could not be measured. */
export function comparisonSections(comparison: Comparison): PageSection[] {
  const { byTruncation, failed } = comparison;
  return [
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
  ];
}
