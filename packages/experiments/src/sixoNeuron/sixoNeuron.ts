/** The current into a neuron by bounds beside each other: how far off it is learned. */
import { type Cell, type Experiment, type Study, defineStudy } from "unspool";
import { z } from "zod";
import { doneOf } from "../shared/records.ts";
import { type CurrentMethod, currentMethods, currentTraining } from "./currentTraining.ts";

const config = z.strictObject({
  methods: z.array(z.enum(currentMethods)).default(["fivo", "sixo"]),
  startErrors: z
    .array(z.number())
    .min(1)
    .default([0.5])
    .describe("of the current, relative (the paper: -0.9 to 1.9)"),
  proposal: z.enum(["bootstrap", "filtering", "smoothing"]).default("bootstrap"),
  steps: z.int().min(1).default(300).describe("updates of model and proposal"),
  horizon: z.int().min(2).default(401),
  every: z.int().min(1).default(50),
  series: z.int().min(1).default(32),
  modelBlock: z.int().min(1).default(50),
  twistBlock: z.int().min(1).default(50),
  testParticles: z.int().min(1).default(256),
  comparedParticles: z.array(z.int().min(1)).default([4, 8, 16, 32, 64]),
});

type Config = z.infer<typeof config>;

const idOf = (method: CurrentMethod, i: number): string => `${method}-${i}`;

export const sixoNeuron: Study = defineStudy<Config>({
  name: "sixo-neuron",
  summary: "the current into a Hodgkin-Huxley neuron, with and without a twist",
  paper: "Lawson et al. (NeurIPS 2022), Table 2",
  config,
  cells: ({ methods, startErrors, ...settings }, seed) =>
    [...new Set(methods)].flatMap((method) =>
      startErrors.map((startError, i): Cell => ({
        id: idOf(method, i),
        experiment: currentTraining as Experiment,
        config: { method, startError, ...settings },
        seed,
      })),
    ),
  summarise(results, { methods, startErrors }) {
    const rows = [...new Set(methods)].flatMap((method) =>
      startErrors.flatMap((startError, i) => {
        const metrics = doneOf(results, idOf(method, i))?.evaluation?.metrics;
        return metrics === undefined ? [] : [{ method, startError, metrics }];
      }),
    );
    const names = ["bound", "testBound", "testBoundOfTruth", "relativeError"];
    return {
      metrics: Object.fromEntries(
        rows.map(({ method, startError, metrics }) => [
          `${method} from ${startError}: relative error`,
          metrics["relativeError"] ?? NaN,
        ]),
      ),
      tables: [
        {
          title: "Nats per series; the error is (13 - current) / 13",
          columns: ["method", "start", "training bound", "test bound", "of the truth", "relative error"],
          rows: rows.map(({ method, startError, metrics }) => [
            ...[method, startError],
            ...names.map((name) => Number((metrics[name] ?? NaN).toFixed(3))),
          ]),
        },
      ],
      figures: [],
    };
  },
}) as Study;
