/** All ways to learn the Gaussian drift beside each other: gaps to the exact evidence, and the drift. */
import { type Cell, type Experiment, type Study, defineStudy, median } from "unspool";
import { z } from "zod";
import { doneOf, repetitionSeed } from "../shared/records.ts";
import { mean, thin } from "../shared/series.ts";
import { type DriftMethod, driftMethods, driftTraining } from "./driftTraining.ts";

const config = z.strictObject({
  methods: z
    .array(z.enum(driftMethods))
    .default(["iwae", "fivo", "fivoScore", "sixoScore", "sixo", "sixoKnown"]),
  seeds: z.int().min(1).default(1).describe("data sets for each"),
  steps: z.int().min(1).default(3000).describe("updates of model and proposal"),
  particles: z.int().min(1).default(10),
  series: z.int().min(1).default(1000),
});

type Config = z.infer<typeof config>;

const idOf = (method: DriftMethod, i: number): string => `${method}-${i}`;
const seedsOf = ({ seeds }: Config): number[] => Array.from({ length: seeds }, (_, i) => i);

export const sixoDrift: Study = defineStudy<Config>({
  name: "sixo-drift",
  summary: "a Gaussian drift: which particle bounds close their gap to the exact evidence",
  paper: "Lawson et al. (NeurIPS 2022), Fig. 2",
  config,
  cells: (settings, seed) =>
    [...new Set(settings.methods)].flatMap((method) =>
      seedsOf(settings).map((i): Cell => {
        const { steps, particles, series } = settings;
        return {
          id: idOf(method, i),
          experiment: driftTraining as Experiment,
          config: { method, steps, particles, series },
          seed: repetitionSeed(seed, i),
        };
      }),
    ),
  summarise(results, settings) {
    const rows = [...new Set(settings.methods)].flatMap((method) => {
      const done = seedsOf(settings).flatMap((i) => doneOf(results, idOf(method, i)) ?? []);
      if (done.length === 0) return [];
      const of = (name: string): number =>
        median(done.map(({ evaluation }) => evaluation?.metrics[name] ?? NaN));
      return [{ method, of, records: done[0]!.metrics.filter(({ loss }) => typeof loss === "number") }];
    });
    const ceiling = mean(rows.map(({ of }) => of("logEvidence")));
    return {
      metrics: Object.fromEntries(rows.map(({ method, of }) => [`${method}: gap`, of("gap")])),
      tables: [
        {
          title: "Medians over seeds, in nats, at the learned drift",
          columns: ["method", "gap at the training K", "gap at the evaluation K", "alpha - best alpha"],
          rows: rows.map(({ method, of }) => [
            method,
            ...["gap", "fineGap", "alphaError"].map((name) => Number(of(name).toFixed(4))),
          ]),
        },
      ],
      figures: [
        {
          id: "bounds",
          title: "Bounds along training",
          caption: "log Z of minibatches, averaged over 101 updates of model and proposal (Fig. 2a).",
          x: { label: "update of the model" },
          y: { label: "nats" },
          series: rows.map(({ method, records }) => {
            const places = thin(
              records.map((_, i) => i),
              120,
            );
            const around = (i: number): number =>
              mean(records.slice(Math.max(0, i - 50), i + 51).map(({ loss }) => -loss));
            return { name: method, x: places.map((i) => i + 1), y: places.map(around) };
          }),
          ...(rows.length > 0 && {
            references: [{ axis: "y" as const, value: ceiling, label: "log p(y)" }],
          }),
        },
      ],
    };
  },
}) as Study;
