/** Options of the survey's rules (`survey.test.ts`) against their equations in JavaScript numbers (float64). */
import { describe, expect, test } from "vitest";
import { createOptimizer } from "./registry.ts";
import { expectClose, f64, numbers, trajectory } from "./testing.ts";

const rate = { learningRate: 0.1 };
const decay = { ...rate, weightDecay: 0.01 };

const start = [1, -2, 3];
const gradients = [
  [0.1, -0.2, 0.3],
  [-0.4, 0.5, 0.05],
  [0.2, 0.1, -0.6],
];

type Vector = readonly number[];
type Step = (w: Vector, g: Vector, t: number) => Vector;

const norm = (x: Vector): number => Math.hypot(...x);
const plus = (a: Vector, b: Vector, scale = 1): Vector => a.map((x, i) => x + scale * b[i]!);
const mean = (m: Vector, g: Vector, beta: number): Vector => m.map((x, i) => beta * x + (1 - beta) * g[i]!);
const squared = (g: Vector): Vector => g.map((x) => x * x);
const most = (a: Vector, b: Vector): Vector => a.map((x, i) => Math.max(x, b[i]!));
const zero = start.map(() => 0);

/** Adam's moments of the paper, with its powers of beta. */
function moments(beta1 = 0.9, beta2 = 0.999) {
  let [m, s]: [Vector, Vector] = [zero, zero];
  return (g: Vector, t: number) => {
    [m, s] = [mean(m, g, beta1), mean(s, squared(g), beta2)];
    const [first, second] = [1 - beta1 ** t, 1 - beta2 ** t];
    return { m, s, mHat: m.map((x) => x / first), sHat: s.map((x) => x / second) };
  };
}

/** `makeStep` against the optimizer, t from 1. */
function check(name: string, options: Record<string, unknown>, makeStep: () => Step, steps = 6): void {
  const step = makeStep();
  let w: Vector = start;
  for (let t = 1; t <= steps; t++) w = step(w, gradients[(t - 1) % 3]!, t);
  const optimizer = createOptimizer(name, { ...rate, ...options });
  const points = trajectory(optimizer, f64(start), (_x, i) => f64(gradients[i % 3]!), steps);
  expectClose(points.at(-1)!.theta, w, 1e-11);
}

describe("options, against equations in JavaScript numbers", () => {
  test("radam where it is rectified: ρ as the paper writes it", () => {
    check(
      "radam",
      { beta2: 0.9 },
      () => {
        const [next, longest] = [moments(0.9, 0.9), 2 / (1 - 0.9) - 1];
        return (w, g, t) => {
          const { mHat, sHat } = next(g, t);
          const p = longest - (2 * t * 0.9 ** t) / (1 - 0.9 ** t);
          const r = Math.sqrt(((p - 4) * (p - 2) * longest) / ((longest - 4) * (longest - 2) * p));
          return w.map((x, i) => x - 0.1 * mHat[i]! * (p > 4 ? r / (Math.sqrt(sHat[i]!) + 1e-8) : 1));
        };
      },
      8,
    );
  });
  test("yogi", () => {
    check("yogi", {}, () => {
      const next = moments();
      let v = start.map(() => 1e-6);
      return (w, g, t) => {
        const { mHat } = next(g, t);
        v = v.map((x, i) => x - 0.001 * Math.sign(x - g[i]! ** 2) * g[i]! ** 2);
        return w.map((x, i) => x - (0.1 * mHat[i]!) / (Math.sqrt(v[i]! / (1 - 0.999 ** t)) + 1e-3));
      };
    });
  });
  test.each([false, true])("adabound, with AMSBound %s", (isAmsbound) => {
    // Bounds that are reached: beta2 0.5 and a final rate of 0.3.
    check("adabound", { isAmsbound, beta2: 0.5, finalLearningRate: 0.3 }, () => {
      const next = moments(0.9, 0.5);
      let h: Vector = zero;
      return (w, g, t) => {
        const { m, s } = next(g, t);
        h = isAmsbound ? most(h, s) : s;
        const [low, high] = [0.3 * (1 - 1 / (0.5 * t + 1)), 0.3 * (1 + 1 / (0.5 * t))];
        const size = h.map((x) => Math.min(Math.max(0.1 / (Math.sqrt(x) + 1e-8), low), high));
        return w.map((x, i) => x - size[i]! * m[i]!);
      };
    });
  });
  test("padam", () => {
    check("padam", { power: 0.2, beta2: 0.5 }, () => {
      const next = moments(0.9, 0.5);
      let h: Vector = zero;
      return (w, g, t) => {
        const { m, s } = next(g, t);
        h = most(h, s);
        return w.map((x, i) => x - (0.1 * m[i]!) / (Math.sqrt(h[i]!) + 1e-8) ** 0.4);
      };
    });
  });
  test("lars clipped is LARC: the local rate is at most the learning rate", () => {
    // Trust 0.03 gives ratios on both sides of the learning rate: ‖w‖ is 3.7, ‖g‖ 0.37, 0.64, 0.64.
    check("lars", { isClipped: true, trust: 0.03, weightDecay: 0.01, learningRate: 0.2 }, () => {
      let v: Vector = zero;
      return (w, g) => {
        const local = (0.03 * norm(w)) / (norm(g) + 0.01 * norm(w));
        v = plus(v.map((x) => 0.9 * x), plus(g, w, 0.01), 0.2 * Math.min(local / 0.2, 1)); // prettier-ignore
        return plus(w, v, -1);
      };
    });
  });
  test.each([
    [true, false],
    [true, true],
    [false, false],
    [false, true],
  ])(
    "lamb with bias correction %s, Nesterov %s, and the norm held to [1, 2]",
    (isBiasCorrected, isNesterov) => {
      check("lamb", { isBiasCorrected, isNesterov, normRange: [1, 2] }, () => {
        const next = moments();
        return (w, g, t) => {
          const { m, s } = next(g, t);
          const weight = (beta: number, k: number) => (isBiasCorrected ? 1 - beta ** k : 1);
          const numerator = isNesterov
            ? m.map((x, i) => (0.9 * x) / weight(0.9, t + 1) + (0.1 * g[i]!) / weight(0.9, t))
            : m.map((x) => x / weight(0.9, t));
          const r = numerator.map((x, i) => x / (Math.sqrt(s[i]! / weight(0.999, t)) + 1e-6));
          const u = plus(r, w, 0.01);
          return plus(w, u, (-0.1 * Math.min(Math.max(norm(w), 1), 2)) / norm(u));
        };
      });
    },
  );
  test("lion with decay", () => {
    check("lion", { weightDecay: 0.1 }, () => {
      let m: Vector = zero;
      return (w, g) => {
        const u = mean(m, g, 0.9).map(Math.sign);
        m = mean(m, g, 0.99);
        return plus(w, plus(u, w, 0.1), -0.1);
      };
    });
  });
  test("novograd with decay", () => {
    check("novograd", { weightDecay: 0.1 }, () => {
      let [m, s] = [zero as Vector, 0];
      return (w, g, t) => {
        s = t === 1 ? norm(g) ** 2 : 0.25 * s + 0.75 * norm(g) ** 2;
        m = plus(m.map((x) => 0.9 * x), plus(g.map((x) => x / (Math.sqrt(s) + 1e-8)), w, 0.1)); // prettier-ignore
        return plus(w, m, -0.1);
      };
    });
  });
  test("adafactor as in the paper: relative steps of min(0.01, 1 / √t), with momentum", () => {
    check("adafactor", { learningRate: undefined, beta1: 0.9 }, () => {
      let [v, m]: [Vector, Vector] = [zero, zero];
      return (w, g, t) => {
        v = mean(v, g.map((x) => x * x + 1e-30), 1 - t ** -0.8); // prettier-ignore
        const u = g.map((x, i) => x / Math.sqrt(v[i]!));
        const rms = (x: Vector) => norm(x) / Math.sqrt(x.length);
        m = mean(m, u.map((x) => x / Math.max(1, rms(u))), 0.9); // prettier-ignore
        return plus(w, m, -Math.max(1e-3, rms(w)) * Math.min(1e-2, 1 / Math.sqrt(t)));
      };
    });
  });
});

describe("layerwise rules", () => {
  const theta = { weights: f64([3, 4]), bias: f64([2]), empty: f64([0, 0]) };
  const gradient = { weights: f64([0.6, 0.8]), bias: f64([0.5]), empty: f64([0.3, 0.4]) };

  test.each(["lars", "lamb", "lans"])("%s leaves chosen leaves out of ratio and decay", (name) => {
    const only = { adapted: ["weights"], decayed: ["weights"] };
    const run = (options: Record<string, unknown>) =>
      trajectory(createOptimizer(name, { ...decay, ...options }), theta, () => gradient, 1)[1]!.theta;
    const bare = run({ adapted: [], decayed: [] });
    expectClose(run(only).bias, numbers(bare.bias));
    expectClose(run(only).weights, numbers(run({}).weights));
    expect(numbers(run(only).weights)).not.toEqual(numbers(bare.weights));
  });
  test("a leaf at 0 has ratio 1, and so a finite step", () => {
    const step = (name: string, options = {}) =>
      trajectory(createOptimizer(name, { ...rate, ...options }), theta, () => gradient, 1)[1]!.theta.empty;
    expectClose(step("lars"), [-0.03, -0.04]);
    // Adam's first step is g / (|g| + eps).
    expectClose(step("lamb"), [-0.1, -0.1], 1e-6);
    expectClose(step("lamb", { normRange: [5, 10] }), [-0.1, -0.1], 1e-6);
  });
});
