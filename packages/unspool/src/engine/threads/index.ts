/** Worker threads over one shared WebAssembly memory. */
export { barrierBytes, emitBarrier, prepareBarrier } from "./barrier.ts";
export { createPool, sharedPool } from "./pool.ts";
export type { Pool, PoolProgram } from "./pool.ts";
