/** Arrays without bookkeeping: NumPy's functions, JAX's transformations and random keys, trees. */
export type { DType, TensorData } from "./dtype.ts";
export { Tensor } from "./tensor.ts";
/** @internal A tensor around elements that nobody else writes to: no copy is made. */
export { concrete as tensorOf, isTracing } from "./lift.ts";
export type { Index } from "./indexing.ts";
export type { Axis, NestedNumbers, ReduceOptions, TensorLike } from "./tensor.ts";
export { lax, linalg, np, random } from "./derived/namespaces.ts";
export type { Lax, Linalg, Np, Random } from "./derived/namespaces.ts";
export type { IndexedUpdate } from "./derived/indexedUpdate.ts";
export type { ArrayOptions } from "./np.ts";
export { randomStream } from "./randomStream.ts";
export type { RandomStream } from "./randomStream.ts";
/** @internal */
export { requireKey } from "./random.ts";
export type { DrawOptions, Key } from "./random.ts";
export { nn } from "./nn.ts";
export type { Nn } from "./nn.ts";
/** @internal Checks of labels, for losses outside of `nn`. */
export { orNoClass, requireClasses } from "./labels.ts";
export { convolve, plainLayers } from "./layers.ts";
export { requireLayer, requireOwnLayer } from "./layerChecks.ts";
export type {
  ConvolutionOptions,
  ConvolutionWeights,
  DenseWeights,
  EmbeddingWeights,
  Layers,
  MatrixForm,
  OwnLayer,
  ScaleWeights,
} from "./layers.ts";
export type { ScanOptions } from "./scan.ts";
/** @internal */
export { named as namedTree } from "./namedTrees.ts";
export * as tree from "./trees.ts";
export type { Tensors, Tree, TreeLike } from "./tree.ts";
// prettier-ignore
export {
  customJvp, customVjp, grad, hessian, jacobian, jit, jvp, makeJaxpr, scan, valueAndGrad, vjp, vmap,
} from "./transformations.ts";
export type { Argnums } from "./transforms.ts";
export type { InAxes, OutAxes } from "./mappedAxes.ts";
export type { Traced } from "./trace.ts";
export { plainName } from "./namedDerivatives.ts";
export { traceProgram } from "./program.ts";
export { repeatableTrace, requireRepeatable } from "./repeatable.ts";
export { programWork } from "./programWork.ts";
export type { TracedAtom, TracedBody, TracedEquation, TracedProgram, TracedValue } from "./program.ts";
