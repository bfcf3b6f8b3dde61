/** Training runs on one task by each of several candidates of one learned optimizer in turn, from the same seeds. */
import {
  type Experiment,
  type LearnedOptimizer,
  type Problem,
  defineExperiment,
  metaTraining,
  random,
} from "unspool";
import { z } from "zod";
import { oneAfterAnother, stacked } from "../shared/oneAfterAnother.ts";
import { unrolling, unrollingSteps } from "../shared/unrolling.ts";
import type { JudgedTask } from "./judgedTask.ts";

const config = z.strictObject({
  runs: z.int().min(2).default(5).describe("training runs of each candidate, from seeds of their own"),
});

/** A learned optimizer, and the parameters of it that are tried. */
export interface TaskCandidates {
  learned: LearnedOptimizer;
  metas: readonly unknown[];
}

/** About so many outer steps per candidate. */
const windows = 20;

/** Theta are the candidates' parameters [candidates, …]; the metric `rate` is the index of the one of the step. */
export function taskRuns({ horizon, family }: JudgedTask, candidates: () => TaskCandidates): Experiment {
  return defineExperiment<z.infer<typeof config>>({
    name: "task-runs",
    summary: "training runs on a task by candidates of one optimizer",
    config,
    setup({ runs }, key) {
      const { learned, metas } = candidates();
      const problem = metaTraining(learned, family(), { horizon }) as Problem;
      const window = Math.max(1, Math.ceil(horizon / windows));
      const options = { key: random.foldIn(key, "evaluation"), particles: runs, window };
      return {
        theta: stacked(metas),
        method: oneAfterAnother(
          metas.map(() => unrolling(problem, options)),
          horizon,
        ),
        steps: metas.length * unrollingSteps(problem, undefined, window),
      };
    },
  });
}
