/** The tutorial's file, as printed, does under the commands what the tutorial says. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { workFolder } from "./command.ts";
import { unspoolHere } from "./inProcess.ts";

const { dir, remove } = workFolder();
const tutorial = readFileSync(join(import.meta.dirname, "../../docs/tutorial.md"), "utf8");
writeFileSync(join(dir, "pendulum.ts"), /^```ts\n(.*?)^```$/ms.exec(tutorial)![1]!);

afterAll(remove);

async function answer<Answer>(...args: string[]): Promise<Answer> {
  const { stdout, code } = await unspoolHere(dir, ...args, "--json");
  expect(code).toBe(0);
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as Answer;
}

async function tunedBy(...args: string[]): Promise<{ gravity: number; friction: number }> {
  const { evaluation } = await answer<{ evaluation: { gravity: number; friction: number } }>(
    "run",
    "pendulum.ts",
    ...args,
  );
  return evaluation;
}

test("run: noise-reuse evolution strategies find gravity and friction", async () => {
  const { gravity, friction } = await tunedBy();
  expect(Math.abs(gravity - 9.81)).toBeLessThan(0.2);
  expect(Math.abs(friction - 0.5)).toBeLessThan(0.05);
});

test("run: truncated backpropagation is behind after as many updates", async () => {
  const { gravity, friction } = await tunedBy("--set", "estimator=tbptt");
  expect(gravity).toBeGreaterThan(10.2);
  expect(friction).toBeGreaterThan(0.8);
});

interface Compared {
  reference: { method: string; gradient: Record<string, number[]> };
  estimators: { name: string; z: number; cosine: number; mean: Record<string, number[]>; variance: number }[];
}

test("compare: truncated estimators point away from the gradient, unbiased ones along it", async () => {
  const names = ["nres", "pes", "tes", "tbptt", "bptt", "rtrl"];
  const { reference, estimators } = await answer<Compared>(
    "compare",
    "pendulum.ts",
    "--estimators",
    names.join(),
    "--truncations",
    "10",
    "--out",
    "compare.html",
  );
  expect(reference.method).toBe("bptt");
  expect(Object.keys(reference.gradient)).toEqual(["friction", "gravity"]);
  expect(estimators.map(({ name }) => name)).toEqual(names);
  const of = (name: string) => estimators.find((one) => one.name === name)!;
  for (const name of ["tes", "tbptt"]) {
    expect(of(name).cosine).toBeLessThan(-0.3);
    expect(Math.abs(of(name).z)).toBeGreaterThan(5);
  }
  for (const name of ["nres", "pes", "bptt", "rtrl"]) {
    expect(of(name).cosine).toBeGreaterThan(0.9);
    expect(Math.abs(of(name).z)).toBeLessThan(4);
  }
  expect(readFileSync(join(dir, "compare.html"), "utf8")).toContain("pendulum: estimators compared");
});

/** Nine seconds of trial runs: only by `npm run test:robustness`. */
const longTest = process.env["UNSPOOL_LONG_TESTS"] ? test : test.skip;

longTest("diagnose: backpropagation is trusted and recommended", async () => {
  const diagnosis = await answer<{
    verdict: string;
    lyapunov: number[];
    usableHorizon: number;
    recommended: { estimator: string; truncation: number; sigma: number | null; pairs: number | null };
    evidence: object;
  }>("diagnose", "pendulum.ts");
  expect(diagnosis.verdict).toContain("Backpropagation can be trusted over the whole horizon of 100 steps");
  expect(diagnosis.recommended).toMatchObject({ estimator: "bptt", truncation: 100, sigma: null });
  expect(diagnosis.usableHorizon).toBe(100);
  expect(diagnosis.lyapunov[0]).toBeLessThan(0.01);
});
