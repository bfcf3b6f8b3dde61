/** jax-js as a contestant: its own `jit`, `vmap` and `grad`, as its documentation shows them. */
import * as jax from "@jax-js/jax";
import type { Runner } from "../../contestant.ts";
import type { Workload, WorkloadKind } from "../../workloads/table.ts";
import { influence } from "./influence.ts";
import { learnedOptimizer } from "./learnedOptimizer.ts";
import { lstm } from "./lstm.ts";
import { mlp } from "./mlp.ts";
import { toy } from "./toy.ts";

/** By kind of workload; what is missing it does not take part in. */
const programs: Partial<Record<WorkloadKind, (workload: Workload) => Runner | Promise<Runner>>> = {
  influence,
  toy,
  mlp,
  learnedOptimizer,
  lstm,
};

/** jax-js chooses its threads itself. */
export async function makeRunner(workload: Workload): Promise<Runner | undefined> {
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  return programs[workload.kind]?.(workload);
}
