/** Quantum thermal states on a classical machine: hermitian helpers, models, their information metric, natural and mirror descent. */
export { pauliSum } from "./systems/pauliSum.ts";
export { tfim, tfimTerms } from "./systems/tfim.ts";
export type { TfimOptions } from "./systems/tfim.ts";
export { thermalState } from "./systems/thermalState.ts";
export type { ThermalState } from "./systems/thermalState.ts";
export { trotterStep } from "./systems/trotterStep.ts";
export type { TrotterStep } from "./systems/trotterStep.ts";
export { circuits } from "./models/circuits.ts";
export type { CircuitEntry, CircuitName, CircuitOptions } from "./models/circuits.ts";
export type { EnergyModel } from "./models/energyModel.ts";
export type { Generators, QuantumCircuit } from "./models/quantumCircuit.ts";
export type { QhbmTheta, QuantumModel, SpectralParts } from "./models/quantumModel.ts";
export { qbm } from "./models/qbm.ts";
export type { QbmOptions, QbmTheta } from "./models/qbm.ts";
export { qhbm } from "./models/qhbm.ts";
export type { QhbmOptions } from "./models/qhbm.ts";
export { vqt } from "./tasks/vqt.ts";
export type { VqtOptions } from "./tasks/vqt.ts";
export { qmhl } from "./tasks/qmhl.ts";
export type { QmhlOptions } from "./tasks/qmhl.ts";
export type {
  QuantumMetrics,
  QuantumTarget,
  QuantumTask,
  QuantumTaskOptions,
  QuantumTaskState,
} from "./tasks/quantumTask.ts";
export type { LossSettings, LossTarget, LossValue, QuantumLoss } from "./tasks/quantumLoss.ts";
export { metricReport } from "./descent/metricReport.ts";
export type { MetricReport } from "./descent/metricReport.ts";
export { qngd } from "./descent/qngd.ts";
export type { QngdOptions } from "./descent/qngd.ts";
export { qpmd } from "./descent/qpmd.ts";
export type { QpmdOptions } from "./descent/qpmd.ts";
export { quantumDescent } from "./descent/quantumDescent.ts";
export type { QuantumDescentState } from "./descent/quantumDescent.ts";
export type { Geometry, QuantumRule, RuleUpdate } from "./descent/quantumRule.ts";
export { stateSequence } from "./descent/stateSequence.ts";
export type { SequenceTarget, StateSequenceOptions, StateSequenceState } from "./descent/stateSequence.ts";
export * as hermitian from "./hermitian/index.ts";
export type { ComplexPair, HermitianMatrix, SpectralFunction } from "./hermitian/index.ts";
