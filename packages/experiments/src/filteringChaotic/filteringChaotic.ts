/** Filters of a chaotic network: errors, bounds, and what each says of its own bound (Campbell et al. 2021, section 5.2). */
import { type CellResult, type Experiment, type Figure, type Study, defineStudy } from "unspool";
import { z } from "zod";
import { doneOf, metricOf, repetitionSeed } from "../shared/records.ts";
import { mean } from "../shared/series.ts";
import { chaoticFilter } from "./chaoticFilter.ts";

const filters = ["ovf", "aelbo2", "aelbo1", "ignorePast", "enkf", "bpf"] as const;

const config = z.strictObject({
  filters: z
    .array(z.enum(filters))
    .min(1)
    .default([...filters]),
  seeds: z.int().min(1).default(3).describe("networks and trajectories"),
  units: z.int().min(1).default(5).describe("of the network, d"),
  observations: z.int().min(2).default(40),
  phiSteps: z.int().min(1).default(500).describe("M, steps of Adam at an observation"),
  particles: z.int().min(2).default(10_000).describe("of the particle filter, members of the ensemble"),
});

type Config = z.infer<typeof config>;

const idOf = (filter: string, i: number): string => `${filter}-${i}`;

export const filteringChaotic: Study = defineStudy<Config>({
  name: "filtering-chaotic",
  summary: "online variational filters, and others, of a chaotic network seen through heavy-tailed noise",
  paper: "after Table 1 and Figure 2 of Campbell et al. (NeurIPS 2021)",
  config,
  cells: ({ filters: names, seeds, ...rest }, seed) =>
    names.flatMap((filter) =>
      Array.from({ length: seeds }, (_, i) => ({
        id: idOf(filter, i),
        experiment: chaoticFilter as Experiment,
        config: { filter, ...rest },
        seed: repetitionSeed(seed, i),
      })),
    ),
  summarise(results, { filters: names, seeds }) {
    const rows = names
      .map((filter) => ({
        filter,
        done: Array.from({ length: seeds }, (_, i) => doneOf(results, idOf(filter, i))).filter(
          (result) => result !== undefined,
        ),
      }))
      .filter(({ done }) => done.length > 0);
    const told = (result: CellResult, metric: string): number => metricOf(result.metrics.at(-1), metric);
    const average = (done: readonly CellResult[], of: (result: CellResult) => number): number =>
      mean(done.map(of));
    const table = rows.map(({ filter, done }) => {
      const rmse = average(done, ({ metrics }) => mean(metrics.map((record) => metricOf(record, "rmse"))));
      const elbo = average(done, (result) => told(result, "trueElbo"));
      const own = average(done, (result) => told(result, "logEvidence"));
      return { filter, rmse, elbo, own };
    });
    const digits = (x: number, count: number): number | string =>
      Number.isFinite(x) ? Number(x.toFixed(count)) : "";
    return {
      metrics: Object.fromEntries(
        table.flatMap(({ filter, rmse, elbo, own }) => [
          [`${filter}: rmse`, rmse],
          ...(Number.isFinite(elbo) ? [[`${filter}: elbo`, elbo] as const] : []),
          ...(Number.isFinite(own) ? [[`${filter}: own estimate`, own] as const] : []),
        ]),
      ),
      tables: [
        {
          title:
            "Means over trajectories: error of the filter, its bound at the end, and what it says itself",
          columns: ["filter", "rmse", "bound", "own estimate"],
          rows: table.map(({ filter, rmse, elbo, own }) => [
            filter,
            digits(rmse, 4),
            digits(elbo, 2),
            digits(own, 2),
          ]),
        },
      ],
      figures: boundFigures(rows),
    };
  },
}) as Study;

/** The true bound and the filter's own estimate along the first trajectory. */
function boundFigures(rows: readonly { filter: string; done: readonly CellResult[] }[]): Figure[] {
  const shown = rows.filter(({ filter }) => filter === "ovf" || filter === "aelbo2");
  if (shown.length === 0) return [];
  return [
    {
      id: "bounds",
      title: "The bound, and what filters say of it",
      caption: "On the first trajectory. Own estimates of aelbo2 are above the bound that it has.",
      x: { label: "observation" },
      y: { label: "nats" },
      series: shown.flatMap(({ filter, done }) => {
        const { metrics } = done[0]!;
        const measured = metrics.filter((record) => Number.isFinite(metricOf(record, "trueElbo")));
        return [
          {
            name: `${filter}, own estimate`,
            x: metrics.map(({ step }) => step),
            y: metrics.map((record) => metricOf(record, "logEvidence")),
          },
          {
            name: `${filter}, true bound`,
            x: measured.map(({ step }) => step),
            y: measured.map((record) => metricOf(record, "trueElbo")),
          },
        ];
      }),
    },
  ];
}
