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

/** How many programs are compiled where `name` loads. */
function compiledBy(name: string): number {
  const args = ["--input-type=module", "--eval", count, "--", name];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: cli, encoding: "utf8" });
  expect(stderr).toBe("");
  return Number(stdout);
}

test(
  "loading the library compiles what finds the tables of jax-js; loading the experiments compiles nothing more",
  { tags: ["long"] },
  () => {
    const library = compiledBy("unspool");
    expect(library).toBeLessThanOrEqual(7);
    expect(compiledBy("@unspool/experiments")).toBe(library);
  },
);
