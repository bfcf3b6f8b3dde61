/** Unspool: gradients and optimizers for computations that run in a loop. */
export * from "./errors.ts";
export * from "./array/index.ts";
export * from "./optimizers/index.ts";
