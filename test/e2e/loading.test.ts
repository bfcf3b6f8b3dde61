/** What is done before anybody asked for something. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const cli = fileURLToPath(new URL("../../packages/cli", import.meta.url));

/** Counts the programs that are compiled while a module loads, in a process that has loaded nothing yet. */
const count = `
let compiled = 0;
const { Module } = WebAssembly;
WebAssembly.Module = new Proxy(Module, {
  construct(target, args) {
    compiled += 1;
    return new target(...args);
  },
});
await import(process.argv[1]);
console.log(compiled);
`;

test("loading the library and the experiments compiles nothing", () => {
  for (const name of ["unspool", "@unspool/experiments"]) {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ["--input-type=module", "--eval", count, "--", name],
      { cwd: cli, encoding: "utf8" },
    );
    expect(stderr).toBe("");
    expect([name, stdout.trim()]).toEqual([name, "0"]);
  }
});
