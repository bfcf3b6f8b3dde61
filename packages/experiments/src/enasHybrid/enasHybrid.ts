/** Hybrid functions by ES-ENAS, by evolution over everything, and by ES with random choices: who gets how far. */
import { type CellResults, type Figure, type Study, defineStudy } from "unspool";
import { z } from "zod";
import { mean } from "../shared/series.ts";
import type { HybridFunctionName } from "./hybridFunction.ts";
import { type SearchKind, hybridSearch, searchKinds } from "./hybridSearch.ts";

const config = z.strictObject({
  functions: z
    .array(z.enum(["sphere", "rastrigin", "rosenbrock", "ellipsoid"]))
    .min(1)
    .default(["sphere", "rastrigin", "rosenbrock", "ellipsoid"]),
  searches: z
    .array(z.enum(searchKinds))
    .min(1)
    .default([...searchKinds]),
  sizes: z.array(z.int().min(1)).min(1).default([20, 100, 300]).describe("numbers of theta"),
  mutationSizes: z
    .array(z.number().positive())
    .min(1)
    .default([0.03, 0.1, 0.3])
    .describe("of Gaussian evolution: the best counts"),
  seeds: z.int().min(1).default(3),
  steps: z.int().min(1).default(307).describe("outer steps of 64 evaluations"),
});

type Config = z.infer<typeof config>;

interface Place {
  name: HybridFunctionName;
  size: number;
  search: SearchKind;
  /** Position in `mutationSizes`; 0 where a search has none. */
  mutation: number;
}

function places({ functions, sizes, searches, mutationSizes }: Config): Place[] {
  return functions.flatMap((name) =>
    sizes.flatMap((size) =>
      searches.flatMap((search) =>
        (search === "evolution-gaussian" ? mutationSizes : [0]).map((_, mutation) => ({
          ...{ name, size, search, mutation },
        })),
      ),
    ),
  );
}

const idOf = ({ name, size, search, mutation }: Place, seed: number): string =>
  `${name}-${size}-${search}-${mutation}-${seed}`;

export const enasHybrid: Study = defineStudy<Config>({
  name: "enas-hybrid",
  summary: "functions of categories and numbers: ES-ENAS against evolution and random choices",
  paper: "Song et al., ES-ENAS (arXiv 2101.07415), on functions of our own",
  config,
  cells: (settings, seed) =>
    places(settings).flatMap((place) =>
      Array.from({ length: settings.seeds }, (_, i) => ({
        id: idOf(place, i),
        experiment: hybridSearch,
        config: {
          ...{ function: place.name, continuous: place.size, search: place.search, steps: settings.steps },
          mutationSize: settings.mutationSizes[place.mutation]!,
        },
        seed: seed + i,
      })),
    ),
  summarise(results, settings) {
    const found = foundLosses(results, settings);
    const rows = settings.functions.flatMap((name) =>
      settings.sizes.map((size) => [
        name,
        size,
        ...settings.searches.map((search) => found.get(`${name} ${size} ${search}`) ?? "not yet"),
      ]),
    );
    return {
      metrics: Object.fromEntries(found),
      tables: [
        {
          title: `Least loss found in ${64 * settings.steps} evaluations, mean of the seeds`,
          columns: ["function", "numbers", ...settings.searches],
          rows,
        },
      ],
      figures: settings.functions.flatMap((name) =>
        settings.sizes.map((size) => curves(results, settings, name, size)),
      ),
    };
  },
}) as Study;

/** The least loss of a run: of its candidates, or of what it recommends at the end. */
function foundOf(results: CellResults, place: Place, seed: number): number | undefined {
  const cell = results.get(idOf(place, seed));
  const last = cell?.evaluation?.metrics["incumbentLoss"];
  if (cell === undefined || last === undefined) return undefined;
  return Math.min(last, Number(cell.metrics.at(-1)!["bestLoss"]));
}

/** By function, size and search: the mean over seeds, of Gaussian evolution with the best of its sizes. */
function foundLosses(results: CellResults, settings: Config): Map<string, number> {
  const found = new Map<string, number>();
  for (const place of places(settings)) {
    const losses = Array.from(
      { length: settings.seeds },
      (_, i) => foundOf(results, place, i) ?? Number.NaN,
    ).filter(Number.isFinite);
    if (losses.length === 0) continue;
    const name = `${place.name} ${place.size} ${place.search}`;
    found.set(name, Math.min(mean(losses), found.get(name) ?? Infinity));
  }
  return found;
}

function curves(results: CellResults, settings: Config, name: HybridFunctionName, size: number): Figure {
  return {
    id: `${name}-${size}`,
    title: `${name}: 10 categories and ${size} numbers`,
    caption:
      "Least loss of a candidate so far, first seed. Candidates of ES-ENAS are perturbed: what it recommends is better, and stands in the table.",
    x: { label: "evaluations" },
    y: { label: "loss", scale: "log" },
    series: settings.searches.flatMap((search) => {
      const records = results.get(idOf({ name, size, search, mutation: 0 }, 0))?.metrics ?? [];
      if (records.length === 0) return [];
      return [
        {
          name: search,
          x: records.map(({ innerSteps }) => innerSteps),
          y: records.map((record) => Number(record["bestLoss"])),
        },
      ];
    }),
  };
}
