/** The tasks on which the optimizer is trained and judged, and what rivals are tuned over on each. */
import { type TaskFamily, imageClassification, quadratics, rosenbrock, twoMoons } from "unspool";
import { loadMnist } from "../shared/data/mnist.ts";
import type { BaselineGrid } from "./tunedBaselines.ts";

export interface TaskChoice {
  task: "quadratic" | "rosenbrock" | "two-moons" | "mnist";
  smallestCurvature: number;
  points: number;
  noise: number;
  hidden: readonly number[];
  pool: number;
  channels: readonly number[];
}

/** Of learning rates and momenta that the optimizers of the field are tuned over, and the scale of learned steps. */
export interface TaskSetting {
  family: TaskFamily;
  grid: BaselineGrid;
  outputScale: number;
  /** What brings gradients near 1, where a cell is neither blind nor saturated. */
  inputScale: number;
  curvatures?: readonly [number, number];
}

const rates = (low: number, high: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => 10 ** (low + ((high - low) * i) / (count - 1)));

/** What is trained, by the experiment's config. */
export function taskSetting(settings: TaskChoice): TaskSetting {
  const { task, smallestCurvature, points, noise, hidden, pool, channels } = settings;
  if (task === "quadratic") {
    const curvatures = [smallestCurvature, 1] as const;
    const momenta = [0, 0.3, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9];
    const grid = { learningRates: rates(-1, 0.6, 17), momenta };
    return {
      family: quadratics({ curvatures }) as TaskFamily,
      grid,
      outputScale: 1,
      inputScale: 1,
      curvatures,
    };
  }
  if (task === "rosenbrock") {
    const grid = { learningRates: rates(-5, 0, 16), momenta: [0, 0.5, 0.8, 0.9] };
    return { family: rosenbrock() as TaskFamily, grid, outputScale: 0.1, inputScale: 0.01 };
  }
  if (task === "mnist") {
    const grid = { learningRates: rates(-3, 0, 7), momenta: [0.5, 0.9] };
    const family = imageClassification({ data: loadMnist(pool).train, classes: 10, channels });
    return { family: family as TaskFamily, grid, outputScale: 0.1, inputScale: 10 };
  }
  const grid = { learningRates: rates(-2, 1, 7), momenta: [0.5, 0.9] };
  return {
    family: twoMoons({ points, noise, hidden }) as TaskFamily,
    grid,
    outputScale: 0.1,
    inputScale: 10,
  };
}
