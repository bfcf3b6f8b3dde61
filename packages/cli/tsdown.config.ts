import { defineConfig } from "tsdown";

export default defineConfig({
  entry: { bin: "src/bin.ts", runThread: "src/thread/runThread.ts" },
  format: "esm",
  platform: "node",
  // bin/unspool.js imports dist/bin.js; the package is of type "module", so .js is enough.
  fixedExtension: false,
  // What they say is in the declarations and the sources; without them a process loads a sixth faster.
  outputOptions: { comments: { jsdoc: false } },
  dts: false,
});
