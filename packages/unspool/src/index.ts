/** Unspool: gradients and optimizers for computations that run in a loop. */
export * from "./errors.ts";
export { registry } from "./registry.ts";
export type { Registry, RegistryEntry, RegistryOptions } from "./registry.ts";
export * from "./array/index.ts";
export type { Axis } from "./array/index.ts";
export * from "./unroll/index.ts";
export * from "./estimators/index.ts";
export * from "./optimizers/index.ts";
export * from "./search/index.ts";
export * from "./methods/index.ts";
export * from "./diagnostics/index.ts";
export * from "./rl/index.ts";
export * from "./bilevel/index.ts";
export * from "./subspace/index.ts";
export * from "./invariance/index.ts";
export * from "./problems/index.ts";
export * from "./train/index.ts";
export * from "./advice/index.ts";
