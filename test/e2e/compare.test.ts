/** `compare` as a command: what it answers, and how it refuses. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { eventsOf, unspool, workFolder } from "./command.ts";

const { dir, remove } = workFolder();
afterAll(remove);
const run = (...args: string[]) => unspool(dir, ...args);

interface Estimator {
  name: string;
  mean: Record<string, number[]>;
  standardError: Record<string, number[]>;
  bias: Record<string, number[]>;
  z: number;
  variance: number;
  mse: number;
  cosine: number;
  innerSteps: number;
  seconds: number;
  bytes: number;
}

describe("compare influence-balancing", () => {
  test(
    "truncated estimators have the wrong sign with |z| > 5, PES is within 4 standard errors of the exact gradient",
    { tags: ["long"] },
    async () => {
      const args = [
        "--estimators",
        "pes,nres,tes,tbptt,rtrl",
        "--truncations",
        "1",
        "--budget",
        "inner-steps=8e6",
      ];
      const outcome = await run("compare", "influence-balancing", ...args, "--json");
      expect([outcome.code, outcome.stderr]).toEqual([0, ""]);
      const [event, ...rest] = eventsOf(outcome);
      expect(rest).toEqual([]);
      const { reference, estimators } = event as unknown as {
        reference: { method: string; gradient: Record<string, number[]> };
        estimators: Estimator[];
      };
      // Sum over 500 steps of (s - 1) ds/dtheta, by a loop in plain float64.
      expect(reference.method).toBe("bptt");
      expect(reference.gradient["theta"]![0]).toBeCloseTo(13171.630625267855, 6);
      const of = (name: string) => estimators.find((one) => one.name === name)!;
      for (const name of ["tes", "tbptt"]) {
        expect(of(name).mean["theta"]![0]).toBeLessThan(0);
        expect(Math.abs(of(name).z)).toBeGreaterThan(5);
        expect(of(name).cosine).toBeCloseTo(-1, 6);
      }
      // Sum over 500 steps of (s - 1), by the same loop.
      expect(of("tbptt").mean["theta"]![0]).toBeCloseTo(-1626, 2);
      for (const name of ["pes", "nres", "rtrl"]) expect(Math.abs(of(name).z)).toBeLessThan(4);
      const pes = of("pes");
      expect(pes.bias["theta"]![0]).toBeCloseTo(pes.mean["theta"]![0]! - reference.gradient["theta"]![0]!, 6);
      expect(pes.innerSteps).toBeLessThanOrEqual(8e6);
      expect(pes.bytes).toBeGreaterThan(0);
      expect(existsSync(join(dir, "runs/compare-influence-balancing.html"))).toBe(true);
    },
  );
});

// What the command itself finds is in `inProcess.test.ts`. These come from the library, whose frames are not shown.
describe("what cannot be compared", () => {
  test.each([
    [["compare", "toy-regression", "--estimators", "pse"], 'Did you mean "pes"?'],
    [["compare", "toy-regression", "--truncations", "7"], "must be a divisor of the horizon 100"],
  ])("%j is told in one line, with exit code 2", { tags: ["long"] }, async (args, text) => {
    const { code, stderr } = await run(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(text);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});
