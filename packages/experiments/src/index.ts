/** The papers' figures as named, runnable experiments: one line each. */
import type { Experiment } from "unspool";
import { copyTask } from "./copyTask.ts";
import { influenceBalancing } from "./influenceBalancing.ts";
import { lookaheadQuadratic } from "./lookaheadQuadratic.ts";
import { mnistSchedule } from "./mnistSchedule.ts";
import { pesVariance } from "./pesVariance.ts";
import { swimmer } from "./swimmer.ts";
import { toyRegression } from "./toyRegression.ts";

export const experiments: readonly Experiment[] = [
  influenceBalancing,
  toyRegression,
  mnistSchedule,
  pesVariance,
  copyTask,
  lookaheadQuadratic,
  swimmer,
] as readonly Experiment[];

export { problemExperiment } from "./problemExperiment.ts";
export {
  copyTask,
  influenceBalancing,
  lookaheadQuadratic,
  mnistSchedule,
  pesVariance,
  swimmer,
  toyRegression,
};
export { loadMnist } from "./data/mnist.ts";
export type { Mnist } from "./data/mnist.ts";
