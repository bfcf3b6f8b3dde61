/** The papers' figures as named, runnable experiments: one line each. */
import type { Experiment } from "unspool";
import { influenceBalancing } from "./influenceBalancing.ts";
import { lookaheadQuadratic } from "./lookaheadQuadratic.ts";
import { mnistMixed } from "./mnistMixed.ts";
import { mnistSchedule } from "./mnistSchedule.ts";
import { ridgeCoefficient } from "./ridgeCoefficient.ts";
import { swimmer } from "./swimmer.ts";
import { toyRegression } from "./toyRegression.ts";

export const experiments: readonly Experiment[] = [
  influenceBalancing,
  toyRegression,
  mnistSchedule,
  mnistMixed,
  ridgeCoefficient,
  lookaheadQuadratic,
  swimmer,
] as readonly Experiment[];

export {
  influenceBalancing,
  lookaheadQuadratic,
  mnistMixed,
  mnistSchedule,
  ridgeCoefficient,
  swimmer,
  toyRegression,
};
export { problemExperiment } from "./problemExperiment.ts";
export { loadMnist } from "./data/mnist.ts";
export type { Mnist } from "./data/mnist.ts";
