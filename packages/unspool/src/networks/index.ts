/** Networks as plain trees of parameters, and what computes them: once for all rooms above. */
export { fanInNormal, glorotUniform, heNormal, orthogonal } from "./initialisers.ts";
export type { Initialiser } from "./initialisers.ts";
export { initLstm, lstmCell } from "./lstm.ts";
export type { LstmState, LstmWeights } from "./lstm.ts";
export { applyMlp, initMlp } from "./mlp.ts";
export type { InitMlpOptions, Layer } from "./mlp.ts";
