/**
 * Thermal states of the Ising model by natural gradients, mirror descent, Adam and plain gradients: how near each comes with
 * as many measurements of the target, for the Hamiltonian (VQT) and for the state (QMHL), from high to low temperature.
 */
import {
  type Cell,
  type CellResult,
  type CellResults,
  type Experiment,
  type Figure,
  type Study,
  defineStudy,
} from "unspool";
import { z } from "zod";
import { doneOf, repetitionSeed } from "../shared/records.ts";
import { mean } from "../shared/series.ts";
import { type MethodName, methodNames } from "./stateRules.ts";
import { measured, stateTraining } from "./stateTraining.ts";

const taskNames = ["vqt", "qmhl"] as const;
type TaskName = (typeof taskNames)[number];

const config = z.strictObject({
  tasks: z.array(z.enum(taskNames)).min(1).default(["vqt", "qmhl"]),
  methods: z.array(z.enum(methodNames)).min(1).default(["natural", "mirror", "adam", "sgd"]),
  betas: z
    .array(z.number().positive())
    .min(1)
    .default([0.5, 1.083, 1.667, 2.25])
    .describe("inverse temperatures"),
  seeds: z.int().min(1).default(3).describe("starts of each"),
  qubits: z.int().min(2).max(8).default(4),
  rows: z.int().min(1).default(1).describe("rows of a torus; 1 for a ring"),
  layers: z.int().min(0).default(3),
  steps: z.int().min(1).default(60).describe("outer steps"),
});

type Config = z.infer<typeof config>;

interface Way {
  task: TaskName;
  method: MethodName;
  beta: number;
}

const waysOf = ({ tasks, methods, betas }: Config): Way[] =>
  tasks.flatMap((task) => methods.flatMap((method) => betas.map((beta) => ({ task, method, beta }))));

const idOf = ({ task, method, beta }: Way, seed: number): string =>
  `${task}-${method}-beta-${String(beta).replace(".", "-")}-${seed}`;

export const quantumThermal: Study = defineStudy<Config>({
  name: "quantum-thermal",
  summary: "thermal states by natural gradients, mirror descent, Adam and plain gradients",
  paper: "Sbahi et al. (2022), VQT and QMHL on the transverse-field Ising model, at four qubits",
  config,
  cells: (settings, seed) =>
    waysOf(settings).flatMap((way) =>
      Array.from({ length: settings.seeds }, (_, i): Cell => {
        const { qubits, rows, layers, steps } = settings;
        return {
          id: idOf(way, i),
          experiment: stateTraining as Experiment,
          config: { ...way, qubits, rows, layers, steps },
          seed: repetitionSeed(seed, i),
        };
      }),
    ),
  summarise(results, settings) {
    const ended = waysOf(settings).flatMap((way) => {
      const cells = cellsOf(results, settings, way);
      if (cells.length === 0) return [];
      const last = (name: string): number => mean(cells.map(({ evaluation }) => evaluation!.metrics[name]!));
      return [{ ...way, cells, relativeEntropy: last("relativeEntropy"), fidelity: last("fidelity") }];
    });
    return {
      metrics: Object.fromEntries(
        ended.map(({ task, method, beta, relativeEntropy }) => [
          `${task} ${method} ${beta}`,
          relativeEntropy,
        ]),
      ),
      tables: [
        {
          title: `After ${settings.steps} outer steps, means over starts`,
          columns: ["task", "method", "beta", "relative entropy", "fidelity"],
          rows: ended.map(({ task, method, beta, relativeEntropy, fidelity }) => [
            task,
            method,
            beta,
            Number(relativeEntropy.toPrecision(3)),
            Number(fidelity.toPrecision(4)),
          ]),
        },
      ],
      figures: settings.tasks.flatMap((task) => figuresOf(settings, task, ended)),
    };
  },
}) as Study;

type Ended = Way & { cells: readonly CellResult[]; relativeEntropy: number };

const cellsOf = (results: CellResults, { seeds }: Config, way: Way): CellResult[] =>
  Array.from({ length: seeds }, (_, i) => i).flatMap((i) => {
    const found = doneOf(results, idOf(way, i));
    return found?.evaluation === undefined ? [] : [found];
  });

const words: Record<TaskName, string> = {
  vqt: "a thermal state prepared from its Hamiltonian (VQT)",
  qmhl: "a thermal state fitted from the state itself (QMHL)",
};

function figuresOf({ betas }: Config, task: TaskName, all: readonly Ended[]): Figure[] {
  const ended = all.filter((one) => one.task === task);
  if (ended.length === 0) return [];
  const chosen = [...new Set([Math.min(...betas), Math.max(...betas)])];
  const methods = [...new Set(ended.map(({ method }) => method))];
  const curves = chosen.map((beta): Figure => ({
    id: `${task}-beta-${String(beta).replace(".", "-")}`,
    title: `Relative entropy along the way at β = ${beta}: ${words[task]}`,
    caption:
      "Mean over starts, by outer steps: each method measures the target once in a step, so that this is the cost that counts.",
    x: { label: "outer steps" },
    y: { label: "relative entropy", scale: "log" },
    series: ended
      .filter((one) => one.beta === beta)
      .map(({ method, cells }) => ({ name: method, ...meanCurve(cells) })),
  }));
  const last: Figure = {
    id: `${task}-by-temperature`,
    title: `Relative entropy at the end: ${words[task]}`,
    caption:
      "Mean over starts, by inverse temperature: low temperatures, on the right, are where the geometry matters.",
    x: { label: "inverse temperature β" },
    y: { label: "relative entropy", scale: "log" },
    series: methods.map((method) => {
      const own = ended.filter((one) => one.method === method).toSorted((a, b) => a.beta - b.beta);
      return {
        name: method,
        x: own.map(({ beta }) => beta),
        y: own.map(({ relativeEntropy }) => relativeEntropy),
      };
    }),
  };
  return [...curves, last];
}

/** Means over cells, which all have the same steps. */
function meanCurve(cells: readonly CellResult[]): { x: number[]; y: number[] } {
  const curves = cells.map(({ metrics }) => measured(metrics, "relativeEntropy"));
  const shortest = Math.min(...curves.map(({ x }) => x.length));
  return {
    x: curves[0]!.x.slice(0, shortest),
    y: Array.from({ length: shortest }, (_, i) => mean(curves.map(({ y }) => y[i]!))),
  };
}
