import { defineConfig } from "tsdown";

export default defineConfig({
  // Threads of pools load `players` by itself.
  entry: { index: "src/index.ts", players: "src/mujoco/players.ts" },
  format: "esm",
  platform: "node",
  fixedExtension: false,
  // What they say is in the declarations and the sources; without them a process loads a sixth faster.
  outputOptions: { comments: { jsdoc: false } },
  dts: true,
});
