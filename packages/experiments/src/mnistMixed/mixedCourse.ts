/** The course of a tuning run and of random search, judged: the objective on new networks, a theta in each outer step. */
import { type Experiment, type MixedTheta, type StepRecord, defineExperiment, random } from "unspool";
import { z } from "zod";
import { eachPoint } from "../shared/eachPoint.ts";
import { metricOf } from "../shared/records.ts";
import { initialTheta, meanLoss, recordedTheta, searchThetas } from "./mixedThetas.ts";
import { mixedFields, mixedProblem } from "./mnistMixed.ts";
import { randomSearch, searchSteps, searchedTheta } from "./randomSearch.ts";

const { horizon, batchSize, hiddenLayers, maxWidth, evaluationRuns } = mixedFields;
const sizes = { horizon, batchSize, hiddenLayers, maxWidth };
const searchConfig = z.strictObject({ ...sizes, runs: z.int().min(1).default(1500) });

/** Random search for as many runs as the config says. */
export const mixedSearch: Experiment<unknown, MixedTheta> = defineExperiment<
  z.infer<typeof searchConfig>,
  MixedTheta
>({
  name: "mixed-search",
  summary: "random search for 29 hyperparameters",
  config: searchConfig,
  setup({ runs, ...own }, key) {
    const draw = (one: typeof key, count: number) => searchThetas(one, count, own.hiddenLayers);
    const searchKey = random.foldIn(key, "search");
    return {
      theta: searchedTheta(draw, searchKey, 0),
      method: randomSearch(mixedProblem(own), { key: searchKey, runs, draw }),
      steps: searchSteps(runs),
    };
  },
});

const courseConfig = z.strictObject({ ...sizes, evaluationRuns });

/** What is judged: the start of the run and the thetas of some of its records, or runs of the search by number. */
export type Course = { recorded: readonly StepRecord[] } | { searched: readonly number[] };

/** Theta is the last that is judged. The losses of the steps are what `valuesOf` reads. */
export function mixedCourse(course: Course): Experiment<unknown, MixedTheta> {
  return defineExperiment<z.infer<typeof courseConfig>, MixedTheta>({
    name: "mixed-course",
    summary: "the objective at thetas that were found",
    config: courseConfig,
    setup({ evaluationRuns: networks, ...own }, key) {
      const problem = mixedProblem(own);
      const thetas =
        "recorded" in course
          ? [
              initialTheta(random.foldIn(key, "initial theta"), own.hiddenLayers),
              ...course.recorded.map(({ theta }) => recordedTheta(theta!)),
            ]
          : course.searched.map((run) =>
              searchedTheta(
                (one, count) => searchThetas(one, count, own.hiddenLayers),
                random.foldIn(key, "search"),
                run,
              ),
            );
      return {
        theta: thetas.at(-1)!,
        steps: thetas.length,
        method: eachPoint(
          "course",
          (_theta: MixedTheta, i) => ({
            loss: meanLoss(problem, thetas[i]!, random.foldIn(key, "evaluation"), networks),
          }),
          networks * own.horizon,
        ),
      };
    },
  });
}

/** Infinity where a network diverges. */
export function valuesOf(records: readonly StepRecord[]): number[] {
  return records.map((record) => {
    const value = metricOf(record, "loss");
    return Number.isNaN(value) ? Infinity : value;
  });
}
