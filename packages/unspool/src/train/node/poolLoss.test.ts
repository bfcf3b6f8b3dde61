import { expect, test } from "vitest";
import { type Tensor, np, random } from "../../array/index.ts";
import { askTell } from "../../methods/index.ts";
import { cmaEs } from "../../search/index.ts";
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

test("a candidate for which the simulator breaks down has failed; all of them is an error", async () => {
  const module = new URL("./testing/simulatedBall.ts", import.meta.url);
  const pool = await simulatorPool({ module, name: "ball", threads: 1 });
  const key = random.key(3);
  const evaluate = poolLoss<Tensor>(pool, { episodes: 2 });
  const good = [-1, -0.5];
  const bursting = [1e9, 0];
  const { losses } = evaluate(np.array([good, bursting, good]), key);
  const [alone] = evaluate(np.array([good]), key).losses;
  expect([...losses]).toEqual([alone, NaN, alone]);
  expect(() => evaluate(np.array([bursting, bursting]), key)).toThrow("the ball has burst");
  // A search that asks for one at a time decides by itself whether it can go on.
  expect([...evaluate(np.array([bursting]), key).losses]).toEqual([NaN]);
  const strict = poolLoss<Tensor>(pool, { onBreakdown: "throw" });
  expect(() => strict(np.array([good, bursting]), key)).toThrow("the ball has burst");
  const search = cmaEs<Tensor>({ sigma: 1e6, population: 8 });
  const method = askTell({ search, evaluate });
  const start = np.array([0, 0]);
  const { metrics } = method.step(start, method.init(start, key), key);
  expect(metrics["nonFinite" as "innerSteps"]).toBeGreaterThan(0);
  expect(metrics["nonFinite" as "innerSteps"]).toBeLessThan(8);
});

test("what is no pool is refused", () => {
  expect(() => poolLoss(Promise.resolve() as never)).toThrow(
    "poolLoss: pool must be a pool of simulators, got a promise. Wait for simulatorPool to make one.",
  );
});
