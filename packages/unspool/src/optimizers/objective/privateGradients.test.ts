/** Clipping per example by hand, and the noise by its moments. */
import { describe, expect, test } from "vitest";
import { type Key, type Tensor, np, random } from "../../array/index.ts";
import { shardedObjective } from "../communication/parallel/shards.ts";
import { sgd } from "../rules/sgd.ts";
import { expectClose, f64, numbers } from "../testing.ts";
import type { Objective } from "./objective.ts";
import { privateGradients } from "./privateGradients.ts";

type Theta = { w: Tensor; b: Tensor };

const theta: Theta = { w: f64([1, -1]), b: f64(0.5) };
/** Losses a_i · (w·x_i + b): gradients a_i (x_i, 1), of length |a_i| √(1 + |x_i|²). */
const inputs = f64([3, 4, 0, 0, 1, 1, -2, 0.5]).reshape([4, 2]);
const scales = f64([1, -0.5, 2, 0.25]);
const lossesOf = (x: Tensor, a: Tensor) => (at: Theta) => x.mul(at.w).sum(1).add(at.b).mul(a);
const objective: Objective<Theta> = {
  loss: (at) => lossesOf(inputs, scales)(at).mean(),
  losses: lossesOf(inputs, scales),
};
const sharded = shardedObjective<Theta, { x: Tensor; a: Tensor }>({
  batch: { x: inputs, a: scales },
  workers: 4,
  objective: ({ x, a }) => ({ loss: (at) => lossesOf(x, a)(at).mean() }),
});

const gradientOf = (of: Objective<Theta>, options: object, key: Key = random.key(0)) => {
  const rule = privateGradients(sgd({ learningRate: 1 }), options);
  const next = rule.step(theta, rule.init(theta, of, key), of, { key });
  return {
    gradient: [...numbers(theta.b.sub(next.theta.b)), ...numbers(theta.w.sub(next.theta.w))],
    clipped: next.metrics["clippedExamples"]!.item(),
    loss: next.loss.item(),
  };
};

describe("privateGradients", () => {
  test.each([
    ["losses", objective],
    ["parts of a batch", sharded as Objective<Theta>],
  ])("clips the gradient of each example, found by %s", (_name, of) => {
    // (b, w) of each: (1, 3, 4), (-0.5, 0, 0), (2, 2, 2), (0.25, -0.5, 0.125); longer than 1: the first and the third.
    const rows = [[1, 3, 4], [-0.5, 0, 0], [2, 2, 2], [0.25, -0.5, 0.125]]; // prettier-ignore
    const clipped = rows.map((row) => row.map((x) => x / Math.max(1, Math.hypot(...row))));
    const mean = [0, 1, 2].map((i) => clipped.reduce((sum, row) => sum + row[i]!, 0) / 4);
    const { gradient, clipped: part, loss } = gradientOf(of, { noise: 0 });
    expectClose(gradient, mean, 1e-14);
    expect(part).toBe(0.5);
    // Losses 1 · (3 - 4 + .5), -.5 · .5, 2 · .5, .25 · (-2 - .5 + .5).
    expect(loss).toBeCloseTo((-0.5 - 0.25 + 1 - 0.5) / 4, 14);
  });

  test("adds noise of deviation noise · maxNorm to the sum, from the key of the step", () => {
    // Two examples of which the gradients are longer than 2 and opposite: what is left of their mean is noise.
    const wide = np.zeros([1000], { dtype: "float64" });
    const opposite: Objective<Tensor> = {
      loss: (at) => at.sum().mul(0),
      losses: (at) => np.stack([at.sum(), at.sum().neg()]) as Tensor,
    };
    const rule = privateGradients(sgd({ learningRate: 1 }), { noise: 1.5, maxNorm: 2 });
    const key = random.key(5);
    const next = rule.step(wide, rule.init(wide, opposite, key), opposite, { key });
    const draws = numbers(next.theta).map((x) => (x * 2) / (1.5 * 2));
    const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
    const variance = draws.reduce((sum, x) => sum + x * x, 0) / draws.length;
    // Four standard errors of 1000 normal numbers.
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(1000));
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / 1000));
    expect(gradientOf(objective, {}, random.key(3)).gradient).toEqual(
      gradientOf(objective, {}, random.key(3)).gradient,
    );
  });

  test("an integer leaf keeps its value; an objective without examples is refused", () => {
    const mixed = { ...theta, index: np.array([1, 2], { dtype: "int32" }) };
    const rule = privateGradients(sgd());
    const of = objective as Objective<typeof mixed>;
    const next = rule.step(mixed, rule.init(mixed, of, random.key(0)), of, { key: random.key(0) });
    expect([...next.theta.index.data]).toEqual([1, 2]);
    const without = { loss: objective.loss };
    expect(() =>
      rule.step(theta, rule.init(theta, without, random.key(0)), without, { key: random.key(0) }),
    ).toThrow(
      "privateGradients: objective.losses must be a function of theta that gives the loss of each example",
    );
  });
});
