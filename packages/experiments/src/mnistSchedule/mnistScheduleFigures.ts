/** The figures of the MNIST schedules: learning curves, schedules, and the loss surface with the path of theta. */
import {
  type Figure,
  type Measure,
  type RunRecord,
  type ScheduleTheta,
  type TrainingState,
  learningRate,
  np,
  random,
  unroll,
} from "unspool";
import { measureEach } from "../shared/measureInParts.ts";
import { grid, thin } from "../shared/series.ts";
import { type ScheduleProblem, finalLosses } from "./trainedNetworks.ts";

/** How an objective is drawn. */
export interface Drawn {
  /** In words. */
  label: string;
  /** Whether the finished network counts, or the mean over the steps. */
  isFinal: boolean;
  /** Accuracy is drawn instead of the error that is minimised. */
  isAccuracy: boolean;
}

export function curvesFigure(drawn: Drawn, untuned: number[], tuned: number[]): Figure {
  const x = untuned.map((_, t) => t + 1);
  const shown = (curve: number[]) => (drawn.isAccuracy ? curve.map((error) => 1 - error) : curve);
  const isTrainingLoss = drawn.label === "training loss" || drawn.isFinal;
  const what = isTrainingLoss ? "training loss" : drawn.label;
  return {
    id: "learning-curves",
    title: `${what[0]!.toUpperCase()}${what.slice(1)} of new networks`,
    caption:
      "On a fresh minibatch after each training step, mean over new seeds: the tuned schedule against the untuned one.",
    x: { label: "training step" },
    y: drawn.isAccuracy ? { label: drawn.label } : { label: "cross-entropy", scale: "log" },
    series: [
      { name: "untuned", x, y: shown(untuned) },
      { name: "tuned", x, y: shown(tuned) },
    ],
  };
}

export function schedulesFigure(initial: ScheduleTheta, theta: ScheduleTheta, horizon: number): Figure {
  const x = grid(0, horizon, Math.min(horizon + 1, 101)).map(Math.round);
  const rates = (schedule: ScheduleTheta) =>
    x.map((t) => learningRate(schedule, np.array(Int32Array.of(t)).reshape([]), horizon).item());
  return {
    id: "schedules",
    title: "Learning-rate schedules",
    caption: "What theta stands for: learning rate e^θ0 / (1 + t/T)^(e^θ1).",
    x: { label: "training step" },
    y: { label: "learning rate", scale: "log" },
    series: [
      { name: "untuned", x, y: rates(initial) },
      { name: "tuned", x, y: rates(theta) },
    ],
  };
}

const axes = { x: { label: "log initial learning rate θ0" }, y: { label: "log decay exponent θ1" } };
/** Drawn by every run, so that the surfaces of several can be compared; wider where a path leaves it. */
const least = { rate: [-6.5, 0.5], decay: [-2, 4] } as const;

interface Path {
  rate: number[];
  decay: number[];
}

function pathOf(run: RunRecord<ScheduleTheta>): Path {
  const points = thin(run.metrics, 400).map(({ theta }) => theta!);
  return {
    rate: [
      run.initialTheta.logLearningRate.item(),
      ...points.map(({ logLearningRate }) => logLearningRate![0]!),
    ],
    decay: [run.initialTheta.logDecay.item(), ...points.map(({ logDecay }) => logDecay![0]!)],
  };
}

/** Alone in its figure, so that a report of several runs draws their paths over each other. */
export function pathFigure(run: RunRecord<ScheduleTheta>): Figure {
  const { rate, decay } = pathOf(run);
  return {
    id: "path",
    title: "Path of theta",
    caption:
      "From the untuned schedule on. PES and NRES end in the valley of the surface; truncated ES, which sees a few steps at a time, goes on to ever faster decay.",
    ...axes,
    series: [{ name: "theta", x: rate, y: decay }],
  };
}

/** What guesses by chance cost, twice: losses beyond are drawn as this, or diverged runs would take all colours. */
const worst = 2 * Math.log(10);

/** The objective of whole training runs on a grid, mean over two seeds that all points share, and the path of theta. */
export async function surfaceFigure(
  problem: ScheduleProblem,
  drawn: Drawn,
  run: RunRecord<ScheduleTheta>,
  points: number,
  measure: Measure,
): Promise<Figure> {
  const path = pathOf(run);
  const around = ([low, high]: readonly [number, number], values: number[]) =>
    grid(Math.min(low, ...values), Math.max(high, ...values), points);
  const [x, y] = [around(least.rate, path.rate), around(least.decay, path.decay)];
  const rows = await measureEach(measure, "surface", y, (decay) =>
    surfaceRow(problem, drawn.isFinal, x, decay),
  );
  const values = rows.flat();
  const shown = values.map((value) => (Number.isFinite(value) ? Math.min(value, worst) : worst));
  const best = values.reduce((a, value, i) => (value < values[a]! ? i : a), 0);
  return {
    id: "surface",
    title: `Surface of the ${drawn.label}, and the path of theta`,
    caption:
      `${drawn.isFinal ? "After one whole training run" : "Mean over the steps of one whole training run"} at each point, ` +
      "over two seeds. The dot is the best point of the grid." +
      (drawn.isAccuracy ? "" : ` Losses above ${worst.toFixed(1)} are drawn as that.`) +
      " The heatmaps of PES (ICML 2021), section 5.1, and ES-Single (ICML 2023), Figures 7 and 8.",
    ...axes,
    series: [
      { name: "theta", x: path.rate, y: path.decay },
      {
        name: "best of the grid",
        kind: "dots",
        x: [x[best % points]!],
        y: [y[Math.floor(best / points)]!],
      },
    ],
    heatmap: drawn.isAccuracy
      ? { x, y, values: shown.map((error) => 1 - Math.min(error, 1)), label: drawn.label }
      : { x, y, values: shown, label: drawn.label, scale: "log" },
  };
}

/** Values over x. */
function surfaceRow(
  problem: ScheduleProblem,
  isFinal: boolean,
  x: readonly number[],
  decay: number,
): number[] {
  const thetas = {
    logLearningRate: np.array(Float32Array.from(x)),
    logDecay: np.array(Float32Array.from(x, () => decay)),
  };
  const seeds = [1, 2].map((seed) => {
    const key = random.key(seed);
    const { losses, state } = unroll(problem, thetas, { key, isThetaBatched: true, isCommon: true });
    return isFinal ? finalLosses(problem, state as TrainingState, key).data : losses.mean(0).data;
  });
  return Array.from(seeds[0]!, (first, i) => (first + seeds[1]![i]!) / 2);
}
