import { expect, test } from "vitest";
import { np, random } from "../../array/index.ts";
import { poolLoss } from "./poolLoss.ts";
import { simulatorPool } from "./simulatorPool.ts";

test("candidates of any tree, flattened leaf by leaf", async () => {
  const module = new URL("./testing/simulatedBall.ts", import.meta.url);
  const pool = await simulatorPool({ module, name: "ball", threads: 1 });
  const evaluate = poolLoss<{ a: unknown; b: unknown }>(pool, { episodes: 2 });
  const candidates = { a: np.array([-1, 0.2]), b: np.array([[-0.5], [0.1]]) };
  const { losses, innerSteps } = evaluate(candidates, random.key(3));
  const { returns, lengths } = pool.play(
    Float64Array.of(-1, -0.5, Math.fround(0.2), Math.fround(0.1)),
    random.key(3),
    {
      episodes: 2,
    },
  );
  expect([...losses]).toEqual([0, 2].map((i) => -returns[i]! / 2 - returns[i + 1]! / 2));
  expect(innerSteps).toBe(lengths.reduce((a, b) => a + b, 0));
  expect(() =>
    evaluate({ a: candidates.a, b: candidates.a.reshape([2, 1, 1]).mul(np.ones([2, 1, 3])) }, random.key(0)),
  ).toThrow(/a candidate must have 2 numbers, as linear's theta has, got 4/);
});
