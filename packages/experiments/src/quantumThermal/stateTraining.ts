/** One model of a thermal state of the Ising model, prepared (VQT) or fitted (QMHL) by one method. */
import {
  type Experiment,
  type Figure,
  type HermitianMatrix,
  type QhbmTheta,
  type StepRecord,
  OptionError,
  defineExperiment,
  qhbm,
  qmhl,
  quantumDescent,
  tfim,
  thermalState,
  vqt,
} from "unspool";
import { z } from "zod";
import { metricOf } from "../shared/records.ts";
import { ruleFields, stateRule } from "./stateRules.ts";

const config = z.strictObject({
  task: z.enum(["vqt", "qmhl"]).default("vqt").describe("from the Hamiltonian, or from the state itself"),
  beta: z.number().positive().default(1).describe("inverse temperature"),
  bias: z.number().default(1).describe("strength of the transverse field"),
  qubits: z.int().min(2).max(8).default(4).describe("sites of the ring, or of the torus"),
  rows: z.int().min(1).default(1).describe("rows of a torus; 1 for a ring"),
  layers: z.int().min(0).default(3).describe("layers of the circuit"),
  steps: z.int().min(1).default(60).describe("outer steps: gradients of the target that are measured"),
  mode: z.enum(["exact", "sampled"]).default("exact"),
  shots: z.int().min(2).default(500).describe("of sampled: measurements of each expectation"),
  measureEvery: z.int().min(0).default(1).describe("outer steps between measurements of the fidelity"),
  ...ruleFields,
});

type Config = z.infer<typeof config>;

/** The Hamiltonian of a ring or torus. */
function isingOf({ qubits, rows, bias }: Config): HermitianMatrix {
  if (rows > 1 && (qubits % rows !== 0 || qubits / rows < 2))
    throw new OptionError(
      "state-training",
      "rows",
      rows,
      `1, or a divisor of qubits = ${qubits} that leaves at least 2 columns`,
    );
  return tfim(rows === 1 ? { qubits, bias } : { torus: [rows, qubits / rows], bias });
}

export const stateTraining: Experiment<unknown, QhbmTheta> = defineExperiment<Config, QhbmTheta>({
  name: "state-training",
  summary: "a thermal state of the Ising model, prepared or fitted by one method",
  paper: "Sbahi et al. (2022), the transverse-field Ising model at four qubits",
  config,
  setup(settings, key) {
    const { qubits, layers, beta, mode, shots, measureEvery, steps } = settings;
    const model = qhbm({ qubits, layers });
    const hamiltonian = isingOf(settings);
    const options = { model, mode, measureEvery, ...(mode === "sampled" && { shots }) };
    const task =
      settings.task === "vqt"
        ? vqt({ ...options, hamiltonian, beta })
        : qmhl({ ...options, sigma: thermalState(hamiltonian, beta).state });
    return {
      theta: model.init(key),
      method: quantumDescent(task, stateRule(settings)),
      steps,
      evaluate: (theta) => ({ metrics: task.measures(theta) }),
      figures: ({ metrics }) => [figureOf(settings, metrics)],
    };
  },
}) as Experiment<unknown, QhbmTheta>;

/** Records of steps that have measured a metric. */
export function measured(records: readonly StepRecord[], name: string): { x: number[]; y: number[] } {
  const found = records.filter((record) => Number.isFinite(metricOf(record, name)));
  return { x: found.map(({ step }) => step - 1), y: found.map((record) => metricOf(record, name)) };
}

function figureOf({ task, beta, method }: Config, records: readonly StepRecord[]): Figure {
  return {
    id: "relative-entropy",
    title: `Distance from the thermal state at β = ${beta}, by ${method}`,
    caption:
      task === "vqt"
        ? "Relative entropy of the model from the thermal state, and 1 - fidelity, by outer steps; both are 0 at the target."
        : "Relative entropy of the thermal state from the model, and 1 - fidelity, by outer steps; both are 0 at the target.",
    x: { label: "outer steps" },
    y: { label: "distance", scale: "log" },
    series: [
      { name: "relative entropy", ...measured(records, "relativeEntropy") },
      { name: "1 - fidelity", ...complement(measured(records, "fidelity")) },
    ],
  };
}

const complement = ({ x, y }: { x: number[]; y: number[] }) => ({ x, y: y.map((value) => 1 - value) });
