/** One case of `memory.ts`: runs one trajectory, and tells the peak of resident memory and the WebAssembly memory. */
import { compiledExecutor, initTraining, random, trainSteps } from "unspool";
import type { MemoryCase, MemoryResult } from "./memory.ts";
import { lstmSetup } from "./workloads/lstm.ts";

const one = JSON.parse(process.argv[2]!) as MemoryCase;
const truncation = 10;
const policies = { "bptt all": "all", "bptt sqrt": "sqrt", "bptt 8 states": { states: 8 } } as const;

const linear = recordMemories();
const before = process.memoryUsage.rss();
const startedAt = performance.now();
const setup = lstmSetup({
  units: 128,
  steps: one.horizon,
  executor: compiledExecutor({ threads: 1 }),
  ...(one.method === "pes" ? { pes: { pairs: 8, truncation } } : { checkpoints: policies[one.method] }),
});
let state = initTraining(setup, random.key(0));
const updates = one.method === "pes" ? one.horizon / truncation : 1;
while (state.step < updates) ({ state } = trainSteps(setup, state, updates - state.step));
const result: MemoryResult = {
  ...one,
  // Kilobytes, unlike `rss`.
  residentBytes: process.resourceUsage().maxRSS * 1024 - before,
  linearBytes: linear.reduce((sum, { buffer }) => sum + buffer.byteLength, 0),
  seconds: (performance.now() - startedAt) / 1000,
};
process.stdout.write(JSON.stringify(result));

/** All WebAssembly memories that are made from now on. */
function recordMemories(): WebAssembly.Memory[] {
  const made: WebAssembly.Memory[] = [];
  WebAssembly.Memory = class extends WebAssembly.Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      made.push(this);
    }
  };
  return made;
}
