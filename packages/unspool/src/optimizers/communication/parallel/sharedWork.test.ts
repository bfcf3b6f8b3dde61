/** 1-bit LAMB against its equations in NumPy, and workers that keep parts of gradient and state. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../../../array/index.ts";
import { createOptimizer } from "../../registry.ts";
import { adam } from "../../rules/adam.ts";
import { lookahead } from "../../wrappers/lookahead.ts";
import { expectClose, f64, numbers } from "../../testing.ts";
import { dataParallel } from "./dataParallel.ts";
import { oneBitLamb } from "./oneBitLamb.ts";
import { shardedGradients } from "./shardedGradients.ts";
import { shardedObjective } from "./shards.ts";

type Theta = { w: Tensor; b: Tensor };

const start: Theta = {
  w: np.array([1, -2, 3, 0.5, 0.25, -1], { dtype: "float64", shape: [2, 3] }),
  b: f64([0.5, -1.5, 2]),
};
/** Gradients of worker i of two at step t are those of time 2 t + i; the loss is linear in theta. */
const batchAt = (t: number) => {
  const times = [2 * t, 2 * t + 1];
  const all = (count: number, fn: (time: number, i: number) => number) =>
    f64(times.flatMap((time) => Array.from({ length: count }, (_, i) => fn(time, i))));
  return {
    w: all(6, (time, i) => Math.sin(0.9 * time + 0.7 * i) * 0.5 + 0.1).reshape([2, 2, 3]),
    b: all(3, (time, j) => Math.cos(0.4 * time + j) * 0.3 - 0.05 * j).reshape([2, 3]),
  };
};
const objectiveAt = (t: number) =>
  shardedObjective<Theta, ReturnType<typeof batchAt>>({
    batch: batchAt(t),
    workers: 2,
    objective: (part) => ({
      loss: (at) =>
        at.w
          .mul(part.w.mean(0))
          .sum()
          .add(at.b.mul(part.b.mean(0)).sum()),
    }),
  });

test("1-bit LAMB: warm-up, frozen moments and ratios, and factors that follow fresh moments", () => {
  // NumPy 1.24 (float64): Algorithm 1 with the bounds of the authors' code; ratios 1.69675 and 1.07253 at the end of four
  // steps, factors 1.031456 and 0.979848 after five more with signs and error feedback for each of two workers.
  const optimizer = oneBitLamb({
    learningRate: 0.1,
    beta2: 0.95,
    weightDecay: 0.05,
    workers: 2,
    warmupSteps: 4,
  });
  let [theta, state] = [start, optimizer.init(start, objectiveAt(0), random.key(0))];
  const sent: number[] = [];
  for (let t = 0; t < 9; t++) {
    const options = { key: random.key(t), phase: optimizer.phaseAt!(t) };
    const next = optimizer.step(theta, state, objectiveAt(t), options);
    ({ theta, state } = next);
    sent.push(next.metrics["bytesSent"]!.item());
  }
  expectClose(theta.w, [-0.133414657906, -2.609303338687, 1.889818997826, -0.181495401983, -0.244994331077, -1.052234869358], 1e-11); // prettier-ignore
  expectClose(theta.b, [0.107713241485, -0.904146842216, 2.730762649762], 1e-11);
  // Leaves by name: b, then w.
  expectClose(state.ratios, [1.0725283125461527, 1.6967502683248419], 1e-12);
  expectClose(state.factors, [0.9798480474628699, 1.031455777486955], 1e-12);
  // 9 numbers of 8 bytes; then a bit for each and a length per leaf.
  expect(sent.slice(3, 5)).toEqual([72, 2 + 16]);
});

describe("shardedGradients", () => {
  test("moves theta as workers with whole states do, with a part of the memory", () => {
    const parts = shardedGradients({ workers: 2, optimizer: adam({ learningRate: 0.1 }) });
    const whole = dataParallel({ workers: 2, optimizer: adam({ learningRate: 0.1 }) });
    const key = random.key(0);
    let [a, b] = [start, start];
    let [own, other] = [parts.init(start, objectiveAt(0), key), whole.init(start, objectiveAt(0), key)];
    let metrics: Readonly<Record<string, Tensor>> = {};
    for (let t = 0; t < 4; t++) {
      ({ theta: a, state: own, metrics } = parts.step(a, own, objectiveAt(t), { key }));
      ({ theta: b, state: other } = whole.step(b, other, objectiveAt(t), { key }));
    }
    expectClose(a, numbers(b), 1e-14);
    // Nine elements in two parts of five: a gradient and two moments of 8 bytes each; half of theta goes out twice.
    expect(metrics["bytesKept"]!.item()).toBe(3 * 5 * 8);
    expect(metrics["bytesSent"]!.item()).toBe(9 * 8);
  });
  test("holds no positions, and says what a wrong number of workers is", () => {
    expect(() => shardedGradients({ optimizer: lookahead(adam()) })).toThrow(
      "holds no positions in its state",
    );
    expect(() => shardedGradients({ workers: 0 })).toThrow(
      "workers must be an integer of at least 1, got 0.",
    );
    expect(createOptimizer("shardedState", { inner: "adam", workers: 2 }).name).toBe("shardedState(adam)");
  });
});
