/** Design and control together or apart, on a system whose optimum is a formula. */
import { type CellResult, type Experiment, type Figure, type Study, defineStudy, median } from "unspool";
import { z } from "zod";
import { doneOf, metricOf, repetitionSeed } from "../shared/records.ts";
import { linearTraining } from "./linearTraining.ts";

const methods = ["deps", "jodc-reinforce", "jodc-ppo", "control"] as const;

const config = z.strictObject({
  methods: z
    .array(z.enum(methods))
    .min(1)
    .default([...methods]),
  seeds: z.int().min(1).default(5).describe("runs of each"),
  steps: z.int().min(1).default(200).describe("outer steps of a run"),
});

type Config = z.infer<typeof config>;

const optimum = -1.58179;
const idOf = (method: string, i: number): string => `${method}-${i}`;

export const designLinear: Study = defineStudy<Config>({
  name: "design-linear",
  summary:
    "design and control together, by deps and by jodc, and control alone, on a system with a closed form",
  paper: "after Bolland et al. (JAIR 2022)",
  config,
  cells: (settings, seed) =>
    settings.methods.flatMap((method) =>
      Array.from({ length: settings.seeds }, (_, i) => ({
        id: idOf(method, i),
        experiment: linearTraining as Experiment,
        config: { method, steps: settings.steps },
        seed: repetitionSeed(seed, i),
      })),
    ),
  summarise(results, settings) {
    const rows = settings.methods.map((method) => {
      const done = Array.from({ length: settings.seeds }, (_, i) => doneOf(results, idOf(method, i))).filter(
        (result) => result !== undefined,
      );
      const of = (name: string): number[] => done.map(({ evaluation }) => evaluation!.metrics[name]!);
      return { method, done, of };
    });
    const ended = rows.filter(({ done }) => done.length > 0);
    return {
      metrics: Object.fromEntries(
        ended.map(({ method, of }) => [`${method}: return`, median(of("exactReturn"))]),
      ),
      tables: [
        {
          title: `Exact returns after ${settings.steps} steps (the optimum is ${optimum}), medians over seeds, and the worst`,
          columns: ["method", "return", "worst", "a", "gain"],
          rows: ended.map(({ method, of }) => [
            method,
            ...[
              median(of("exactReturn")),
              Math.min(...of("exactReturn")),
              median(of("a")),
              median(of("gain")),
            ].map((x) => Number(x.toFixed(4))),
          ]),
        },
      ],
      figures: ended.length === 0 ? [] : [curves(ended)],
    };
  },
}) as Study;

function curves(rows: readonly { method: string; done: readonly CellResult[] }[]): Figure {
  return {
    id: "regret",
    title: "How far the mean return is from the optimum",
    caption: "Means over seeds of the batches' returns. Those of jodc are of designs drawn around its mean.",
    x: { label: "outer step" },
    y: { label: "optimum less mean return", scale: "log" },
    series: rows.map(({ method, done }) => {
      const steps = done[0]!.metrics.length;
      const at = (t: number): number =>
        done.reduce((sum, { metrics }) => sum + metricOf(metrics[t], "meanReturn") / done.length, 0);
      return {
        name: method,
        x: Array.from({ length: steps }, (_, t) => t + 1),
        y: Array.from({ length: steps }, (_, t) => Math.max(1e-3, optimum - at(t))),
      };
    }),
  };
}
