/** Tasks of learned optimizers against their definitions, and the states collected on them. */
import { describe, expect, test } from "vitest";
import { type Key, type Tensor, grad, hessian, np, random, tree } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { cwRnn } from "../optimizers/index.ts";
import { compiled, unroll } from "../unroll/index.ts";
import { collectStates } from "./collectStates.ts";
import { metaTraining } from "./metaTraining.ts";
import { quadratics } from "./quadratics.ts";
import { rosenbrock } from "./rosenbrock.ts";
import { moons, twoMoons } from "./twoMoons.ts";

const f64 = { dtype: "float64" } as const;

describe("quadratics", () => {
  const family = quadratics();
  const sample = compiled("sample", (key: Key) => family.sample(key));
  const task = tree.tensors(sample(random.key(3)), "float64");

  test("have orthonormal axes and curvatures in their range", () => {
    const rows = task.basis.data;
    for (let i = 0; i < 5; i++) {
      expect(Math.log10(task.curvatures.data[i]!)).toBeLessThanOrEqual(0);
      expect(Math.log10(task.curvatures.data[i]!)).toBeGreaterThanOrEqual(-3);
      for (let j = 0; j < 5; j++) {
        const dot = [0, 1, 2, 3, 4].reduce((sum, a) => sum + rows[5 * i + a]! * rows[5 * j + a]!, 0);
        expect(dot).toBeCloseTo(i === j ? 1 : 0, 5);
      }
    }
  });

  test("are ½ x'Hx + v'x with the minimum moved to 0", () => {
    const [q, d, u] = [task.basis.data, task.curvatures.data, task.slopes.data];
    const x = [0.3, -1, 2, 0.5, -0.2];
    // In the eigenbasis: Σ ½ d y² + u y + u² / (2 d).
    const wanted = [0, 1, 2, 3, 4].reduce((sum, i) => {
      const y = x.reduce((total, xj, j) => total + q[5 * i + j]! * xj, 0);
      return sum + 0.5 * d[i]! * y * y + u[i]! * y + u[i]! ** 2 / (2 * d[i]!);
    }, 0);
    const found = family.loss(task, { x: np.array(x, f64) }, undefined).item();
    expect(found / wanted).toBeCloseTo(1, 10);
  });

  test("refuse curvatures out of order", () => {
    expect(() => quadratics({ curvatures: [1, 0.1] })).toThrow(OptionError);
  });
});

test("rosenbrock has the values, gradient and curvature of its formula", () => {
  const loss = (x: Tensor) => rosenbrock().loss({}, { x }, undefined);
  const at = np.array([-1, 1.5], f64);
  expect(loss(at).item()).toBeCloseTo(29, 12);
  expect([...grad(loss)(at).data]).toEqual([expect.closeTo(196, 10), expect.closeTo(100, 10)]);
  // Eigenvalues 0.3993607674876 and 1001.600639233 of the Hessian at (1, 1): sum and product.
  const [a, b, c, d] = hessian(loss)(np.array([1, 1], f64)).data as unknown as number[];
  expect(a! + d!).toBeCloseTo(0.3993607674876 + 1001.600639233, 8);
  expect(a! * d! - b! * c!).toBeCloseTo(0.3993607674876 * 1001.600639233, 6);
});

test("two moons lie on two half circles, and large logits do not overflow", () => {
  const { inputs, labels } = moons(8, 0, random.key(0));
  for (let i = 0; i < 8; i++) {
    const [x, y] = [inputs.data[2 * i]!, inputs.data[2 * i + 1]!];
    const radius = labels.data[i] === 0 ? Math.hypot(x, y) : Math.hypot(1 - x, 0.5 - y);
    expect(radius).toBeCloseTo(1, 12);
  }
  const family = twoMoons({ points: 16, hidden: [4] });
  const layers = family.init({}, random.key(1));
  const huge = tree.map((leaf) => leaf.add(1e4), layers);
  expect(Number.isFinite(family.loss({}, huge, undefined).item())).toBe(true);
  // An empty network guesses: log 2, and no norm.
  const zero = tree.map((leaf) => leaf.mul(0), layers);
  expect(family.loss({}, zero, undefined).item()).toBeCloseTo(Math.LN2, 5);
});

test("collectStates sees the runs of meta-training", () => {
  const learned = cwRnn({ units: 3 });
  const start = learned.init(random.key(0));
  const meta = { ...start, readWeights: np.array([0.1, -0.2, 0.3]) };
  const family = quadratics({ dimensions: 2 });
  const key = random.key(7);
  const { losses, gradients, states, parameters } = collectStates(learned, meta, family, {
    key,
    tasks: 3,
    steps: 4,
  });
  expect([parameters, gradients.shape, states.shape]).toEqual([2, [4, 3, 2], [4, 3, 2, 3]]);
  const wide = tree.tensors(meta, "float64") as typeof meta;
  const run = unroll(metaTraining(learned, family, { horizon: 4 }), wide, { key, particles: 3 });
  // Tasks are drawn in float32, whose last bits depend on what else a program computes.
  losses.data.forEach((loss, i) => expect(loss / run.losses.data[i]!).toBeCloseTo(1, 5));
  // The first state is one step of the rule from the learned start.
  const next = learned.rule.next(wide, np.array([gradients.data[0]!], f64), wide.start.reshape([1, 3]));
  next.data.forEach((x, i) => expect(states.data[i]).toBeCloseTo(x, 12));
});
