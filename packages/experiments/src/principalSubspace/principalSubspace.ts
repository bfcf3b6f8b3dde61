/**
 * Principal subspaces from sampled entries: what independence of the two weight estimates is for, when a weight per column
 * is no longer the better way, and features of MNIST's pixels and of PuddleWorld.
 */
import {
  type Cell,
  type CellResults,
  type Figure,
  type Study,
  defineStudy,
  median,
  spanProjection,
} from "unspool";
import { z } from "zod";
import { componentImages, distanceFigure, featureImages } from "./subspaceFigures.ts";
import { type TaskName, type TaskOptions, subspaceTask } from "./subspaceTasks.ts";
import { type Theta, featuresOf, subspaceTraining } from "./subspaceTraining.ts";

const config = z.strictObject({
  seeds: z.int().min(1).default(3).describe("starts per method of the synthetic matrices"),
  syntheticSteps: z.int().min(1).default(6000).describe("outer steps on synthetic matrices"),
  mnistSteps: z.int().min(1).default(12_000).describe("outer steps on MNIST"),
  puddleSteps: z.int().min(1).default(10_000).describe("outer steps on PuddleWorld"),
  images: z.int().min(16).max(60_000).default(60_000).describe("columns of MNIST"),
  bins: z.int().min(2).max(40).default(10).describe("bins per side of PuddleWorld"),
});

type Config = z.infer<typeof config>;

interface Part {
  task: TaskName;
  title: string;
  caption: string;
  methods: readonly string[];
  settings(config: Config, method: string): Record<string, unknown>;
}

const synthetic = { dimensions: 4, batch: 10, weightBatch: 10, inverseSamples: 40 };

const parts: readonly Part[] = [
  {
    task: "g20",
    title: "A matrix of 20 by 20",
    caption:
      "LISSA comes near with two independent estimates of a column's weights; with one draw for both (lissa-shared, naive) the mean of the update is no gradient. With so few columns a learned weight vector per column (explicit) and least squares over all rows (oracle) are better.",
    methods: ["lissa", "lissa-shared", "naive", "naive++", "explicit", "oracle"],
    settings: ({ syntheticSteps }) => ({ ...synthetic, steps: syntheticSteps }),
  },
  {
    task: "many-columns",
    title: "A matrix of 20 by 4000",
    caption:
      "With many columns each weight vector of explicit is met once in 4000 steps, and LISSA, which learns none, is ahead.",
    methods: ["lissa", "explicit", "oracle"],
    settings: ({ syntheticSteps }) => ({ ...synthetic, steps: syntheticSteps }),
  },
  {
    task: "mnist",
    title: "Pixels of MNIST, 784 by 60,000, d = 16",
    caption:
      "LISSA reads 384 entries in a step, Oja's rule 128 whole images, 100,352 entries: it needs few steps, and a table. Of 60,000 columns the weights of explicit hardly move.",
    methods: ["lissa", "explicit", "oja"],
    settings: ({ mnistSteps, images }, method) => ({
      ...{ dimensions: 16, batch: 128, weightBatch: 128, inverseSamples: 128, images },
      ...(method === "oja"
        ? { learningRate: 5e-4, steps: Math.max(1, Math.round(mnistSteps / 40)) }
        : {
            optimizer: "adam",
            learningRate: 5e-3,
            steps: method === "explicit" ? Math.ceil(mnistSteps / 24) : mnistSteps,
          }),
    }),
  },
  {
    task: "puddle-world",
    title: "Successor representation of PuddleWorld, features by a network, d = 5",
    caption:
      "Rows are points of the square, drawn anew in each step; features are a network of 100 hidden units.",
    methods: ["lissa", "naive", "explicit", "oracle"],
    settings: ({ puddleSteps, bins }) => ({
      ...{ dimensions: 5, batch: 50, weightBatch: 50, inverseSamples: 50, bins },
      ...{ optimizer: "adam", learningRate: 1e-3, steps: puddleSteps },
    }),
  },
];

const seedsOf = ({ task }: Part, { seeds }: Config): number[] =>
  Array.from({ length: task === "g20" || task === "many-columns" ? seeds : 1 }, (_, i) => i);

/** Names of cells are made of letters, digits and dashes: "naive++" is "naive-twice". */
const idOf = (task: TaskName, method: string, i: number): string =>
  `${task}-${method.replace("++", "-twice")}-${i}`;

export const principalSubspaceStudy: Study = defineStudy<Config>({
  name: "principal-subspace",
  summary: "principal subspaces from sampled entries: LISSA against explicit weights, MNIST, PuddleWorld",
  paper: "Le Lan et al. (AISTATS 2023), at CPU size",
  config,
  cells: (settings, seed) =>
    parts.flatMap((part) =>
      part.methods.flatMap((method) =>
        seedsOf(part, settings).map((i): Cell => ({
          id: idOf(part.task, method, i),
          experiment: subspaceTraining,
          config: { task: part.task, method, ...part.settings(settings, method) },
          seed: seed + i,
        })),
      ),
    ),
  async summarise(results, settings) {
    const ended = parts.map((part) => ({ part, runs: runsOf(results, part, settings) }));
    const rows = ended.flatMap(({ part, runs }) =>
      runs.map(({ name, last }) => [part.task, name, last] as [string, string, number]),
    );
    const figures = ended
      .filter(({ runs }) => runs.length > 0)
      .map(({ part, runs }) => distanceFigure(part.task, part.title, runs, part.caption));
    return {
      metrics: Object.fromEntries(rows.map(([task, method, last]) => [`${task} ${method}`, last])),
      tables:
        rows.length === 0
          ? []
          : [
              {
                title: "Subspace distance at the end, median over seeds",
                columns: ["matrix", "method", "subspace distance"],
                rows,
              },
            ],
      figures: [...figures, ...(await imagesOf(results))],
    };
  },
}) as Study;

/** Of the methods of a part that have ended: the records of all seeds, and the median of their last distances. */
function runsOf(results: CellResults, part: Part, settings: Config) {
  return part.methods.flatMap((method) => {
    const cells = seedsOf(part, settings).flatMap((i) => results.get(idOf(part.task, method, i)) ?? []);
    const lasts = cells.flatMap(({ evaluation }) => evaluation?.metrics["subspaceDistance"] ?? []);
    if (lasts.length === 0) return [];
    return [{ name: method, runs: cells.map(({ metrics }) => metrics), last: median(lasts) }];
  });
}

/** What LISSA has learned of MNIST and PuddleWorld. */
async function imagesOf(results: CellResults): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [name, draw] of [
    ["mnist", componentImages],
    ["puddle-world", featureImages],
  ] as const) {
    const cell = results.get(idOf(name, "lissa", 0));
    if (cell?.evaluation === undefined) continue;
    const task = subspaceTask(name, cell.config as TaskOptions);
    const theta = (await cell.theta()) as Theta;
    figures.push(...draw(task.target, spanProjection(featuresOf(task, theta), task.target)));
  }
  return figures;
}
