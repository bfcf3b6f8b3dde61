/** TensorFlow.js as a contestant: its WebAssembly backend in Node, SIMD on, gradients by hand where it has a choice. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as wasm from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
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

/** TensorFlow.js has threads in browsers only. */
export async function makeRunner(workload: Workload): Promise<Runner | undefined> {
  const folder = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm"));
  wasm.setWasmPaths(`${join(folder)}/`);
  await tf.setBackend("wasm");
  await tf.ready();
  return programs[workload.kind]?.(workload);
}
