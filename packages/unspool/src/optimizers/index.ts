/** Optimizers and schedules. */
export type { Hyperparameter, Optimizer, Schedule } from "./optimizer.ts";
