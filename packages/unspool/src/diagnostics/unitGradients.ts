/**
 * What each unit of an estimator (a pair, a task) contributes to the gradient of one whole trajectory at fixed
 * theta: as many independent estimates from one run of the program as it has units. The windows follow each other in
 * one call, and each unit adds up its own contributions.
 */
import { type Key, type Tensor, np, random, tree } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../errors.ts";
import { type GradientEstimator, type Recurrence, windowsRunner } from "../estimators/index.ts";
import type { OuterProgram } from "../unroll/index.ts";

export interface UnitGradientOptions {
  /** Of the trajectory. */
  key: Key;
  /** Estimates that make up a trajectory. */
  windows: number;
}

/** Estimates of the gradient by single units. */
export interface UnitGradients {
  units: number;
  /** Numbers in theta, P. */
  size: number;
  /** Sum over windows, unit by unit [units, P]. */
  total: Float64Array;
  /** Mean over units of the squared length of the estimate of each window. */
  windowSquares: number[];
}

/**
 * Runs `windows` estimates at fixed theta. The estimator must have a `recurrence` on an executor that runs several windows in
 * a call (the compiled one), as all but those of reverse mode have, or say of each pair what it contributes: it is then made
 * with `keepsPairs: true`, and windows are estimated one by one (PES-Analytic).
 *
 * @example
 * const estimator = pes(problem, { truncation: 10, pairs: 1000 });
 * const { value, error } = totalVariance(unitGradients(estimator, theta, { key, windows: 10 }));
 */
export function unitGradients<Theta>(
  estimator: GradientEstimator<Theta>,
  theta: Theta,
  options: UnitGradientOptions,
): UnitGradients {
  requireKnownOptions("unitGradients", options, ["key", "windows"]);
  const { key, windows } = options;
  requireInteger("unitGradients", "windows", windows, 1);
  const { recurrence } = estimator;
  const run = windowsRunner(recurrence);
  if (recurrence === undefined || run === undefined) return oneByOne(estimator, theta, options);
  const inner = recurrence.units(estimator.init(theta, random.foldIn(key, "init")));
  const count = tree.leaves(inner)[0]!.shape[0]!;
  const zeros = (leaf: Tensor) => np.zeros([count, ...leaf.shape], { dtype: "float64" });
  let units: Summed = { inner, total: tree.map(zeros, theta) };
  let outer: Outer = { theta, key, window: tree.scalar(0, "int32") };
  const program = summing(recurrence);
  const windowSquares: number[] = [];
  while (windowSquares.length < windows) {
    const result = run(program, outer, units, windows - windowSquares.length);
    ({ outer, units } = result);
    windowSquares.push(...result.record.square.data);
  }
  const size = tree.size(theta);
  return { units: count, size, total: byUnit(tree.leaves(units.total), count, size), windowSquares };
}

/** The same from what estimates say of their pairs. */
function oneByOne<Theta>(
  estimator: GradientEstimator<Theta>,
  theta: Theta,
  { key, windows }: UnitGradientOptions,
): UnitGradients {
  const size = tree.size(theta);
  const windowSquares: number[] = [];
  let total = new Float64Array(0);
  let units = 0;
  let state = estimator.init(theta, random.foldIn(key, "init"));
  for (let window = 0; window < windows; window++) {
    const estimate = estimator.estimate(theta, state, random.foldIn(key, window));
    state = estimate.state;
    const rows = pairRows(estimator.name, estimate.info, size);
    if (window === 0) total = new Float64Array(rows.length);
    units = rows.length / size;
    let square = 0;
    rows.forEach((value, i) => {
      total[i]! += value;
      square += value * value;
    });
    windowSquares.push(square / units);
  }
  return { units, size, total, windowSquares };
}

/** Gradients of the pairs of an estimate, [pairs, P]. */
function pairRows(name: string, info: object | undefined, size: number): Float64Array {
  if (info === undefined || !("gradients" in info)) {
    throw new OptionError(
      "unitGradients",
      "estimator",
      name,
      "one with a recurrence, on the compiled executor, or one of pairs that is made with keepsPairs: true",
    );
  }
  const leaves = tree.leaves(info.gradients);
  return byUnit(leaves, leaves.reduce((sum, leaf) => sum + leaf.size, 0) / size, size);
}

interface Outer {
  theta: unknown;
  key: Key;
  /** int32 scalar: estimates made. */
  window: Tensor;
}

/** A unit of the estimator, and the sum of what it has contributed (float64, theta's shapes). */
interface Summed {
  inner: unknown;
  total: unknown;
}

type Mean = { gradient: unknown };
type SummingProgram = OuterProgram<Outer, unknown, Summed, { square: Tensor }, { square: Tensor }>;

function summing(recurrence: Recurrence): SummingProgram {
  const { window, restart, settle } = recurrence as Recurrence<unknown, unknown, Mean>;
  const around = (change: NonNullable<Recurrence["restart"]>) => ({
    when: ({ inner }: Summed) => change.when(inner),
    apply: (shared: unknown, { inner, total }: Summed) => ({ inner: change.apply(shared, inner), total }),
  });
  return {
    window: {
      ...window,
      sameForAll: (window.sameForAll ?? []).map((path) => `inner.${path}`),
      begin: (shared, { inner }) => window.begin(shared, inner),
      finish(shared, { inner, total }, members, kept) {
        const { unit, mean } = window.finish(shared, inner, members, kept);
        const added = tree.map((sum: Tensor, part: Tensor) => sum.add(part), total, mean.gradient);
        const squares = tree.leaves(mean.gradient).map((part) => part.mul(part).sum());
        const square = squares.reduce((sum, part) => sum.add(part));
        return { unit: { inner: unit, total: added }, mean: { square }, each: {} };
      },
    },
    ...(restart && { restart: around(restart) }),
    ...(settle && { settle: around(settle) }),
    share: ({ theta, key, window: number }) => recurrence.share(theta, random.foldIn(key, number), number),
    update: (outer, { square }) => ({
      outer: { ...outer, window: outer.window.add(1) },
      record: { square },
    }),
  };
}

/** Leaves [units, …] side by side: [units, P]. */
function byUnit(leaves: readonly Tensor[], units: number, size: number): Float64Array {
  const rows = new Float64Array(units * size);
  let offset = 0;
  for (const { data, size: all } of leaves) {
    const width = all / units;
    for (let unit = 0; unit < units; unit++) {
      rows.set(data.slice(unit * width, (unit + 1) * width), unit * size + offset);
    }
    offset += width;
  }
  return rows;
}

export interface MeasuredVariance {
  /** Trace of the covariance of a unit's estimate. */
  value: number;
  /** Its standard error. */
  error: number;
  /** Variances of the coordinates, [P]: their sum is `value`. */
  variances: Float64Array;
  /** Mean over units, [P]. */
  mean: Float64Array;
}

/** The total variance of the estimates of single units. */
export function totalVariance({ units, size, total }: UnitGradients): MeasuredVariance {
  requireInteger("totalVariance", "units", units, 2);
  const mean = new Float64Array(size);
  for (let i = 0; i < total.length; i++) mean[i % size]! += total[i]! / units;
  const squares = new Float64Array(units);
  const variances = new Float64Array(size);
  for (let i = 0; i < total.length; i++) {
    const square = (total[i]! - mean[i % size]!) ** 2;
    squares[Math.floor(i / size)]! += square;
    variances[i % size]! += square / (units - 1);
  }
  const sum = squares.reduce((all, square) => all + square, 0);
  const spread = squares.reduce((all, square) => all + (square - sum / units) ** 2, 0);
  return { value: sum / (units - 1), error: Math.sqrt(spread / (units - 1) / units), variances, mean };
}
