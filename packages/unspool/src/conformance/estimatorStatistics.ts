/** Checks of an estimator's mean and variance against closed forms. */
import { ConformanceError, type FieldCheck } from "./check.ts";
import { total } from "./derivatives.ts";
import { type CheckedSubject, createFor, stepsPerEstimate, vector } from "./estimatorSubject.ts";
import { type Sample, requireMeans, requireVariance, sample } from "./sampling.ts";
import { type AnalyticTask, noisySystem, planarSystem, proportionalSystem, scalarSystem } from "./tasks.ts";
import type { ResetPolicy } from "../unroll/index.ts";

/** Of the largest expected number: what rounding and finite differences of losses cost in each dtype. */
const rounding = { float64: 1e-7, float32: 1e-3 } as const;

export function statisticalChecks(subject: CheckedSubject): FieldCheck[] {
  const fields = ["expectation", "objective"];
  const { name, limit, replicates, particles, seed } = subject;
  const float64 = { limit, relative: rounding.float64 };
  const samples = new Map<AnalyticTask, Sample>();
  const sampleOf = (task: AnalyticTask): Sample => {
    const kept = samples.get(task) ?? sampleTask(subject, task, replicates);
    samples.set(task, kept);
    return kept;
  };
  const means = [scalarSystem, planarSystem, noisySystem].map((task) => ({
    name: `the mean is the closed form on ${task.name}`,
    fields,
    run: () => requireTaskMeans(subject, task, sampleOf(task), float64),
  }));
  const variances = [scalarSystem, planarSystem].map((task) => ({
    name: `the variance is as predicted on ${task.name}`,
    fields: ["variance"],
    run: () => {
      const { gradients } = sampleOf(task);
      const predicted = subject.variance!(derivativesOf(subject, task)) / particles;
      requireVariance(`${name} on ${task.name}`, gradients.map(total), predicted, limit);
    },
  }));
  return [
    ...means,
    ...(subject.variance === undefined ? [] : variances),
    {
      name: "the mean is the closed form in float32",
      fields,
      run: () => {
        const few = sampleTask(subject, scalarSystem, Math.min(replicates, 32), "float32");
        requireTaskMeans(subject, scalarSystem, few, { limit, relative: rounding.float32 });
      },
    },
    ...subject.resets.map((resets) => ({
      name: `the mean stays right with resets ${typeof resets === "string" ? resets : "of random length"}`,
      fields: ["resets", "expectation"],
      run: () =>
        typeof resets === "string"
          ? requirePeriodMean(subject, resets, float64)
          : requireProportional(subject, resets, seed, float64),
    })),
  ];
}

/** Starting many clocks costs more than stepping them. */
const ofResets = { particles: 30 } as const;

const resetReplicates = ({ replicates }: CheckedSubject): number => Math.ceil(replicates / 2);

interface Tolerance {
  limit: number;
  relative: number;
}

function derivativesOf({ objective, isWhole }: CheckedSubject, task: AnalyticTask) {
  return task.derivatives(isWhole ? task.horizon : task.truncation, objective);
}

function windowsOf(subject: CheckedSubject, { horizon, truncation }: AnalyticTask): number {
  return horizon / stepsPerEstimate(subject, horizon, truncation);
}

function sampleTask(
  subject: CheckedSubject,
  task: AnalyticTask,
  replicates: number,
  dtype: "float32" | "float64" = "float64",
): Sample {
  const { particles, seed } = subject;
  const estimator = createFor(subject, task.problem, { truncation: task.truncation, particles });
  return sample(estimator, vector(task.theta, dtype), {
    replicates,
    windows: windowsOf(subject, task),
    seed,
  });
}

/** Every window, and their sum: errors of windows can be too small to see one by one. */
function requireTaskMeans(
  subject: CheckedSubject,
  task: AnalyticTask,
  { gradients }: Sample,
  allowed: Tolerance,
) {
  const expected = subject.expectation(derivativesOf(subject, task));
  const where = `${subject.name} on ${task.name}`;
  expected.forEach((exact, w) =>
    requireMeans(
      where,
      `the gradient of window ${w + 1}`,
      gradients.map((rows) => rows[w]!),
      exact,
      allowed,
    ),
  );
  requireMeans(where, "the summed gradient", gradients.map(total), total(expected), allowed);
}

/**
 * Once every unit has finished its first trajectory, horizon / truncation windows are one whole trajectory of each
 * of them, wherever it starts.
 */
function requirePeriodMean(subject: CheckedSubject, resets: ResetPolicy & string, allowed: Tolerance): void {
  const { seed, name } = subject;
  const task = scalarSystem;
  const windows = windowsOf(subject, task);
  const estimator = createFor(subject, task.problem, { truncation: task.truncation, ...ofResets, resets });
  const options = { replicates: resetReplicates(subject), windows, burnIn: windows, seed: seed + 1 };
  const { gradients } = sample(estimator, vector(task.theta), options);
  const expected = total(subject.expectation(derivativesOf(subject, task)));
  requireMeans(
    `${name} with resets "${resets}"`,
    "the gradient of a period",
    gradients.map(total),
    expected,
    allowed,
  );
}

/** Where losses are linear in theta, theta · gradient is the loss, whichever steps a window has. */
function requireProportional(
  subject: CheckedSubject,
  resets: ResetPolicy,
  seed: number,
  allowed: Tolerance,
): void {
  if (!subject.isUnbiased || subject.objective !== "sum") return;
  const { name } = subject;
  const { problem, theta, truncation } = proportionalSystem;
  const estimator = createFor(subject, problem, { truncation, ...ofResets, resets });
  const options = { replicates: resetReplicates(subject), windows: 6, seed: seed + 2 };
  const { gradients, losses } = sample(estimator, vector(theta), options);
  const excess = gradients.map((rows, r) =>
    rows.map((row, w) => row[0]! * theta[0]! + row[1]! * theta[1]! - losses[r]![w]!),
  );
  const size = Math.max(...losses.flat());
  if (!(size > 0)) throw new ConformanceError(name, `the losses on ${problem.name} are at most ${size}.`);
  const where = `${name} with resets of random length`;
  const relative = excess.map((row) => [...row.map((x) => x / size), row.reduce((a, b) => a + b, 0) / size]);
  requireMeans(
    where,
    "(theta · gradient - loss) / loss by window, and summed",
    relative,
    Array.from({ length: 7 }, () => 0),
    allowed,
  );
}
