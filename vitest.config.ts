import { defineConfig } from "vitest/config";

const conditions = ["unspool-source", "node", "import", "module", "default"];
const shared = { resolve: { conditions }, ssr: { resolve: { conditions } } };
// The files of a worker share its modules, which take seconds to load, and the programs that they have compiled. No test of
// these projects may leave anything behind. Each project has a server of its own, which reads and translates the sources
// anew, another six seconds: so there are few. Compilers make much garbage, for which a young generation of 16 MB is small.
const together = { isolate: false, execArgv: ["--max-semi-space-size=32"] };

/** Minutes each: of the project `robustness-long`. */
const long = "**/*.long.test.ts";

export default defineConfig({
  ...shared,
  test: {
    // The default leaves one core to the watcher, which a run that ends does not have.
    maxWorkers: "100%",
    tags: [
      {
        name: "long",
        description:
          "Most of a second or more, and near to another that is not: by `npm run test:long`, not by `npm test`.",
      },
    ],
    projects: [
      {
        ...shared,
        test: {
          name: "unit",
          // One project after the other: each has a server that reads and translates, and the command's processes want a core.
          sequence: { groupOrder: 0 },
          include: [
            "packages/*/src/**/*.test.ts",
            "bench/**/*.test.ts",
            "test/structure/**/*.test.ts",
            "test/numpy/**/*.test.ts",
            "test/conformance/**/*.test.ts",
            // The command and attacks on runs from the sources, which are read and translated here already.
            "test/e2e/{inProcess*,tutorial}.test.ts",
            "test/robustness/{folders,hostileFiles,kill,randomConfigs}.test.ts",
          ],
          exclude: [long],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          ...together,
        },
      },
      // The built command as a process: nothing here reads the sources, so that this server has nothing to translate.
      {
        ...shared,
        test: {
          name: "e2e",
          sequence: { groupOrder: 1 },
          include: ["test/e2e/**/*.test.ts", "test/robustness/interrupts.test.ts"],
          exclude: ["test/e2e/{inProcess*,tutorial}.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          ...together,
        },
      },
      // CONTRIBUTING's examples in a copy of the tree, which is type-checked as a whole: about a minute.
      {
        ...shared,
        test: {
          name: "contributing",
          include: ["test/contributing/**/*.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...shared,
        test: {
          name: "robustness-long",
          include: [
            "test/robustness/**/*.long.test.ts",
            "test/conformance/{estimators,stores}.test.ts",
            "test/e2e/{resume,study,tutorial}.test.ts",
            "packages/unspool/src/array/memory.test.ts",
            "packages/unspool/src/engine/host.test.ts",
            "packages/unspool/src/train/node/simulatorThreads.long.test.ts",
            "packages/workers/src/redisStore.test.ts",
            "packages/experiments/src/**/*.test.ts",
            "packages/unspool/src/engine/differential/{functions,random,scan}.test.ts",
            "packages/unspool/src/problems/compiledReverse.test.ts",
            "packages/unspool/src/train/node/folderStore.test.ts",
            "packages/unspool/src/invariance/{lila,structures}.test.ts",
          ],
          env: { UNSPOOL_MEMORY_CALLS: "1000000", UNSPOOL_LONG_TESTS: "1" },
          testTimeout: 3_600_000,
          fileParallelism: false,
        },
      },
      {
        ...shared,
        test: { name: "browser", include: ["test/browser/**/*.test.ts"], testTimeout: 120_000 },
      },
      { ...shared, test: { name: "paper", include: ["test/paper/**/*.test.ts"], testTimeout: 3_600_000 } },
    ],
  },
});
