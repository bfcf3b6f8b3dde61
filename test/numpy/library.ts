/** What the fuzzer uses of the library: its sources, so that nothing has to be built. */
export {
  type DType,
  type Tensor,
  grad,
  jvp,
  lax,
  linalg,
  nn,
  np,
  scan,
  traceProgram,
  vmap,
} from "../../packages/unspool/src/array/index.ts";
export { UnspoolError } from "../../packages/unspool/src/errors.ts";
export { type ForwardProgram, compiled, compiledExecutor } from "../../packages/unspool/src/unroll/index.ts";
