/** What the two sequence studies share: cells with warm starts and without, by several methods, and curves over states. */
import {
  type Cell,
  type CellResult,
  type CellResults,
  type Experiment,
  type Figure,
  type Series,
} from "unspool";
import { z } from "zod";
import { doneOf, metricOf, repetitionSeed } from "../shared/records.ts";
import { mean } from "../shared/series.ts";
import { type SequenceFields, lastOfEach, sequenceFields, sequenceTraining } from "./sequenceTraining.ts";
import { type MethodName, methodNames } from "./stateRules.ts";

export interface SequenceStudyFields extends SequenceFields {
  methods: z.ZodDefault<z.ZodArray<z.ZodEnum<{ [N in MethodName]: N }>>>;
  seeds: z.ZodDefault<z.ZodInt>;
}

export const studyFields: SequenceStudyFields = {
  methods: z.array(z.enum(methodNames)).min(1).default(["natural", "mirror"]),
  seeds: z.int().min(1).default(3).describe("starts of each"),
  ...sequenceFields,
};

export interface SequenceStudyConfig {
  methods: readonly MethodName[];
  seeds: number;
  qubits: number;
  bias: number;
  layers: number;
  initSteps: number;
  stepsPerState: number;
  betas: readonly number[];
  totalTime: number;
  timeSteps: number;
  slices: number;
}

const starts = ["warm", "random"] as const;
type Start = (typeof starts)[number];

const waysOf = ({ methods }: SequenceStudyConfig): { method: MethodName; start: Start }[] =>
  methods.flatMap((method) => starts.map((start) => ({ method, start })));

export function sequenceCells(
  time: "imaginary" | "real",
  settings: SequenceStudyConfig,
  seed: number,
): Cell[] {
  const { methods, seeds, ...fields } = settings;
  return waysOf({ methods, seeds, ...fields }).flatMap(({ method, start }) =>
    Array.from({ length: seeds }, (_, i): Cell => ({
      id: `${method}-${start}-${i}`,
      experiment: sequenceTraining as Experiment,
      config: { ...fields, time, method, isWarmStart: start === "warm" },
      seed: repetitionSeed(seed, i),
    })),
  );
}

export interface SequenceResults {
  method: MethodName;
  start: Start;
  /** At the last record of each state, means over cells. */
  relativeEntropies: number[];
  fidelities: number[];
  /** Of the last state, after the last step. */
  fidelity: number;
  relativeEntropy: number;
}

export function sequenceResults(results: CellResults, settings: SequenceStudyConfig): SequenceResults[] {
  return waysOf(settings).flatMap(({ method, start }) => {
    const cells = Array.from({ length: settings.seeds }, (_, i) => i).flatMap((i) => {
      const found = doneOf(results, `${method}-${start}-${i}`);
      return found?.evaluation === undefined ? [] : [found];
    });
    if (cells.length === 0) return [];
    const last = (name: string): number => mean(cells.map(({ evaluation }) => evaluation!.metrics[name]!));
    return [
      {
        ...{ method, start },
        relativeEntropies: alongStates(cells, "relativeEntropy"),
        fidelities: alongStates(cells, "fidelity"),
        fidelity: last("fidelity"),
        relativeEntropy: last("relativeEntropy"),
      },
    ];
  });
}

function alongStates(cells: readonly CellResult[], name: string): number[] {
  const curves = cells.map(({ metrics }) => lastOfEach(metrics).map((record) => metricOf(record, name)));
  return curves[0]!.map((_, k) => mean(curves.map((curve) => curve[k]!)));
}

/** A figure over the states, a line for each method and start. */
export function sequenceFigure(
  figure: Omit<Figure, "series">,
  x: readonly number[],
  of: readonly SequenceResults[],
  values: (one: SequenceResults) => number[],
): Figure {
  const series = of.map((one): Series => ({
    name: `${one.method}, ${one.start} start`,
    x: [...x],
    y: values(one),
  }));
  return { ...figure, series };
}
