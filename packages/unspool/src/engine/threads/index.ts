/** Worker threads over one shared WebAssembly memory. */
export { barrierBytes, emitBarrier, prepareBarrier } from "./barrier.ts";
export { threadPace } from "./pace.ts";
export type { ThreadPace } from "./pace.ts";
export { createPool, sharedPool } from "./pool.ts";
export type { Pool, PoolProgram } from "./pool.ts";
