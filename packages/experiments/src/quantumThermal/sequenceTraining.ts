/** A sequence of states of one model: the Ising model cooled down in imaginary time, or evolving in real time. */
import {
  type ComplexPair,
  type Experiment,
  type Figure,
  type QhbmTheta,
  type QuantumModel,
  type SequenceTarget,
  type StepRecord,
  defineExperiment,
  qhbm,
  qmhl,
  stateSequence,
  tfim,
  tfimTerms,
  thermalState,
  trotterStep,
  vqt,
} from "unspool";
import { z } from "zod";
import { metricOf } from "../shared/records.ts";
import { ruleFields, stateRule } from "./stateRules.ts";

export interface SequenceFields {
  qubits: z.ZodDefault<z.ZodInt>;
  bias: z.ZodDefault<z.ZodNumber>;
  layers: z.ZodDefault<z.ZodInt>;
  initSteps: z.ZodDefault<z.ZodInt>;
  stepsPerState: z.ZodDefault<z.ZodInt>;
  betas: z.ZodDefault<z.ZodArray<z.ZodNumber>>;
  totalTime: z.ZodDefault<z.ZodNumber>;
  timeSteps: z.ZodDefault<z.ZodInt>;
  slices: z.ZodDefault<z.ZodInt>;
}

export const sequenceFields: SequenceFields = {
  qubits: z.int().min(2).max(8).default(4),
  bias: z.number().default(1).describe("strength of the transverse field"),
  layers: z.int().min(0).default(3),
  initSteps: z.int().min(1).default(200).describe("outer steps on the first state"),
  stepsPerState: z.int().min(1).default(20).describe("outer steps on each state after it"),
  betas: z
    .array(z.number().positive())
    .min(1)
    .default([0.5, 1.083, 1.667, 2.25])
    .describe("of imaginary time: inverse temperatures, in order"),
  totalTime: z.number().positive().default(3).describe("of real time: how long the state evolves"),
  timeSteps: z.int().min(1).default(12).describe("of real time: states along the way"),
  slices: z.int().min(1).default(1).describe("of real time: Trotter steps between two of them"),
};

const config = z.strictObject({
  time: z.enum(["imaginary", "real"]).default("imaginary"),
  isWarmStart: z.boolean().default(true).describe("each state begins at the one before it"),
  ...sequenceFields,
  ...ruleFields,
});

type Config = z.infer<typeof config>;

type Model = QuantumModel<QhbmTheta>;

interface Sequence {
  targets: readonly SequenceTarget<QhbmTheta>[];
  /** What the last state ought to be, by relative entropy and fidelity. */
  measures(theta: QhbmTheta): { relativeEntropy: number; fidelity: number };
}

function imaginaryTime(model: Model, { qubits, bias, betas }: Config): Sequence {
  const hamiltonian = tfim({ qubits, bias });
  const targets = betas.map((beta) => vqt({ model, hamiltonian, beta }));
  return { targets, measures: (theta) => targets.at(-1)!.measures(theta) };
}

/**
 * A thermal state at β = 1, and then the model's own state pushed through a Trotter step, again and again. Fidelity is to
 * the true thermal state after as many steps: errors of the model add up in it, those of Trotter's formula do not.
 */
function realTime(model: Model, { qubits, bias, totalTime, timeSteps, slices }: Config): Sequence {
  const hamiltonian = tfim({ qubits, bias });
  const { coupling, field } = tfimTerms({ qubits });
  const turned = { re: field.re.mul(bias) };
  const { evolve } = trotterStep([turned, coupling], totalTime / timeSteps, slices);
  let truth: ComplexPair = thermalState(hamiltonian, 1).state;
  const references = Array.from({ length: timeSteps }, () => (truth = evolve(truth)));
  return {
    targets: [
      vqt({ model, hamiltonian, beta: 1 }),
      ...references.map(
        (reference) => (previous: ComplexPair) => qmhl({ model, sigma: evolve(previous), reference }),
      ),
    ],
    measures: (theta) => qmhl({ model, sigma: truth }).measures(theta),
  };
}

export const sequenceTraining: Experiment<unknown, QhbmTheta> = defineExperiment<Config, QhbmTheta>({
  name: "sequence-training",
  summary: "states of the Ising model one after the other, cooling down or evolving in time",
  paper: "Sbahi et al. (2022), imaginary- and real-time sequences at four qubits",
  config,
  setup(settings, key) {
    const { qubits, layers, initSteps, stepsPerState, isWarmStart } = settings;
    const model = qhbm({ qubits, layers });
    const { targets, measures } =
      settings.time === "imaginary" ? imaginaryTime(model, settings) : realTime(model, settings);
    const method = stateSequence({
      model,
      targets,
      rule: stateRule(settings),
      initSteps,
      steps: stepsPerState,
      isWarmStart,
    });
    return {
      theta: model.init(key),
      method,
      steps: method.steps,
      evaluate: (theta) => ({ metrics: measures(theta) }),
      figures: ({ metrics }) => [figureOf(settings, metrics)],
    };
  },
}) as Experiment<unknown, QhbmTheta>;

/** The last record of each state. */
export function lastOfEach(records: readonly StepRecord[]): StepRecord[] {
  return records.filter((record, i) => {
    const next = records[i + 1];
    return next === undefined || metricOf(next, "target") !== metricOf(record, "target");
  });
}

function figureOf({ time, isWarmStart }: Config, records: readonly StepRecord[]): Figure {
  const steps = records.map(({ step }) => step - 1);
  return {
    id: "sequence",
    title: `States in ${time} time, ${isWarmStart ? "each from the one before" : "each from a new start"}`,
    caption:
      "Relative entropy between the state that is fitted and the model, and 1 - fidelity, along all outer steps.",
    x: { label: "outer steps" },
    y: { label: "distance", scale: "log" },
    series: [
      { name: "relative entropy", x: steps, y: records.map((record) => metricOf(record, "relativeEntropy")) },
      { name: "1 - fidelity", x: steps, y: records.map((record) => 1 - metricOf(record, "fidelity")) },
    ],
  };
}
