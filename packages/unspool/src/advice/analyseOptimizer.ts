/**
 * A learned optimizer taken apart: which known mechanisms it has found. Maheswaranathan, Sussillo, Metz, Sun and
 * Sohl-Dickstein, "Reverse engineering learned optimizers reveals known and novel mechanisms", NeurIPS 2021.
 *
 *  1. momentum: slow modes of the state near its fixed point at zero gradient,
 *  2. clipping: saturation of the update function over the gradients that were met,
 *  3. a schedule of learning rates: the way of the state under zero gradients,
 *  4. adaptation: slopes of the update function where steady gradients hold the state.
 */
import { type Key, random } from "../array/index.ts";
import {
  type AutonomousPath,
  type FixedPoints,
  type InputFixedPoints,
  type Linearization,
  type Modes,
  type NearestMomentum,
  type OptimalMomentum,
  type PrincipalComponents,
  autonomous,
  componentSystem,
  fixedPoints,
  inputFixedPoints,
  linearize,
  modes,
  nearestMomentum,
  optimalMomentum,
  pca,
  saturation,
  updateFunction,
} from "../diagnostics/index.ts";
import { requireInteger, requireKnownOptions } from "../errors.ts";
import { type CollectedStates, collectStates } from "../problems/index.ts";
import type { LearnedSubject } from "../train/index.ts";

export interface AnalyseOptimizerOptions {
  /** Source of the tasks. Default `random.key(0)`. */
  key?: Key;
  /** Training runs whose states and gradients are looked at. Default 16. */
  tasks?: number;
  /** States from which fixed points are sought. Default 32. */
  seeds?: number;
  /**
   * Half the width of differences that stand for slopes at g = 0. Default: none for optimizers that are smooth there,
   * the median size of the gradients for an input of "log1p".
   */
  width?: number;
}

/** Curves over a grid of gradients. */
export interface OverGradients {
  gradients: Float64Array;
  values: Float64Array;
}

export interface OptimizerAnalysis {
  name: string;
  /** Numbers of state per parameter. */
  size: number;
  /** Sizes of the gradients that were met: the smallest with 50, 90, 99 and 99.9 % of them at most as large. */
  gradientQuantiles: Record<"p50" | "p90" | "p99" | "p999", number>;
  /** Sizes of all those gradients, rising; at most some thousands. */
  gradientSizes: Float64Array;
  /** Of the states that were met; some of them are `visited`. */
  components: PrincipalComponents;
  visited: Float64Array[];
  /** Of the state at zero gradient, from visited states. */
  rest: FixedPoints;
  /** At the best of them, or at the slowest point where there is none. */
  linear: Linearization;
  modes: Modes;
  /** The classical momentum whose response is nearest to that of all modes. */
  nearest: NearestMomentum;
  optimum: OptimalMomentum | undefined;
  /** Update functions at the start of the state, and at points along the mode with the largest learning rate. */
  update: OverGradients;
  updatesAlongMode: { shift: number; values: Float64Array }[];
  /** S over sizes of gradients, at the start. */
  saturation: OverGradients;
  autonomous: AutonomousPath;
  adaptation: InputFixedPoints;
}

const mostSizes = 4096;
const shownStates = 400;

/** Cost: the training runs, and some thousand steps and derivatives of one parameter's state. */
export function analyseOptimizer<Meta>(
  { optimizer, family, horizon, curvatures }: LearnedSubject<Meta>,
  meta: Meta,
  options: AnalyseOptimizerOptions = {},
): OptimizerAnalysis {
  requireKnownOptions("analyseOptimizer", options, ["key", "tasks", "seeds", "width"]);
  const { key = random.key(0), tasks = 16, seeds = 32 } = options;
  requireInteger("analyseOptimizer", "seeds", seeds, 1);
  const system = componentSystem(optimizer, meta);
  const collected = collectStates(optimizer, meta, family, { key, tasks, steps: horizon });
  const sizes = sortedSizes(collected);
  const quantile = (share: number): number => sizes[Math.floor(share * (sizes.length - 1))]!;
  const width = options.width ?? (system.isSmooth === false ? quantile(0.5) : undefined);
  const slope = width === undefined ? {} : { width };

  const states = statesOf(collected, system.size);
  const rest = fixedPoints(system, [system.start, ...spread(states, seeds - 1)]);
  const best = rest.distinct[0] ?? rest.points.toSorted((a, b) => a.speed - b.speed)[0]!;
  const linear = linearize(system, best.state, slope);
  const taken = modes(linear);
  const reach = Math.max(quantile(0.999), Number.MIN_VALUE);
  const lines = Float64Array.from({ length: 161 }, (_, i) => (reach * (i - 80)) / 80);
  const logSizes = Float64Array.from({ length: 81 }, (_, i) => reach * 10 ** (-3 + i / 20));
  return {
    name: optimizer.name,
    size: system.size,
    gradientQuantiles: { p50: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99), p999: quantile(0.999) },
    gradientSizes: Float64Array.from(spread([...sizes], mostSizes)),
    components: pca(states),
    visited: spread(states, shownStates),
    rest,
    linear,
    modes: taken,
    nearest: nearestMomentum(taken, horizon),
    optimum: curvatures && optimalMomentum(...curvatures),
    update: { gradients: lines, values: updateFunction(system, system.start, lines) },
    updatesAlongMode: alongMode(taken, best.state).map(({ shift, state }) => ({
      shift,
      values: updateFunction(system, state, lines),
    })),
    saturation: { gradients: logSizes, values: saturation(system, system.start, logSizes, slope) },
    autonomous: autonomous(system, { steps: horizon, ...slope }),
    adaptation: inputFixedPoints(system, steadyGradients(reach), { seed: best.state, ...slope }),
  };
}

/** Shifts of the state along the mode with the largest learning rate: the real part of its eigenvector. */
function alongMode(
  { modes: all, right }: Modes,
  rest: Float64Array,
): { shift: number; state: Float64Array }[] {
  const n = rest.length;
  const sizes = all.map(({ learningRate }) => Math.abs(learningRate.re));
  const column = sizes.indexOf(Math.max(...sizes));
  return [-0.6, -0.4, -0.2, 0, 0.2, 0.4, 0.6].map((shift) => ({
    shift,
    state: rest.map((x, i) => x + shift * right.re[i * n + column]!),
  }));
}

/** Both signs, from a thousandth of the reach to three times it, and 0. */
function steadyGradients(reach: number): Float64Array {
  const side = Array.from({ length: 22 }, (_, i) => 3 * reach * 10 ** (-3.5 + i / 6));
  return Float64Array.from([...side.toReversed().map((g) => -g), 0, ...side]);
}

function sortedSizes({ gradients }: CollectedStates): Float64Array {
  return Float64Array.from(gradients.data, Math.abs).filter(Number.isFinite).sort();
}

/** At most `mostSizes` of the states, evenly spread. */
function statesOf({ states }: CollectedStates, size: number): Float64Array[] {
  const count = states.size / size;
  const indices = spread(
    Array.from({ length: count }, (_, i) => i),
    mostSizes,
  );
  return indices
    .map((i) => Float64Array.from(states.data.subarray(i * size, (i + 1) * size)))
    .filter((state) => state.every(Number.isFinite));
}

/** At most `most` items, evenly spaced. */
function spread<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)]!);
}
