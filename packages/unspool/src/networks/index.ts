/** Networks as plain trees of parameters, and what computes them: once for all rooms above. */
export { initLstm, lstmCell } from "./lstm.ts";
export type { LstmState, LstmWeights } from "./lstm.ts";
export { applyMlp, initMlp } from "./mlp.ts";
export type { Layer } from "./mlp.ts";
