/** Arrays without bookkeeping: NumPy's functions, JAX's transformations and random keys, trees. */
export type { DType, TensorData } from "./dtype.ts";
export { Tensor } from "./tensor.ts";
/** @internal A tensor around elements that nobody else writes to: no copy is made. */
export { concrete as tensorOf } from "./lift.ts";
export type { Axis, Index, NestedNumbers, ReduceOptions, TensorLike } from "./tensor.ts";
export { np } from "./np.ts";
export type { ArrayOptions, Np } from "./np.ts";
export { random } from "./random.ts";
export { randomStream } from "./randomStream.ts";
export type { RandomStream } from "./randomStream.ts";
export type { DrawOptions, Key } from "./random.ts";
export { nn } from "./nn.ts";
export type { Nn } from "./nn.ts";
export { lax } from "./lax.ts";
export type { Lax } from "./lax.ts";
export { scan } from "./scan.ts";
export type { ScanOptions } from "./scan.ts";
export { linalg } from "./linalg.ts";
export type { Linalg } from "./linalg.ts";
export * as tree from "./tree.ts";
export type { Tensors, Tree, TreeLike } from "./tree.ts";
export { customVjp, grad, hessian, jacobian, jit, jvp, valueAndGrad, vjp, vmap } from "./transforms.ts";
export { makeJaxpr } from "./trace.ts";
export type { Traced } from "./trace.ts";
export { plainName } from "./namedDerivatives.ts";
export { traceProgram } from "./program.ts";
export { programWork } from "./programWork.ts";
export type { TracedAtom, TracedBody, TracedEquation, TracedProgram, TracedValue } from "./program.ts";
