/** Searches compared on the functions of BBOB: how many evaluations to how many targets. */
import {
  type Cell,
  type CellResult,
  type CellResults,
  type Experiment,
  type Figure,
  type Study,
  bbob as functions,
  defineStudy,
  searchEntry,
  searchNames,
  suitsSize,
} from "unspool";
import { z } from "zod";
import { bbobSearch } from "./bbobSearch.ts";
import { reached, targets } from "./searchRuns.ts";

const config = z.strictObject({
  searches: z
    .array(z.enum(searchNames))
    .min(1)
    .default([...searchNames])
    .describe("compared"),
  dimensions: z.array(z.int().min(1)).min(1).default([2, 10, 40]).describe("numbers of theta"),
  evaluations: z
    .int()
    .min(1)
    .default(100)
    .describe("evaluations of each function, per number of theta; 10000 is usual where there is time"),
  modelled: z.int().min(1).default(40).describe("at most so many where the losses are modelled"),
  seeds: z.int().min(1).default(1).describe("runs of each search, function and dimension"),
  rotation: z.enum(["none", "reflection"]).default("reflection"),
  sigma: z.number().positive().default(2).describe("standard deviation of the first candidates"),
});

type Config = z.infer<typeof config>;

const idOf = (search: string, dimension: number, run: number): string => `${search}-${dimension}-${run}`;

export const bbob: Study = defineStudy<Config>({
  name: "bbob",
  summary: "searches on the 17 functions of BBOB: runtimes to targets",
  paper: "Hansen, Auger, Ros, Finck, Pošík (2010), the comparison of BBOB-2009",
  config,
  cells: (settings, seed) =>
    settings.dimensions.flatMap((dimension) =>
      settings.searches
        .filter((search) => suitsSize(searchEntry(search), dimension))
        .flatMap((search) =>
          Array.from({ length: settings.seeds }, (_, run): Cell => {
            const { evaluations, modelled, rotation, sigma } = settings;
            return {
              id: idOf(search, dimension, run),
              experiment: bbobSearch as Experiment,
              config: { search, dimension, evaluations, modelled, rotation, sigma },
              seed: seed + run,
            };
          }),
        ),
    ),
  summarise(results, settings) {
    const runs = settings.dimensions.flatMap((dimension) =>
      settings.searches.map((search) => runtimesOf(results, search, dimension, settings.seeds)),
    );
    const of = (dimension: number): Runtimes[] =>
      runs.filter((one) => one.dimension === dimension && one.runs.length > 0);
    return {
      metrics: Object.fromEntries(
        runs
          .filter((one) => one.runs.length > 0)
          .map((one) => [`${one.search}, d = ${one.dimension}`, shareReached(one)]),
      ),
      tables: [
        {
          title: "Targets reached (17 functions, 11 targets from 100 to 1e-8), and functions solved to 1e-8",
          columns: [
            "search",
            ...settings.dimensions.flatMap((d) => [`targets, d = ${d}`, `solved, d = ${d}`]),
          ],
          rows: settings.searches.map((search): (string | number)[] => [
            search,
            ...settings.dimensions.flatMap((dimension): (string | number)[] => {
              const one = of(dimension).find((each) => each.search === search);
              return one === undefined ? ["", ""] : [Number(shareReached(one).toFixed(3)), solved(one)];
            }),
          ]),
        },
        ...settings.dimensions.map((dimension) => runtimeTable(dimension, of(dimension))),
      ],
      figures: settings.dimensions.map((dimension) => runtimeFigure(dimension, of(dimension))),
    };
  },
}) as Study;

/** Of one search in one dimension. */
interface Runtimes {
  search: string;
  dimension: number;
  runs: { reached: ReadonlyMap<string, number>; evaluations: number }[];
}

function runtimesOf(results: CellResults, search: string, dimension: number, seeds: number): Runtimes {
  const cells = Array.from({ length: seeds }, (_, run) => results.get(idOf(search, dimension, run)));
  const runs = cells.filter((cell): cell is CellResult => cell !== undefined && cell.metrics.length > 0);
  return {
    search,
    dimension,
    runs: runs.map(({ metrics }) => ({
      reached: new Map(
        metrics.flatMap((record) =>
          Object.entries(record).flatMap(([name, value]): [string, number][] =>
            name.startsWith("reached ") ? [[name, value as number]] : [],
          ),
        ),
      ),
      evaluations: metrics.at(-1)!.innerSteps / functions.names.length,
    })),
  };
}

const pairs = functions.names.flatMap((name) => targets.map((target) => reached(name, target)));

const shareReached = ({ runs }: Runtimes): number =>
  runs.reduce((sum, run) => sum + run.reached.size / pairs.length / runs.length, 0);

/** Functions solved to the last target, averaged over runs. */
function solved({ runs }: Runtimes): number {
  const least = targets.at(-1)!;
  const counts = runs.map(
    (run) => functions.names.filter((name) => run.reached.has(reached(name, least))).length,
  );
  return Number((counts.reduce((sum, one) => sum + one, 0) / runs.length).toFixed(2));
}

/** Expected runtime: all evaluations spent before the target, divided by the number of runs that reached it. */
function expectedRuntime({ runs }: Runtimes, name: string, target: number): number | undefined {
  const metric = reached(name, target);
  const successes = runs.filter((run) => run.reached.has(metric)).length;
  if (successes === 0) return undefined;
  return runs.reduce((sum, run) => sum + (run.reached.get(metric) ?? run.evaluations), 0) / successes;
}

const tabled = 0.01;

function runtimeTable(dimension: number, all: readonly Runtimes[]) {
  return {
    title: `Expected evaluations per number to a loss of ${tabled}, d = ${dimension} (ERT / d)`,
    columns: ["function", ...all.map(({ search }) => search)],
    rows: functions.names.map((name): (string | number)[] => [
      name,
      ...all.map((one): string | number => {
        const runtime = expectedRuntime(one, name, tabled);
        return runtime === undefined ? "" : Number((runtime / dimension).toPrecision(3));
      }),
    ]),
  };
}

/** The empirical distribution of runtimes: which share of all pairs of function and target was reached by then. */
function runtimeFigure(dimension: number, all: readonly Runtimes[]): Figure {
  return {
    id: `runtimes-${dimension}`,
    title: `Runtimes in ${dimension} dimensions`,
    caption:
      `Share of ${pairs.length} pairs of function and target (100 to 1e-8) that was reached, over evaluations per number. ` +
      "Each search had the same starts.",
    x: { label: "evaluations / d", scale: "log" },
    y: { label: "share of targets", domain: [0, 1] },
    series: all.map(({ search, runs }) => {
      const times = runs.flatMap((run) => [...run.reached.values()]).toSorted((a, b) => a - b);
      const whole = pairs.length * runs.length;
      const end = Math.max(...runs.map(({ evaluations }) => evaluations));
      return {
        name: search,
        x: [...times, end].map((time) => time / dimension),
        y: [...times.map((_, i) => (i + 1) / whole), times.length / whole],
      };
    }),
  };
}
