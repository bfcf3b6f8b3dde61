/** Cells of studies on many machines, through a queue on Redis. */
export { queueAddress } from "./queueUrl.ts";
export type { QueueAddress } from "./queueUrl.ts";
export { redisStore } from "./redisStore.ts";
export type { RedisStoreOptions } from "./redisStore.ts";
export { cellQueue } from "./cellQueue.ts";
export type { CellQueue, CellQueueOptions } from "./cellQueue.ts";
export { workOnCells } from "./cellWorker.ts";
export type { CellWorkerOptions } from "./cellWorker.ts";
export { JobError, differences, queueOf, requireCellJob } from "./cellJob.ts";
export type { Capability, CellJob } from "./cellJob.ts";
export { QueueError, inspectQueue } from "./inspectQueue.ts";
export type { QueueState, WaitingCells } from "./inspectQueue.ts";
export { listNeeds, listWorkers } from "./registry.ts";
export type { WorkerInfo } from "./registry.ts";
