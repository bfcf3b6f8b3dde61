/** One search on one hybrid function: a cell of the study `enas-hybrid`. */
import {
  type EsEnasOptions,
  type Experiment,
  type HybridPoint,
  type HybridSpace,
  type Search,
  askTell,
  defineExperiment,
  esEnas,
  hybridEvolution,
  hybridLosses,
  hybridSpace,
  list,
  oneOf,
  policyGradient,
  randomController,
  regularizedEvolution,
} from "unspool";
import { z } from "zod";
import { categoryValues, hybridFunction } from "./hybridFunction.ts";

export const searchKinds = [
  "random",
  "evolution-one",
  "evolution-gaussian",
  "enas-evolution",
  "enas-policy-gradient",
  "es-random",
  "enas-separate",
] as const;

export type SearchKind = (typeof searchKinds)[number];

const config = z.strictObject({
  search: z
    .enum(searchKinds)
    .default("enas-evolution")
    .describe(
      "random search; evolution by one coordinate or by Gaussian steps; ES-ENAS with a controller, with random choices, and with two choices a pair",
    ),
  function: z.enum(["sphere", "rastrigin", "rosenbrock", "ellipsoid"]).default("sphere"),
  categories: z.int().min(1).default(10).describe("categories, of ten values each"),
  continuous: z.int().min(1).default(100).describe("numbers of theta"),
  mutationSize: z.number().positive().default(0.1).describe("of Gaussian evolution"),
  pairs: z.int().min(1).default(32).describe("of ES-ENAS; half as many as candidates of all others"),
  sigma: z.number().positive().default(0.1).describe("of ES-ENAS"),
  alpha: z.number().positive().default(0.3).describe("first step of ES-ENAS; it falls to 0 along a line"),
  steps: z.int().min(1).default(307).describe("outer steps; 307 are 20,000 evaluations"),
});

type Config = z.infer<typeof config>;

export const hybridSearch: Experiment<unknown, HybridPoint> = defineExperiment<Config, HybridPoint>({
  name: "hybrid-search",
  summary: "a function of categories and numbers, by ES-ENAS or by evolution",
  paper: "Song et al., ES-ENAS (arXiv 2101.07415): its hybrid BBOB functions, in an exact form of our own",
  config,
  setup(settings) {
    const { categories, continuous, steps } = settings;
    const { loss } = hybridFunction(settings.function, categories, continuous);
    const space = hybridSpace({
      discrete: list(Array.from({ length: categories }, () => oneOf(categoryValues))),
      ...{ continuous, box: { low: -5, high: 5 } },
    });
    const search = searchOf(settings, space);
    return {
      theta: space.point(),
      method: askTell({ search, evaluate: hybridLosses(loss), evaluation: settings.function }),
      steps,
      evaluate({ choice, theta }) {
        const last = loss(Int32Array.from(choice.data), Float64Array.from(theta.data));
        return { metrics: { incumbentLoss: last } };
      },
      figures: ({ metrics }) => [
        {
          id: "loss",
          title: `${settings.function}, ${categories} categories and ${continuous} numbers`,
          caption: "The least loss so far, against the evaluations. The optimum is 0.",
          x: { label: "evaluations" },
          y: { label: "loss", scale: "log" },
          series: [
            {
              name: settings.search,
              x: metrics.map(({ innerSteps }) => innerSteps),
              y: metrics.map((record) => Number(record["bestLoss"])),
            },
          ],
        },
      ],
    };
  },
}) as Experiment<unknown, HybridPoint>;

function searchOf(settings: Config, space: HybridSpace): Search<HybridPoint, unknown> {
  const { pairs, sigma, alpha, steps, mutationSize } = settings;
  const evolution = { space, candidates: 2 * pairs };
  const enas = (own: Partial<EsEnasOptions>): Search<HybridPoint, unknown> =>
    esEnas({
      ...{ space, pairs, sigma, estimator: "ars", scaleBy: "differences" },
      optimizer: { name: "sgd", learningRate: { schedule: "linearSchedule", from: alpha, to: 0, steps } },
      ...own,
    });
  const controller = () => regularizedEvolution({ population: 128 });
  const made: Record<SearchKind, () => Search<HybridPoint, unknown>> = {
    random: () => hybridEvolution({ ...evolution, mutation: "all" }),
    "evolution-one": () => hybridEvolution({ ...evolution, mutation: "one" }),
    "evolution-gaussian": () =>
      hybridEvolution({ ...evolution, mutation: "gaussian", sigma: mutationSize }) as Search<
        HybridPoint,
        unknown
      >,
    "enas-evolution": () => enas({ controller: controller() }),
    "enas-policy-gradient": () => enas({ controller: policyGradient() }),
    "es-random": () => enas({ controller: randomController() }),
    "enas-separate": () => enas({ controller: controller(), shareWithinPair: false }),
  };
  return made[settings.search]();
}
