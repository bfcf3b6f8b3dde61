import { defineConfig } from "tsdown";

const rooms = [
  "array",
  "engine",
  "unroll",
  "networks",
  "distributions",
  "estimators",
  "optimizers",
  "search",
  "methods",
  "diagnostics",
  "rl",
  "bilevel",
  "subspace",
  "invariance",
  "inference",
  "quantum",
  "problems",
  "train",
  "train/node",
  "advice",
  "conformance",
];

export default defineConfig({
  entry: {
    index: "src/index.ts",
    ...Object.fromEntries(rooms.map((room) => [`${room}/index`, `src/${room}/index.ts`])),
    // Threads begin here.
    "train/node/simulatorWorker": "src/train/node/simulatorWorker.ts",
  },
  format: "esm",
  platform: "neutral",
  deps: { neverBundle: [/^node:/, /^@jax-js\//] },
  // What they say is in the declarations and the sources; without them a process loads a sixth faster.
  outputOptions: { comments: { jsdoc: false } },
  dts: true,
});
