/** The tuning of 29 hyperparameters against random search with as many inner steps. */
import { type Cell, type CellResults, type Experiment, type Study, defineStudy } from "unspool";
import { z } from "zod";
import { doneOf } from "../shared/records.ts";
import { thin } from "../shared/series.ts";
import { mixedCourse, mixedSearch, valuesOf } from "./mixedCourse.ts";
import { comparisonFigures } from "./mixedRivalsFigures.ts";
import { mixedFields, mnistMixed } from "./mnistMixed.ts";
import { betterRuns } from "./randomSearch.ts";

const config = z.strictObject(mixedFields);
type Config = z.infer<typeof config>;

/** Thetas of the run that are judged. */
const judged = 30;

export const mnistMixedRivals: Study = defineStudy<Config>({
  name: "mnist-mixed-rivals",
  summary: "29 learning rates, momenta and layer widths of a network on MNIST, against random search",
  paper:
    "Vicol, Metz, Sohl-Dickstein (ICML 2021), section 5.2; Vicol, Kolter, Swersky (ICML 2023), Figure 9, at CPU size",
  config,
  cells(settings, seed) {
    const { pairs, truncation, steps, horizon, batchSize, hiddenLayers, maxWidth, evaluationRuns } = settings;
    const sizes = { horizon, batchSize, hiddenLayers, maxWidth };
    // What the two-sided estimators take.
    const runs = Math.max(1, Math.floor((2 * pairs * truncation * steps) / horizon));
    const course = (id: string, of: string, courseOf: (records: Records) => Experiment): Cell => ({
      id,
      after: [of],
      experiment: (results) => courseOf(results.get(of)!.metrics),
      config: { ...sizes, evaluationRuns },
      seed,
    });
    return [
      { id: "run", experiment: mnistMixed as Experiment, config: settings, seed },
      { id: "search", experiment: mixedSearch as Experiment, config: { ...sizes, runs }, seed },
      course(
        "run-course",
        "run",
        (records) => mixedCourse({ recorded: thin(records, judged) }) as Experiment,
      ),
      course(
        "search-course",
        "search",
        (records) => mixedCourse({ searched: betterRuns(records) }) as Experiment,
      ),
    ];
  },
  summarise(results, { horizon, evaluationRuns }) {
    const run = doneOf(results, "run")?.evaluation?.metrics;
    const search = searchOf(results, horizon);
    const rows: [string, number][] = [
      ...(run
        ? ([
            ["initial", run["initialLoss"]!],
            ["tuned", run["tunedLoss"]!],
          ] as [string, number][])
        : []),
      ...(search.length > 0
        ? ([
            ["random search: what it chose", search.at(-1)!.value],
            ["random search: best that it ever chose", Math.min(...search.map(({ value }) => value))],
          ] as [string, number][])
        : []),
    ];
    const course = doneOf(results, "run-course")?.metrics;
    const x = [0, ...thin(doneOf(results, "run")?.metrics ?? [], judged).map(({ innerSteps }) => innerSteps)];
    return {
      metrics: {
        ...run,
        ...(search.length > 0 && {
          randomSearchLoss: search.at(-1)!.value,
          randomSearchBestLoss: Math.min(...search.map(({ value }) => value)),
        }),
      },
      tables: [
        {
          title: `Mean validation loss over ${horizon} training steps, ${evaluationRuns} new seeds`,
          columns: ["hyperparameters", "mean validation loss"],
          rows,
        },
      ],
      figures: course === undefined ? [] : comparisonFigures({ x, current: valuesOf(course), search }),
    };
  },
}) as Study;

type Records = Parameters<typeof betterRuns>[0];

function searchOf(results: CellResults, horizon: number) {
  const values = valuesOf(doneOf(results, "search-course")?.metrics ?? []);
  const runs = betterRuns(doneOf(results, "search")?.metrics ?? []);
  return values.map((value, i) => ({ value, innerSteps: (runs[i]! + 1) * horizon }));
}
