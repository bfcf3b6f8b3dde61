/** All ways to be invariant on the ring toy beside each other: their evidence, and what they know beyond their data. */
import { type Cell, type CellResults, type Experiment, type Study, defineStudy, median } from "unspool";
import { z } from "zod";
import { doneOf } from "../shared/records.ts";
import { type RingMethod, ringMethods, ringTraining } from "./ringTraining.ts";

const config = z.strictObject({
  methods: z
    .array(z.enum(ringMethods))
    .default(["lila", "deterministic", "circle", "augmented", "none", "polar", "augerino"]),
  structures: z
    .array(z.enum(["full", "kron", "diag"]))
    .min(1)
    .default(["kron"])
    .describe("of the curvature"),
  seeds: z.int().min(1).default(1).describe("networks and data sets for each"),
  samples: z.int().min(1).default(30),
  steps: z.int().min(1).default(500).describe("epochs"),
});

type Config = z.infer<typeof config>;

const idOf = (method: RingMethod, structure: string, i: number): string => `${method}-${structure}-${i}`;

export const invarianceRings: Study = defineStudy<Config>({
  name: "invariance-rings",
  summary: "rotations on the ring toy: learned by the evidence, fixed, written by hand, or none",
  paper: "Immer et al. (NeurIPS 2022), the illustration",
  config,
  cells: (settings, seed) =>
    rowsOf(settings).flatMap(([method, structure]) =>
      Array.from({ length: settings.seeds }, (_, i): Cell => {
        const { samples, steps } = settings;
        return {
          id: idOf(method, structure, i),
          experiment: ringTraining as Experiment,
          config: { method, structure, samples, steps },
          seed: seed + i,
        };
      }),
    ),
  summarise(results, settings) {
    const rows = rowsOf(settings).map(([method, structure]) => {
      const of = (metric: string): number[] => valuesOf(results, settings, [method, structure], metric);
      return { method, structure, of };
    });
    return {
      metrics: Object.fromEntries(
        rows.flatMap(({ method, structure, of }) =>
          of("evidence").length === 0 ? [] : [[`${method} ${structure}: evidence`, median(of("evidence"))]],
        ),
      ),
      tables: [
        {
          title:
            "Medians over seeds; accuracy on the whole circle is of points all around, data of 120 degrees",
          columns: ["method", "curvature", "evidence", "range, degrees", "accuracy", "on the whole circle"],
          rows: rows
            .filter(({ of }) => of("accuracy").length > 0)
            .map(({ method, structure, of }) => [
              ...[method, structure],
              ...["evidence", "degrees", "accuracy", "circleAccuracy"].map((metric) =>
                of(metric).length === 0 ? "" : Number(median(of(metric)).toFixed(3)),
              ),
            ]),
        },
      ],
      figures: [],
    };
  },
}) as Study;

/** Augerino has no curvature. */
function rowsOf({ methods, structures }: Config): [RingMethod, string][] {
  return [...new Set(methods)].flatMap((method) =>
    (method === "augerino" ? structures.slice(0, 1) : [...new Set(structures)]).map(
      (structure): [RingMethod, string] => [method, structure],
    ),
  );
}

function valuesOf(
  results: CellResults,
  { seeds }: Config,
  [method, structure]: [RingMethod, string],
  metric: string,
): number[] {
  return Array.from({ length: seeds }, (_, i) => i).flatMap((i) => {
    const value = doneOf(results, idOf(method, structure, i))?.evaluation?.metrics[metric];
    return value === undefined ? [] : [value];
  });
}
