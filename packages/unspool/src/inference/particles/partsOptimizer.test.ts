import { expect, test } from "vitest";
import { np } from "../../array/index.ts";
import { sgd } from "../../optimizers/index.ts";
import { partsOptimizer } from "./partsOptimizer.ts";

test("every part moves at its own rate, and one without an optimizer not at all", () => {
  const optimizer = partsOptimizer({ model: sgd({ learningRate: 1 }), proposal: sgd({ learningRate: 0.1 }) });
  const theta = { model: { a: np.array([1]) }, proposal: {}, twist: { b: np.array([2]) } };
  const first = optimizer.update(theta, optimizer.init(theta), theta);
  expect(first.theta).toMatchObject({ proposal: {} });
  expect(first.theta.model.a.item()).toBe(0);
  expect(first.theta.twist.b.item()).toBe(2);
  const both = { model: np.array([1]), proposal: np.array([1]) };
  const moved = optimizer.update(both, optimizer.init(both), both).theta;
  expect([moved.model.item(), moved.proposal.item()]).toEqual([0, expect.closeTo(0.9, 6)]);
  expect(() => partsOptimizer({})).toThrow(/at least one part/);
  expect(() => partsOptimizer({ modl: sgd() } as never)).toThrow(/Did you mean "model"/);
});
