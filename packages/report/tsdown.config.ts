import { defineConfig } from "tsdown";

export default defineConfig({
  entry: { index: "src/index.ts", format: "src/format.ts" },
  format: "esm",
  platform: "node",
  fixedExtension: false,
  dts: true,
});
