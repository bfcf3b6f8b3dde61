/** One search on the seventeen functions of BBOB in one dimension: the runs that the study `bbob` is made of. */
import {
  type Experiment,
  type Tensor,
  bbob,
  createSearch,
  defineExperiment,
  random,
  searchEntry,
  searchNames,
} from "unspool";
import { z } from "zod";
import { searchRuns } from "./searchRuns.ts";

const config = z.strictObject({
  search: z.enum(searchNames).default("cmaEs").describe("what searches"),
  dimension: z.int().min(1).default(2).describe("numbers of theta"),
  evaluations: z.int().min(1).default(100).describe("evaluations of each function, per number of theta"),
  modelled: z
    .int()
    .min(1)
    .default(40)
    .describe("at most so many evaluations where the losses are modelled, which takes longer with each"),
  rotation: z
    .enum(["none", "reflection"])
    .default("reflection")
    .describe("whether every number depends on all others"),
  sigma: z.number().positive().default(2).describe("standard deviation of the first candidates"),
  population: z.int().min(2).optional().describe("candidates per generation; else the search's own"),
  parts: z.int().min(1).default(20).describe("outer steps among which the evaluations are divided"),
});

type Config = z.infer<typeof config>;
export type BbobTheta = Record<string, Tensor>;

/** Domain of all functions. */
const box = { low: -5, high: 5 };

export const bbobSearch: Experiment<unknown, BbobTheta> = defineExperiment<Config, BbobTheta>({
  name: "bbob-search",
  summary: "one search on the 17 functions of BBOB",
  paper: "Hansen, Finck, Ros, Auger (2009), in the forms of Song et al. (2022), Vizier",
  config,
  setup({ search: name, dimension, evaluations, modelled, rotation, sigma, population, parts }, key) {
    const budget =
      searchEntry(name).kind === "model"
        ? Math.min(modelled, evaluations * dimension)
        : evaluations * dimension;
    const options = { sigma, box, ...(population !== undefined && { population }) };
    // A draw for each function, the same for all searches.
    const theta = Object.fromEntries(
      bbob.names.map((f) => [
        f,
        random.uniform(random.foldIn(key, f), [dimension], { minval: -4, maxval: 4, dtype: "float64" }),
      ]),
    );
    return {
      theta,
      method: searchRuns({ search: createSearch<Tensor>(name, options), budget, rotation, steps: parts }),
      steps: parts,
      evaluate(found) {
        const rows = bbob.names.map((f): [string, number] => [
          f,
          bbob.create(f, { rotation })(Float64Array.from(found[f]!.data)),
        ]);
        return {
          metrics: { solved: rows.filter(([, loss]) => loss <= 1e-8).length },
          table: {
            title: `Loss where the search stands, ${dimension} numbers`,
            columns: ["function", "loss"],
            rows,
          },
        };
      },
      figures: ({ metrics }) => [
        {
          id: "losses",
          title: "Best loss so far",
          caption: "Of each function, held up at 1e-9.",
          x: { label: "evaluations of all functions" },
          y: { label: "best loss", scale: "log" },
          series: bbob.names.map((f) => ({
            name: f,
            x: metrics.map(({ innerSteps }) => innerSteps),
            y: metrics.map((record) => Math.max(record[`best ${f}`] as number, 1e-9)),
          })),
        },
      ],
    };
  },
}) as Experiment<unknown, BbobTheta>;
