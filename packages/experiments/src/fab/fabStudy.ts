/** Several losses on one density beside each other: what `fab-mixture` and `fab-many-well` have in common. */
import {
  type Cell,
  type CellResult,
  type CellResults,
  type Experiment,
  type Figure,
  type FlowParams,
  type StudySummary,
  median,
} from "unspool";
import { doneOf, repetitionSeed } from "../shared/records.ts";
import { densityFigure } from "./densityFigures.ts";
import { type FabSettings, type TargetName, fabRun } from "./fabRun.ts";
import { fabTraining, viewOf } from "./fabTraining.ts";

/** Ways to train, by the names of the study's config. */
export const fabWays = ["fab", "fab-fresh", "rkl", "ml", "alpha2q", "aisP"] as const;
export type FabWay = (typeof fabWays)[number];

export interface FabStudyParts {
  target: TargetName;
  dim?: number;
  ways: readonly FabWay[];
  seeds: number;
  /** Of a way's cells. */
  settings(way: FabWay): Partial<FabSettings>;
}

const idOf = (way: FabWay, i: number): string => `${way}-${i}`;
const along = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

export function fabCells({ target, dim, ways, seeds, settings }: FabStudyParts, seed: number): Cell[] {
  return [...new Set(ways)].flatMap((way) =>
    along(seeds).map((i): Cell => ({
      id: idOf(way, i),
      experiment: fabTraining as Experiment,
      config: {
        ...{ target, ...(dim !== undefined && { dim }) },
        ...settings(way),
        loss: way === "fab-fresh" ? "fab" : way,
        hasBuffer: way === "fab",
      },
      seed: repetitionSeed(seed, i),
    })),
  );
}

const columns = [
  ["modesCovered", "modes covered"],
  ["effectiveShare", "effective share"],
  ["logZError", "log Z, off by"],
  ["forwardKl", "forward KL"],
  ["forwardShare", "forward share"],
] as const;

/** Medians over seeds, and what the first seed of each way has learned. */
export async function fabSummary(results: CellResults, parts: FabStudyParts): Promise<StudySummary> {
  const rows = [...new Set(parts.ways)].map((way) => {
    const cells = along(parts.seeds).flatMap((i) => doneOf(results, idOf(way, i)) ?? []);
    const of = (name: string): number[] => cells.flatMap(({ evaluation }) => evaluation?.metrics[name] ?? []);
    return { way, cells, of };
  });
  const ended = rows.filter(({ of }) => of("effectiveShare").length > 0);
  const figures: Figure[] = [];
  for (const { way, cells } of ended) figures.push(await figureOf(way, cells[0]!, parts));
  return {
    metrics: Object.fromEntries(
      ended.flatMap(({ way, of }) =>
        columns.flatMap(([name]) => (of(name).length === 0 ? [] : [[`${way}: ${name}`, median(of(name))]])),
      ),
    ),
    tables: [
      {
        title:
          "Medians over seeds. Points of a flow do not see the modes that it misses: read forward measures",
        columns: ["loss", ...columns.map(([, label]) => label)],
        rows: ended.map(({ way, of }) => [
          way,
          ...columns.map(([name]) => (of(name).length === 0 ? "" : Number(median(of(name)).toFixed(3)))),
        ]),
      },
    ],
    figures,
  };
}

async function figureOf(
  way: FabWay,
  cell: CellResult,
  { target: name, dim }: FabStudyParts,
): Promise<Figure> {
  const settings = fabTraining.config.parse(cell.config) as FabSettings;
  const { flow, target } = fabRun(settings, name, dim);
  const theta = (await cell.theta()) as FlowParams;
  return densityFigure({
    ...{ id: `density-${way}`, flow, theta, target, view: viewOf(name, dim) },
    title: `Trained by ${way}`,
    caption: "Contours of the target, and points of the flow (in the plane over its density).",
  });
}
