/** Filtering and learning of linear-Gaussian chains, where all is known exactly (Campbell et al. 2021, section 5.1). */
import { type CellResult, type Experiment, type Figure, type Study, defineStudy } from "unspool";
import { z } from "zod";
import { doneOf, metricOf, repetitionSeed } from "../shared/records.ts";
import { mean, thin } from "../shared/series.ts";
import { linearDivergence } from "./linearDivergence.ts";
import { linearFilters, linearLearning } from "./linearLearning.ts";

const config = z.strictObject({
  filters: z.array(z.enum(linearFilters)).min(1).default(["rmle", "ovf", "aelbo2", "aelbo1"]),
  seeds: z.int().min(1).default(4).describe("streams"),
  d: z.int().min(1).default(2).describe("chains"),
  observations: z.int().min(10).default(8000).describe("of a stream that is learned from"),
  samples: z.int().min(1).default(32).describe("states drawn for a gradient"),
  divergence: z
    .boolean()
    .default(true)
    .describe("also how pairs come to the exact ones while they are optimised"),
});

type Config = z.infer<typeof config>;

const idOf = (filter: string, i: number): string => `${filter}-${i}`;

export const filteringLinear: Study = defineStudy<Config>({
  name: "filtering-linear",
  summary: "linear-Gaussian chains, filtered and learned from a stream by the gradients of several filters",
  paper: "after Figure 1 of Campbell et al. (NeurIPS 2021)",
  config,
  cells: ({ filters, seeds, d, observations, samples, divergence }, seed) => [
    ...(divergence
      ? [{ id: "divergence", experiment: linearDivergence as Experiment, config: { d }, seed }]
      : []),
    ...filters.flatMap((filter) =>
      Array.from({ length: seeds }, (_, i) => ({
        id: idOf(filter, i),
        experiment: linearLearning as Experiment,
        config: { filter, d, observations, samples },
        seed: repetitionSeed(seed, i),
      })),
    ),
  ],
  async summarise(results, { filters, seeds }) {
    const rows = filters
      .map((filter) => ({
        filter,
        done: Array.from({ length: seeds }, (_, i) => doneOf(results, idOf(filter, i))).filter(
          (result) => result !== undefined,
        ),
      }))
      .filter(({ done }) => done.length > 0);
    const errors = rows.map(({ filter, done }) => ({
      filter,
      F: mean(done.map(({ evaluation }) => evaluation!.metrics["maeF"]!)),
      G: mean(done.map(({ evaluation }) => evaluation!.metrics["maeG"]!)),
    }));
    return {
      metrics: Object.fromEntries(
        errors.flatMap(({ filter, F, G }) => [
          [`${filter}: error of F`, F],
          [`${filter}: error of G`, G],
        ]),
      ),
      tables: [
        {
          title: "Mean absolute errors at the end of the stream, means over streams",
          columns: ["filter", "F", "G"],
          rows: errors.map(({ filter, F, G }) => [filter, Number(F.toFixed(4)), Number(G.toFixed(4))]),
        },
      ],
      figures: [...divergenceFigures(results.get("divergence")), ...errorFigures(rows)],
    };
  },
}) as Study;

function divergenceFigures(result: CellResult | undefined): Figure[] {
  if (result === undefined) return [];
  const names = Object.keys(result.metrics[0] ?? {}).filter((name) => name.startsWith("kl"));
  return [
    {
      id: "divergence",
      title: "Divergence from the exact pair while it is optimised",
      caption:
        "KL of q(x, x') from the smoothing density, after some and after all steps of Adam at each observation.",
      x: { label: "observation" },
      y: { label: "nats", scale: "log" },
      series: names.map((metric) => ({
        name: metric === "kl" ? "all steps" : `${metric.slice("klAfter".length)} steps`,
        x: result.metrics.map(({ step }) => step),
        y: result.metrics.map((record) => metricOf(record, metric)),
      })),
    },
  ];
}

function errorFigures(rows: readonly { filter: string; done: readonly CellResult[] }[]): Figure[] {
  if (rows.length === 0) return [];
  return (["F", "G"] as const).map((name) => ({
    id: `error-${name}`,
    title: `Error of ${name} along the stream`,
    caption: "Mean absolute error of the diagonal, means over streams.",
    x: { label: "observation" },
    y: { label: "error", scale: "log" as const },
    series: rows.map(({ filter, done }) => {
      const at = thin(
        done[0]!.metrics.map((_, i) => i),
        300,
      );
      return {
        name: filter,
        x: at.map((i) => i + 1),
        y: at.map((i) => mean(done.map(({ metrics }) => metricOf(metrics[i], `mae${name}`)))),
      };
    }),
  }));
}
