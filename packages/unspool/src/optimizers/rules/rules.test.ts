/** Each rule against its equations written out in JavaScript numbers (float64), one coordinate at a time. */
import { expect, test } from "vitest";
import { adagrad } from "./adagrad.ts";
import { adam } from "./adam.ts";
import { adamw } from "./adamw.ts";
import { momentum } from "./momentum.ts";
import { nesterov } from "./nesterov.ts";
import type { Optimizer } from "../optimizer.ts";
import { rmsprop } from "./rmsprop.ts";
import { sgd } from "./sgd.ts";
import { expectClose, f32, f64, trajectory } from "../testing.ts";
import { inverseTimeDecay } from "../schedules/inverseTimeDecay.ts";

const start = [1, -2, 0.3];
const steps = 7;
/** Gradient of ½(x₁² + 4x₂² + 0.5x₃²), plus a part that changes with time so that it is not monotone. */
const slope = (x: number, i: number, t: number): number => x * [1, 4, 0.5][i]! + Math.sin(1 + t + i) / 3;

/** Runs `next` (a step of one coordinate with its own memory) by hand. */
function byHand(next: () => (x: number, g: number, t: number) => number): number[] {
  return start.map((x0, i) => {
    const rule = next();
    let x = x0;
    for (let t = 0; t < steps; t++) x = rule(x, slope(x, i, t), t);
    return x;
  });
}

function check(optimizer: Optimizer, next: () => (x: number, g: number, t: number) => number): void {
  const expected = byHand(next);
  const run = (theta: ReturnType<typeof f64>, make: typeof f64) => {
    const gradient = (at: typeof theta, t: number) => make(Array.from(at.data, (x, i) => slope(x, i, t)));
    return trajectory(optimizer, theta, gradient, steps).at(-1)!.theta;
  };
  expectClose(run(f64(start), f64), expected, 1e-12);
  const single = run(f32(start), f32);
  expect(single.dtype).toBe("float32");
  expectClose(single, expected, 1e-5);
}

test("sgd: theta - lr g", () => {
  check(sgd({ learningRate: 0.1 }), () => (x, g) => x - 0.1 * g);
});
test("sgd with a schedule: theta - lr(t) g, lr(t) = 0.2 / (1 + t / 3)", () => {
  const learningRate = inverseTimeDecay({ from: 0.2, rate: 1, steps: 3 });
  check(sgd({ learningRate }), () => (x, g, t) => x - (0.2 / (1 + t / 3)) * g);
});
test("momentum: v = beta v + g, theta - lr v (PyTorch SGD, dampening 0)", () => {
  check(momentum({ learningRate: 0.1, momentum: 0.8 }), () => {
    let v = 0;
    return (x, g) => x - 0.1 * (v = 0.8 * v + g);
  });
});
test("nesterov: v = beta v + g, theta - lr (g + beta v) (PyTorch SGD, nesterov)", () => {
  check(nesterov({ learningRate: 0.1, momentum: 0.8 }), () => {
    let v = 0;
    return (x, g) => {
      v = 0.8 * v + g;
      return x - 0.1 * (g + 0.8 * v);
    };
  });
});
test("adagrad: s += g², theta - lr g / (√s + eps)", () => {
  check(adagrad({ learningRate: 0.3, eps: 1e-3, initialSum: 0.1 }), () => {
    let s = 0.1;
    return (x, g) => {
      s += g * g;
      return x - (0.3 * g) / (Math.sqrt(s) + 1e-3);
    };
  });
});
test.each([
  [0, false],
  [0.7, false],
  [0, true],
  [0.7, true],
])("rmsprop with momentum %d, centered %s (PyTorch RMSprop)", (beta, centered) => {
  check(rmsprop({ learningRate: 0.05, decay: 0.6, eps: 1e-2, momentum: beta, centered }), () => {
    let [s, m, v] = [0, 0, 0];
    return (x, g) => {
      s = 0.6 * s + 0.4 * g * g;
      m = 0.6 * m + 0.4 * g;
      const d = g / (Math.sqrt(s - (centered ? m * m : 0)) + 1e-2);
      v = beta * v + d;
      return x - 0.05 * v;
    };
  });
});

/** Kingma & Ba 2015, Algorithm 1, with 1 - beta^t as written there. */
function adamByHand(lr: number, [b1, b2]: readonly [number, number], eps: number, epsRoot = 0, decay = 0) {
  let [m, v] = [0, 0];
  return (x: number, g: number, t: number) => {
    m = b1 * m + (1 - b1) * g;
    v = b2 * v + (1 - b2) * g * g;
    const [mHat, vHat] = [m / (1 - b1 ** (t + 1)), v / (1 - b2 ** (t + 1))];
    return x - lr * (mHat / (Math.sqrt(vHat + epsRoot) + eps) + decay * x);
  };
}

test("adam: Algorithm 1 of Kingma & Ba", () => {
  check(adam({ learningRate: 0.05 }), () => adamByHand(0.05, [0.9, 0.999], 1e-8));
});
test("adam with epsRoot", () => {
  const options = { learningRate: 0.05, beta1: 0.7, beta2: 0.8, eps: 0.01, epsRoot: 0.02 };
  check(adam(options), () => adamByHand(0.05, [0.7, 0.8], 0.01, 0.02));
});
test("adamw: Algorithm 2 of Loshchilov & Hutter, with lr times decay", () => {
  check(adamw({ learningRate: 0.05, weightDecay: 0.1 }), () => adamByHand(0.05, [0.9, 0.999], 1e-8, 0, 0.1));
});
test("adamw decays chosen leaves only", () => {
  const theta = { weights: f64([1, 2]), bias: f64([3]) };
  const still = { weights: f64([0, 0]), bias: f64([0]) };
  for (const decayed of [["weights"], (path: string) => path !== "bias"]) {
    const optimizer = adamw({ learningRate: 0.5, weightDecay: 0.1, decayed });
    // With zero gradients the step is decay alone: 1 - 0.5 · 0.1.
    const { theta: after } = trajectory(optimizer, theta, () => still, 1).at(-1)!;
    expectClose(after.weights, [0.95, 1.9]);
    expectClose(after.bias, [3]);
  }
});
test("the unbiased second moment of adam is that of the paper, and 0 before the first gradient", () => {
  const optimizer = adam({ beta2: 0.8 });
  const theta = f64([1]);
  expectClose(optimizer.secondMoment!(optimizer.init(theta), theta), [0]);
  const { state } = trajectory(optimizer, theta, (_x, t) => f64([t + 1]), 2).at(-1)!;
  // v = 0.8 · 0.2 · 1 + 0.2 · 4 over 1 - 0.8².
  expectClose(optimizer.secondMoment!(state as never, theta), [(0.16 + 0.8) / 0.36]);
});
