/** Stochastic volatility by bounds beside each other: training bounds, and what a bootstrap filter says of the models. */
import { type Cell, type Experiment, type Study, defineStudy } from "unspool";
import { z } from "zod";
import { doneOf, repetitionSeed } from "../shared/records.ts";
import { mean, thin } from "../shared/series.ts";
import { type VolatilityMethod, volatilityMethods, volatilityTraining } from "./volatilityTraining.ts";

const config = z.strictObject({
  methods: z.array(z.enum(volatilityMethods)).default(["fivo", "sixoQuadrature", "sixo"]),
  seeds: z.int().min(1).default(1).describe("data sets for each"),
  steps: z.int().min(1).default(2000).describe("updates of model and proposal"),
  currencies: z.int().min(1).default(5),
  months: z.int().min(2).default(60),
  testParticles: z.int().min(1).default(1024),
});

type Config = z.infer<typeof config>;

const idOf = (method: VolatilityMethod, i: number): string => `${method}-${i}`;
const seedsOf = ({ seeds }: Config): number[] => Array.from({ length: seeds }, (_, i) => i);

export const sixoVolatility: Study = defineStudy<Config>({
  name: "sixo-volatility",
  summary: "stochastic volatility: bounds without a twist, by quadrature, and by a learned one",
  paper: "Lawson et al. (NeurIPS 2022), Table 1",
  config,
  cells: ({ methods, seeds, ...settings }, seed) =>
    [...new Set(methods)].flatMap((method) =>
      seedsOf({ methods, seeds, ...settings }).map((i): Cell => ({
        id: idOf(method, i),
        experiment: volatilityTraining as Experiment,
        config: { method, ...settings },
        seed: repetitionSeed(seed, i),
      })),
    ),
  summarise(results, settings) {
    const rows = [...new Set(settings.methods)].flatMap((method) => {
      const done = seedsOf(settings).flatMap((i) => doneOf(results, idOf(method, i)) ?? []);
      if (done.length === 0) return [];
      const of = (name: string): number =>
        mean(done.map(({ evaluation }) => evaluation?.metrics[name] ?? NaN));
      return [{ method, of, records: done[0]!.metrics.filter(({ loss }) => typeof loss === "number") }];
    });
    const columns = ["bound", "testBound", "testBoundOfTruth", "phi", "sd"];
    return {
      metrics: Object.fromEntries(
        rows.flatMap(({ method, of }) =>
          ["bound", "testBound"].map((name) => [`${method}: ${name}`, of(name)] as const),
        ),
      ),
      tables: [
        {
          title: "Means over seeds: nats; phi and the deviation of states, whose truth is 0.9 and 0.4",
          columns: ["method", "training bound", "test bound", "of the truth", "phi", "sd"],
          rows: rows.map(({ method, of }) => [method, ...columns.map((name) => Number(of(name).toFixed(3)))]),
        },
      ],
      figures: [
        {
          id: "bounds",
          title: "Bounds along training",
          caption: "log Z of one sweep, averaged over 51 updates of model and proposal.",
          x: { label: "update of the model" },
          y: { label: "nats" },
          series: rows.map(({ method, records }) => {
            const places = thin(
              records.map((_, i) => i),
              120,
            );
            const around = (i: number): number =>
              mean(records.slice(Math.max(0, i - 25), i + 26).map(({ loss }) => -loss));
            return { name: method, x: places.map((i) => i + 1), y: places.map(around) };
          }),
        },
      ],
    };
  },
}) as Study;
