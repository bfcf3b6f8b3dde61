/** NumPy as the judge: `judge.py` on many cases at once. */
import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Case, encode } from "./case.ts";
import type { Verdict } from "./compare.ts";
import { rowNamed } from "./functions/index.ts";

const script = fileURLToPath(new URL("judge.py", import.meta.url));

/** The first Python with NumPy: `PYTHON`, Debian's, or the one of the path. */
export function findPython(): string | undefined {
  const candidates = [process.env["PYTHON"], "/usr/bin/python3", "python3", "python"];
  return candidates.find(
    (name) => name !== undefined && spawnSync(name, ["-c", "import numpy"]).status === 0,
  );
}

/** A process of NumPy, which answers case by case. */
export interface Judge {
  ask(cases: readonly Case[]): Promise<Verdict[]>;
  close(): void;
}

export function startJudge(python: string): Judge {
  const child = spawn(python, [script], { stdio: ["pipe", "pipe", "inherit"] });
  const waiting: ((verdict: Verdict) => void)[] = [];
  createInterface({ input: child.stdout }).on("line", (line) =>
    waiting.shift()!(JSON.parse(line) as Verdict),
  );
  const ask = (one: Case): Promise<Verdict> =>
    new Promise((resolve) => {
      waiting.push(resolve);
      child.stdin.write(`${JSON.stringify(questionOf(one))}\n`);
    });
  return { ask: (cases) => Promise.all(cases.map(ask)), close: () => void child.stdin.end() };
}

const questionOf = ({ transform, isMapped, copies, inputs, nodes }: Case): unknown => ({
  transform,
  isMapped,
  copies,
  inputs: inputs.map(({ dtype, shape, data }) => ({ dtype, shape, data: encode(data) })),
  nodes: nodes.map(({ name, operands, options, dtype = "float64" }) => {
    const {
      numpy,
      dtype: rule,
      isSummed = false,
      isExact = false,
      isRoot = false,
      ulps = 8,
    } = rowNamed(name);
    return { numpy, operands, options, dtype, isSummed, isExact, isRoot, isFloating: rule === "float", ulps };
  }),
});
