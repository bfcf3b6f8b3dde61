/** Bias and variance of meta-gradients without sampling error: all lifetimes of a bandit learner are enumerated. */
import {
  type Cell,
  type CellResults,
  type Experiment,
  type Figure,
  type MetaGradientSwitches,
  type StepRecord,
  type Study,
  type Tensor,
  defineStudy,
} from "unspool";
import { z } from "zod";
import { namedSwitches, uncorrected } from "../shared/metaGradientFields.ts";
import { doneOf } from "../shared/records.ts";
import { grid, thin } from "../shared/series.ts";
import { column, enumeration, restSearch } from "./enumeration.ts";
import { exactFields, metaGradientExact } from "./metaGradientExact.ts";

/** Where biases and variances are compared: between the rest of the exact gradient and that of the naive one. */
const shown = 1.5;
const coefficients = [0, 0.2, 0.4, 0.6, 0.8, 1];
const lambda = (coefficient: number) => ({ samplingCorrection: { coefficient } });
const past = ({ pastReturns }: { pastReturns: Tensor }): Tensor => pastReturns;

/** The bias-variance plane. */
const plane: readonly (readonly [name: string, kind: "line" | "dots", MetaGradientSwitches[]])[] = [
  ["correction 0 … 1", "line", coefficients.map(lambda)],
  [
    "window 5, correction 0 … 1",
    "line",
    coefficients.map((c) => ({ ...lambda(c), truncation: { length: 5 } })),
  ],
  [
    "window 3, correction 0 … 1",
    "line",
    coefficients.map((c) => ({ ...lambda(c), truncation: { length: 3 } })),
  ],
  ["meta-discount .5, .8, .95", "dots", [0.5, 0.8, 0.95].map((metaDiscount) => ({ metaDiscount }))],
  ["DiCE", "dots", [{ hessian: "dice", ...uncorrected }]],
  ["DiCE and correction", "dots", [{ hessian: "dice" }]],
  ["correction, constant baseline", "dots", [{ baseline: "constant" }]],
  ["correction, own past rewards as baseline", "dots", [{ baseline: past }]],
];

/** Windows and coefficients. */
const lengths = [2, 3, 4, 5, 6];
const truncated = [0, 0.2, 0.6, 1];

const config = z.strictObject(exactFields);

export const metaGradientEnumerated: Study = defineStudy<z.infer<typeof config>>({
  name: "meta-gradient-enumerated",
  summary: "bias and variance of meta-gradients, by enumeration of a small bandit learner",
  paper: "Vuorio, Beck, Whiteson, Foerster, Farquhar (2022), the claims on an enumerable problem",
  config,
  cells(settings, seed) {
    const cell = (id: string, experiment: unknown): Cell => ({
      id,
      experiment: experiment as Experiment,
      seed,
    });
    return [
      { ...cell("run", metaGradientExact), config: settings },
      ...namedSwitches.map(([name, switches]) => cell(restId(name), restSearch(name, switches))),
      cell(
        "surface",
        enumeration(
          "surface",
          grid(-2, 4, 49).map((eta) => ({ eta })),
        ),
      ),
      {
        ...cell("path", undefined),
        after: ["run"],
        experiment: (results) =>
          enumeration(
            "path",
            pathOf(results).map((eta) => ({ eta })),
          ) as Experiment,
      },
      cell(
        "plane",
        enumeration(
          "plane",
          plane.flatMap(([, , all]) => all.map((switches) => ({ eta: shown, switches }))),
        ),
      ),
      cell(
        "truncation",
        enumeration(
          "truncation",
          truncated.flatMap((coefficient) =>
            lengths.map((length) => ({
              eta: shown,
              switches: { ...lambda(coefficient), truncation: { length } },
            })),
          ),
        ),
      ),
    ];
  },
  summarise(results) {
    const run = doneOf(results, "run")?.evaluation;
    const rests = restsOf(results);
    const [surface, path, compared, windows] = ["surface", "path", "plane", "truncation"].map(
      (id) => doneOf(results, id)?.metrics,
    );
    return {
      metrics: { ...run?.metrics },
      tables: [
        {
          title: "Expected return per update",
          columns: ["", "eta", "return"],
          rows: [
            ...(run?.table?.rows ?? []),
            ...rests.map(({ name, eta, value }) => [`rest of ${name}`, eta, value]),
          ],
        },
      ],
      figures: [
        ...(surface ? [surfaceFigure(surface, path ?? [], rests)] : []),
        ...(compared ? [planeFigure(compared)] : []),
        ...(windows ? [truncationFigure(windows)] : []),
      ],
    };
  },
}) as Study;

const restId = (name: string): string => `rest-of-${name.toLowerCase().replaceAll(" ", "-")}`;

/** Etas of the run. */
function pathOf(results: CellResults): number[] {
  const records = doneOf(results, "run")?.metrics ?? [];
  return thin([...records], 60).map(({ theta }) => theta!["rates"]![0]!);
}

interface Rest {
  name: string;
  eta: number;
  /** The return there, as of the last bisection. */
  value: number;
}

function restsOf(results: CellResults): Rest[] {
  return namedSwitches.flatMap(([name]) => {
    const last = doneOf(results, restId(name))?.metrics.at(-1);
    return last === undefined ? [] : [{ name, eta: column([last], "eta")[0]!, value: -last.loss }];
  });
}

type Records = readonly StepRecord[];

function surfaceFigure(surface: Records, path: Records, rests: readonly Rest[]): Figure {
  return {
    id: "return",
    title: "Return over eta, and where each estimator comes to rest",
    caption:
      "Dots: eta over the outer steps. Only the full sampling correction rests at the maximum; naive and DiCE pass by " +
      "it to larger learning rates, as their trajectories do in Vuorio et al. (return surface of the bandit).",
    x: { label: "eta (learning rate softplus(eta))" },
    y: { label: "mean reward per update" },
    series: [
      { name: "expected return", x: column(surface, "eta"), y: column(surface, "return") },
      { name: "this run", kind: "dots", x: column(path, "eta"), y: column(path, "return") },
    ],
    references: rests.map(({ name, eta }) => ({ axis: "x" as const, value: eta, label: name })),
  };
}

function planeFigure(records: Records): Figure {
  let first = 0;
  return {
    id: "bias-variance",
    title: `Bias and variance of one lifetime's estimate at eta ${shown}`,
    caption:
      "Exact. More correction (down, right) takes bias away and costs variance; truncation keeps bias; DiCE has the " +
      "naive estimate's bias and more variance; a constant baseline saves variance for nothing, one from the agent's " +
      "past is biased. The bias-variance plane of Vuorio et al.; meta-discounts lie beside coefficients.",
    x: { label: "variance of one lifetime" },
    y: { label: "absolute bias" },
    series: plane.map(([name, kind, all]) => {
      const own = records.slice(first, (first += all.length));
      return { name, kind, x: column(own, "variance"), y: column(own, "bias") };
    }),
  };
}

function truncationFigure(records: Records): Figure {
  const means = column(records, "mean");
  return {
    id: "truncation",
    title: `Expected meta-gradient at eta ${shown} by window and coefficient`,
    caption:
      "The exact gradient is negative. Without correction windows of 3 or more have the wrong sign, long ones most; with " +
      "all of it every window has the right one. Windows of 2 cannot see any correction. Truncation and correction together, " +
      "as in the truncation sweep of Vuorio et al.",
    x: { label: "updates per window" },
    y: { label: "expected ascent direction" },
    series: truncated.map((coefficient, i) => ({
      name: `correction ${coefficient}`,
      x: lengths,
      y: means.slice(i * lengths.length, (i + 1) * lengths.length).map((mean) => -mean),
    })),
    references: [
      { axis: "y", value: -column(records, "exact")[0]!, label: "exact" },
      { axis: "y", value: 0, label: "0" },
    ],
  };
}
