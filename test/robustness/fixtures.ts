/** Experiment files for attacks on the command, beside those of the end-to-end tests. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const around = (name: string, rest: string): string =>
  [
    'import base from "./noisyQuadratic.ts";',
    'import { existsSync } from "node:fs";',
    'import { np } from "unspool";',
    "const busy = (ms: number) => { const end = Date.now() + ms; while (Date.now() < end); };",
    `export default { ...base, name: "${name}", setup: async (config: never, key: never) => {`,
    "  const setup = await base.setup(config, key);",
    `  return { ...setup, steps: 5, ${rest} };`,
    "} };",
    "void [np, busy, existsSync];",
    "",
  ].join("\n");

/** Writes `slowEvaluation.ts`, `tensorEvaluation.ts`, `throwingEvaluation.ts`, `exiting.ts` and `gated.ts`, whose steps wait for a file `go`, into `dir`. */
export function writeFixtures(dir: string): void {
  const files = {
    slowEvaluation:
      "evaluate: () => { process.stderr.write('evaluating\\n'); busy(60_000); return { metrics: {} }; }",
    tensorEvaluation: "evaluate: () => ({ metrics: { two: np.array(2), sum: np.array([1, 2]).sum() } })",
    throwingEvaluation: "evaluate: () => { throw { toString() { throw 1; } }; }",
    exiting: "evaluate: () => process.exit(7)",
    gated:
      "estimator: { ...setup.estimator, estimate: (...given) => { while (!existsSync('go')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5); return setup.estimator.estimate(...given); } }",
  };
  for (const [name, rest] of Object.entries(files))
    writeFileSync(join(dir, `${name}.ts`), around(name, rest));
}
