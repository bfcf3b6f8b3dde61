/** The papers' figures as named, runnable experiments: one line each. */
import type { Experiment } from "unspool";
import { diskPacking } from "./diskPacking.ts";
import { doublePendulum } from "./doublePendulum.ts";
import { influenceBalancing } from "./influenceBalancing.ts";
import { logisticMap } from "./logisticMap.ts";
import { lookaheadQuadratic } from "./lookaheadQuadratic.ts";
import { lorenzIdentification } from "./lorenzIdentification.ts";
import { mnistSchedule } from "./mnistSchedule.ts";
import { recurrentNetwork } from "./recurrentNetwork.ts";
import { swimmer } from "./swimmer.ts";
import { tinyLearnedOptimizer } from "./tinyLearnedOptimizer.ts";
import { toyRegression } from "./toyRegression.ts";

export const experiments: readonly Experiment[] = [
  influenceBalancing,
  toyRegression,
  mnistSchedule,
  lookaheadQuadratic,
  swimmer,
  lorenzIdentification,
  logisticMap,
  recurrentNetwork,
  doublePendulum,
  diskPacking,
  tinyLearnedOptimizer,
] as readonly Experiment[];

export {
  diskPacking,
  doublePendulum,
  influenceBalancing,
  logisticMap,
  lookaheadQuadratic,
  lorenzIdentification,
  mnistSchedule,
  recurrentNetwork,
  swimmer,
  tinyLearnedOptimizer,
  toyRegression,
};
export { problemExperiment } from "./problemExperiment.ts";
export { loadMnist } from "./data/mnist.ts";
export type { Mnist } from "./data/mnist.ts";
