/** One flow trained on one density: what the experiments of this folder have in common. */
import {
  type DensityTarget,
  type Evaluation,
  type FabBufferOptions,
  type FabLossName,
  type FabOptions,
  type Figure,
  type Flow,
  type FlowDiagnosis,
  type FlowParams,
  type Key,
  type Measured,
  type Setup,
  type TransitionName,
  adam,
  ais,
  densityTargets,
  diagnoseFlow,
  fab,
  fabFillingSteps,
  random,
  realNvp,
  splineFlow,
  transitions,
  fabLosses,
} from "unspool";
import { z } from "zod";
import { type DensityView, densityFigure, trainingFigures } from "./densityFigures.ts";

export interface FabFields {
  loss: z.ZodDefault<z.ZodEnum<{ [Name in FabLossName]: Name }>>;
  hasBuffer: z.ZodDefault<z.ZodBoolean>;
  steps: z.ZodDefault<z.ZodInt>;
  batch: z.ZodDefault<z.ZodInt>;
  updates: z.ZodDefault<z.ZodInt>;
  learningRate: z.ZodDefault<z.ZodNumber>;
  alpha: z.ZodDefault<z.ZodNumber>;
  levels: z.ZodDefault<z.ZodInt>;
  transition: z.ZodDefault<z.ZodEnum<{ [Name in TransitionName]: Name }>>;
  stepSize: z.ZodDefault<z.ZodNumber>;
  isTuned: z.ZodDefault<z.ZodBoolean>;
  layers: z.ZodDefault<z.ZodInt>;
  hidden: z.ZodDefault<z.ZodArray<z.ZodInt>>;
  samples: z.ZodDefault<z.ZodInt>;
}

/** Fields of every config, with the defaults of one experiment. */
export function fabFields(defaults: Partial<FabSettings>): FabFields {
  const of = { ...common, ...defaults };
  return {
    loss: z.enum(fabLosses.names).default(of.loss).describe("what is minimised"),
    hasBuffer: z.boolean().default(of.hasBuffer).describe("whether chains' points are used again (fab only)"),
    steps: z.int().min(1).default(of.steps).describe("outer steps after the buffer is full"),
    batch: z.int().min(2).default(of.batch).describe("chains per outer step, and points per update"),
    updates: z.int().min(1).default(of.updates).describe("updates of an outer step, with a buffer"),
    learningRate: z.number().positive().default(of.learningRate).describe("of Adam"),
    alpha: z.number().positive().default(of.alpha).describe("of the divergence"),
    levels: z.int().min(1).default(of.levels).describe("distributions between flow and target"),
    transition: z.enum(transitions.names).default(of.transition).describe("what moves the chains"),
    stepSize: z.number().positive().default(of.stepSize).describe("first step size of the transition"),
    isTuned: z.boolean().default(of.isTuned).describe("whether step sizes follow the acceptance"),
    layers: z.int().min(1).default(of.layers).describe("layers of the flow"),
    hidden: z
      .array(z.int().min(1))
      .default([...of.hidden])
      .describe("widths of its networks"),
    samples: z.int().min(1000).default(of.samples).describe("points that the flow is measured by"),
  };
}

export interface FabSettings {
  loss: FabLossName;
  hasBuffer: boolean;
  steps: number;
  batch: number;
  updates: number;
  learningRate: number;
  alpha: number;
  levels: number;
  transition: TransitionName;
  stepSize: number;
  isTuned: boolean;
  layers: number;
  hidden: readonly number[];
  samples: number;
}

const common: FabSettings = {
  ...{ loss: "fab", hasBuffer: true, steps: 800, batch: 128, updates: 4, learningRate: 1e-3, alpha: 2 },
  ...{ levels: 2, transition: "metropolis", stepSize: 2, isTuned: false },
  ...{ layers: 4, hidden: [64, 64], samples: 10_000 },
};

export interface FabRun {
  flow: Flow;
  target: DensityTarget;
  options: FabOptions;
  /** Outer steps, those that fill the buffer included. */
  steps: number;
}

export type TargetName = (typeof densityTargets.entries)[number]["name"];

/** The parts of a run. */
export function fabRun(settings: FabSettings, name: TargetName, dim?: number): FabRun {
  const target = densityTargets.entry(name).create(dim);
  const { layers, hidden, batch, loss } = settings;
  const flow =
    name === "dihedral"
      ? splineFlow({ dim: target.dim, layers, hidden, isCircular: true })
      : realNvp({ dim: target.dim, layers, hidden });
  const { stepSize, isTuned } = settings;
  const transition = transitions.create(settings.transition, { stepSize, isTuned });
  const buffer: FabBufferOptions | null =
    settings.hasBuffer && loss === "fab" ? { updates: settings.updates } : null;
  const options: FabOptions = {
    ...{ flow, batch, loss, buffer },
    logDensity: (x) => target.logDensity(x),
    sampler: ais({ levels: settings.levels, transition, alpha: settings.alpha }),
    optimizer: adam({ learningRate: settings.learningRate }),
    ...(target.sample && { targetSamples: (key: Key, count: number) => target.sample!(key, count) }),
  };
  return { flow, target, options, steps: settings.steps + fabFillingSteps(options) };
}

/** A setup that trains, measures and draws. */
export function fabSetup(settings: FabSettings, run: FabRun, view: DensityView, key: Key): Setup<FlowParams> {
  const { flow, target, options, steps } = run;
  const diagnose = (theta: FlowParams): FlowDiagnosis =>
    diagnoseFlow({ flow, theta, target, key: random.foldIn(key, "measure"), samples: settings.samples });
  return {
    theta: flow.init(random.foldIn(key, "flow")),
    method: fab(options),
    steps,
    evaluate: (theta) => evaluationOf(diagnose(theta), target),
    figures: ({ theta, metrics }): Figure[] => [
      densityFigure({
        ...{ id: "density", flow, theta, target, view },
        title: "Target and flow",
        caption: "Contours of the target over the density of the flow, with points of the flow.",
      }),
      ...trainingFigures(metrics),
    ],
  };
}

/** The numbers of a diagnosis with their errors. */
export function evaluationOf(found: FlowDiagnosis, { logZ }: DensityTarget): Evaluation {
  const { coverage } = found;
  const rows: [label: string, name: string, measured: Measured | undefined][] = [
    ["effective share of the flow's points", "effectiveShare", found.effectiveShare],
    ["log Z", "logZ", found.logZ],
    [
      "log Z, off by",
      "logZError",
      logZ === undefined ? undefined : { ...found.logZ, value: found.logZ.value - logZ },
    ],
    ["mean log q of the target's points", "meanLogQ", found.meanLogQ],
    ["forward KL", "forwardKl", found.forwardKl],
    ["effective share of the target's points", "forwardShare", found.forwardShare],
  ];
  const known = rows.flatMap(([label, name, measured]) =>
    measured === undefined ? [] : [{ label, name, ...measured }],
  );
  return {
    metrics: {
      ...Object.fromEntries(known.flatMap(({ name, value, error }) => [[name, value], [`${name}StandardError`, error]])), // prettier-ignore
      ...(coverage && { modesCovered: coverage.covered, modes: coverage.modes }),
    },
    table: {
      title: "The flow, measured",
      columns: ["measure", "value", "standard error"],
      rows: [
        ...known.map(({ label, value, error }) => [label, rounded(value), rounded(error)]),
        ...(coverage
          ? [["modes with a tenth of their share", `${coverage.covered} of ${coverage.modes}`, ""]]
          : []),
        ...(coverage ? coverage.ratios.slice(0, 9).map(({ value, error }, i) => [`mode ${i + 1}, share over the right one`, rounded(value), rounded(error)]) : []), // prettier-ignore
      ],
    },
  };
}

const rounded = (value: number): number => Number(value.toPrecision(4));
