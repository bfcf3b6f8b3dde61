/** Networks as plain trees of parameters, and what computes them: once for all rooms above. */
export { attention, initAttention } from "./attention.ts";
export type { AttentionOptions, AttentionWeights, InitAttentionOptions } from "./attention.ts";
export { bidirectional } from "./bidirectional.ts";
export { initConvolution } from "./convolution.ts";
export type { InitConvolutionOptions } from "./convolution.ts";
export { initEmbedding } from "./embedding.ts";
export type { InitEmbeddingOptions } from "./embedding.ts";
export { gru, gruCell, initGru } from "./gru.ts";
export type { GruWeights } from "./gru.ts";
export { fanInNormal, glorotUniform, heNormal, orthogonal } from "./initialisers.ts";
export type { Initialiser } from "./initialisers.ts";
export { initLayerNorm, layerNorm } from "./layerNorm.ts";
export type { LayerNormOptions, LayerNormWeights } from "./layerNorm.ts";
export { initLstm, lstm, lstmCell } from "./lstm.ts";
export type { LstmState, LstmWeights } from "./lstm.ts";
export { applyMlp, initMlp } from "./mlp.ts";
export type { InitMlpOptions, Layer } from "./mlp.ts";
export { recurrent } from "./recurrent.ts";
export type { RecurrentCell, RecurrentOptions } from "./recurrent.ts";
export { initTransformerBlock, transformerBlock } from "./transformerBlock.ts";
export type {
  InitTransformerBlockOptions,
  TransformerBlockOptions,
  TransformerBlockWeights,
} from "./transformerBlock.ts";
