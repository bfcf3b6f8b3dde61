/** The papers' figures as named, runnable experiments: one line each. */
import type { Experiment } from "unspool";
import { influenceBalancing } from "./influenceBalancing.ts";
import { lookaheadQuadratic } from "./lookaheadQuadratic.ts";
import { metaGradientBandit } from "./metaGradientBandit.ts";
import { metaGradientExact } from "./metaGradientExact.ts";
import { metaGradientMaze } from "./metaGradientMaze.ts";
import { mnistSchedule } from "./mnistSchedule.ts";
import { swimmer } from "./swimmer.ts";
import { toyRegression } from "./toyRegression.ts";

export const experiments: readonly Experiment[] = [
  influenceBalancing,
  toyRegression,
  mnistSchedule,
  lookaheadQuadratic,
  swimmer,
  metaGradientBandit,
  metaGradientExact,
  metaGradientMaze,
] as readonly Experiment[];

export {
  influenceBalancing,
  lookaheadQuadratic,
  metaGradientBandit,
  metaGradientExact,
  metaGradientMaze,
  mnistSchedule,
  swimmer,
  toyRegression,
};
export { problemExperiment } from "./problemExperiment.ts";
export { loadMnist } from "./data/mnist.ts";
export type { Mnist } from "./data/mnist.ts";
