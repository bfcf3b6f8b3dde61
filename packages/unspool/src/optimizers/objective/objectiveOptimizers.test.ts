/** Optimizers of objectives against arithmetic by hand, in float64. */
import { describe, expect, test } from "vitest";
import { type Key, type Tensor, np, random, tree } from "../../array/index.ts";
import { adaHessian } from "./adaHessian.ts";
import { compiledStep } from "./compiledStep.ts";
import { entropySgd } from "./entropySgd.ts";
import { firstOrder } from "./firstOrder.ts";
import { lbfgs } from "./lbfgs.ts";
import { lookSam } from "./lookSam.ts";
import { momentum } from "../rules/momentum.ts";
import type { Objective, ObjectiveOptimizer } from "./objective.ts";
import { createObjectiveOptimizer } from "./objectiveRegistry.ts";
import { perExampleNoise } from "./perExampleNoise.ts";
import { sam } from "./sam.ts";
import { sgd } from "../rules/sgd.ts";
import { svrg } from "./svrg.ts";
import { expectClose, f64, numbers } from "../testing.ts";

const key = random.key(0);

/** Σ a x² / 2. */
const quadratic = (a: number[]): Objective<Tensor> => ({
  loss: (x) => x.mul(x).mul(f64(a)).sum().mul(0.5),
});

/** Thetas from the start on. */
function steps<Theta>(
  optimizer: ObjectiveOptimizer,
  theta: Theta,
  objective: Objective<Theta>,
  count: number,
): Theta[] {
  const step = compiledStep(optimizer, () => objective);
  let state = optimizer.init(theta, objective, key);
  const thetas = [theta];
  for (let i = 0; i < count; i++) {
    const next = step(thetas[i]!, state, {}, random.foldIn(key, i));
    thetas.push(next.theta);
    state = next.state;
  }
  return thetas;
}

describe("sam", () => {
  const start = f64([1, 1]);
  test("the gradient at the worst point of ½ (x² + 10 y²) near (1, 1), by hand", () => {
    // e = 0.05 (1, 10) / √101 = (0.004975186, 0.0497518595); gradient (1.004975186, 10.4975185951).
    const [, end] = steps(sam(sgd({ learningRate: 1 })), start, quadratic([1, 10]), 1);
    expectClose(end, [1 - 1.004975186, 1 - 10.4975185951], 1e-9);
  });
  test("adaptive: e scales with the parameters", () => {
    const theta = f64([2, -1]);
    const [a, eta, rho] = [[1, 10], 0.01, 0.5];
    const t = [2 + eta, 1 + eta];
    const g = [2, -10];
    const norm = Math.hypot(t[0]! * g[0]!, t[1]! * g[1]!);
    const expected = [2, -1].map((x, i) => x - a[i]! * (x + (rho * t[i]! ** 2 * g[i]!) / norm));
    const optimizer = sam(sgd({ learningRate: 1 }), { adaptive: true, eta, rho });
    expectClose(steps(optimizer, theta, quadratic(a), 1)[1], expected);
  });
  test("rho = 0 is the inner optimizer", () => {
    const inner = () => momentum({ learningRate: 0.05, momentum: 0.9 });
    const objective = quadratic([1, 10]);
    const plain = steps(firstOrder(inner()), start, objective, 4);
    steps(sam(inner(), { rho: 0 }), start, objective, 4).forEach((x, i) => expectClose(x, numbers(plain[i])));
  });
});

test("lookSam: SAM's step, then what it added rescaled to the gradient, by hand", () => {
  const [a, rho, alpha, rate] = [[1, 10], 0.1, 0.7, 0.05];
  const dot = (x: number[], y: number[]) => x.reduce((sum, xi, i) => sum + xi * y[i]!, 0);
  const gradient = (x: number[]) => x.map((xi, i) => a[i]! * xi);
  let x = [1, 1];
  const g = gradient(x);
  const s = gradient(x.map((xi, i) => xi + (rho * g[i]!) / Math.sqrt(dot(g, g))));
  const across = s.map((si, i) => si - (dot(g, s) / dot(g, g)) * g[i]!);
  x = x.map((xi, i) => xi - rate * s[i]!);
  for (let i = 0; i < 2; i++) {
    const h = gradient(x);
    const ratio = (alpha * Math.sqrt(dot(h, h))) / Math.sqrt(dot(across, across));
    x = x.map((xi, j) => xi - rate * (h[j]! + ratio * across[j]!));
  }
  const optimizer = lookSam(sgd({ learningRate: rate }), { rho, alpha, k: 3 });
  expectClose(steps(optimizer, f64([1, 1]), quadratic(a), 3)[3], x);
});

describe("svrg", () => {
  // f_i = ½ a_i (x - c_i)², of which one is drawn; the mean has its minimum at Σ a c / Σ a.
  const [a, c] = [
    [1, 3],
    [2, -1],
  ];
  const part = (i: Tensor | number): Objective<Tensor> => ({
    loss: (x) => {
      const pick = (values: number[]) => np.take(f64(values), tree.tensors(i, "int32").reshape([1]), 0);
      return x
        .sub(pick(c))
        .mul(x.sub(pick(c)))
        .mul(pick(a))
        .sum()
        .mul(0.5);
    },
  });
  const all: Objective<Tensor> = { loss: (x) => part(0).loss(x).add(part(1).loss(x)).mul(0.5) };
  test("three steps by hand: the full gradient, then gradients of parts less those at the snapshot", () => {
    const rate = 0.1;
    const slope = (i: number, x: number) => a[i]! * (x - c[i]!);
    const mean = (slope(0, 4) + slope(1, 4)) / 2;
    let x = 4 - rate * mean;
    for (const i of [1, 0]) x -= rate * (slope(i, x) - slope(i, 4) + mean);
    const optimizer = svrg(sgd({ learningRate: rate }), { k: 10 });
    let [theta, state] = [f64([4]), optimizer.init(f64([4]), part(0), key)];
    for (const i of [0, 1, 0]) ({ theta, state } = optimizer.step(theta, state, part(i), { key, full: all }));
    expectClose(theta, [x]);
  });
  test("converges with a constant step, where stochastic gradients keep their noise", () => {
    const run = (optimizer: ObjectiveOptimizer): number => {
      const step = compiledStep(optimizer, ({ i, isFull }: { i: Tensor; isFull?: Tensor }) =>
        isFull ? all : part(i),
      );
      let [theta, state] = [f64([4]), optimizer.init(f64([4]), all, key)];
      for (let t = 0; t < 120; t++) {
        const i = random.randint(random.foldIn(key, t), [], 0, 2);
        const isFull = optimizer.phaseAt?.(t)["snapshot"] === true;
        const batch = { i, ...(isFull && { isFull: np.array(1) }) };
        ({ theta, state } = step(theta, state, batch, key));
      }
      return Math.abs(theta.item() + 0.25);
    };
    expect(run(svrg(sgd({ learningRate: 0.1 }), { k: 10 }))).toBeLessThan(1e-6);
    expect(run(firstOrder(sgd({ learningRate: 0.1 })))).toBeGreaterThan(1e-3);
  });
});

test("entropySgd without noise is its recurrence, written out", () => {
  const [a, gamma, innerRate, alpha, learningRate] = [[1, 4], 0.5, 0.1, 0.75, 0.8];
  const expected = [1, -2].map((start, i) => {
    let [x, mean] = [start, start];
    for (let l = 0; l < 4; l++) {
      x -= innerRate * (a[i]! * x + gamma * (x - start));
      mean = (1 - alpha) * mean + alpha * x;
    }
    return start - learningRate * (start - mean);
  });
  const options = { gamma, innerRate, alpha, learningRate, innerSteps: 4, noise: 0 };
  expectClose(steps(entropySgd(options), f64([1, -2]), quadratic(a), 1)[1], expected);
});

describe("adaHessian", () => {
  test("on a diagonal quadratic the diagonal is exact: the first step is a Newton step", () => {
    const [a, x] = [
      [1, 10, 0.1],
      [1, -2, 3],
    ];
    const expected = x.map((xi, i) => xi - (0.5 * a[i]! * xi) / (a[i]! + 1e-4));
    expectClose(steps(adaHessian({ learningRate: 0.5 }), f64(x), quadratic(a), 1)[1], expected, 1e-12);
  });
  test("averages over the window of a convolution kernel", () => {
    const a = [1, 2, 3, 6];
    const kernel = f64([1, 1, 1, 1]).reshape([1, 1, 2, 2]);
    const objective: Objective<Tensor> = {
      loss: (x) =>
        x
          .mul(x)
          .mul(f64(a).reshape([1, 1, 2, 2]))
          .sum()
          .mul(0.5),
    };
    const expected = a.map((ai) => 1 - ai / (3 + 1e-4));
    expectClose(steps(adaHessian({ learningRate: 1 }), kernel, objective, 1)[1], expected, 1e-12);
  });
});

describe("lbfgs", () => {
  test("in one dimension the second step is the secant step: exact on a quadratic", () => {
    const thetas = steps(lbfgs({ memory: 1 }), f64([3]), quadratic([0.4]), 2);
    // The first step has length min(1, |g|).
    expectClose(thetas[1], [2]);
    expectClose(thetas[2], [0], 1e-12);
  });
  test("is the two-loop recursion with halvings, written out on Rosenbrock's function", () => {
    const rosenbrock: Objective<Tensor> = {
      loss: (x) => {
        const [u, v] = [x.slice(0), x.slice(1)];
        const [bend, away] = [v.sub(u.mul(u)), u.neg().add(1)];
        return bend.mul(bend).mul(100).add(away.mul(away));
      },
    };
    const thetas = steps(lbfgs({ memory: 3 }), f64([-1.2, 1]), rosenbrock, 6);
    const expected = rosenbrockByHand(6, 3);
    thetas.forEach((x, i) => expectClose(x, expected[i]!, 1e-8));
  });
  test("reaches the minimum of a quadratic of five dimensions", () => {
    const objective = quadratic([1, 3, 10, 30, 100]);
    const step = compiledStep(lbfgs(), () => objective);
    let theta = f64([1, -1, 1, -1, 1]);
    let state = lbfgs().init(theta, objective, key);
    for (let i = 0; i < 25; i++) ({ theta, state } = step(theta, state, {}, key));
    expect(objective.loss(theta).item()).toBeLessThan(1e-12);
  });
});

test("perExampleNoise: the mean of the gradients is that of the batch, their variance that of the weights", () => {
  const targets = f64([1, -2, 4]);
  const losses = (x: Tensor) => x.sub(targets).mul(x.sub(targets)).mul(0.5);
  const objective: Objective<Tensor> = { loss: (x) => losses(x).mean(), losses };
  const rate = firstOrder(sgd({ learningRate: 1 }));
  const step = compiledStep(rate, ({ draw }: { draw: Key }) =>
    perExampleNoise(objective, draw, { deviation: 2 }),
  );
  const state = rate.init(f64(0), objective, key);
  const gradients = Array.from(
    { length: 400 },
    (_, i) => -step(f64(0), state, { draw: random.foldIn(key, i) }, key).theta.item(),
  );
  // Gradient at 0: -mean(targets) = -1, variance 4 · Σ targets² / 9 = 28 / 3 for normal weights.
  const mean = gradients.reduce((sum, g) => sum + g, 0) / 400;
  const variance = gradients.reduce((sum, g) => sum + (g - mean) ** 2, 0) / 399;
  expect(Math.abs(mean + 1) / Math.sqrt(28 / 3 / 400)).toBeLessThan(4);
  expect(Math.abs(variance / (28 / 3) - 1) / Math.sqrt(2 / 399)).toBeLessThan(4);
  expect(() => perExampleNoise({ loss: objective.loss }, key, { deviation: 1 })).toThrow("objective.losses");
});

describe("createObjectiveOptimizer", () => {
  test("a wrapper's inner optimizer by name and options, and schedules", () => {
    const rho = { schedule: "piecewiseConstant", values: [0, 0.05], boundaries: [1] };
    const inner = { name: "sgd", learningRate: 1 };
    const thetas = steps(
      createObjectiveOptimizer("sam", { inner, rho }),
      f64([1, 1]),
      quadratic([0.5, 10]),
      2,
    );
    const e = (0.05 * 0.25) / Math.hypot(0.25, -90);
    expectClose(thetas[1], [0.5, -9]);
    expectClose((thetas[2] as Tensor).slice(0), [0.5 - 0.5 * (0.5 + e)]);
  });
  test("misspelt names and options are named with the nearest ones", () => {
    expect(() => createObjectiveOptimizer("sma")).toThrow('"sam"');
    expect(() => createObjectiveOptimizer("lbfgs", { memori: 3 })).toThrow('"memory"');
    expect(() => createObjectiveOptimizer("sam", { rho: -1 })).toThrow("rho must be a number of at least 0");
  });
});

/** Nocedal & Wright's Algorithm 7.4 with Armijo halvings, on arrays of numbers. */
function rosenbrockByHand(count: number, memory: number): number[][] {
  const dot = (x: number[], y: number[]) => x.reduce((sum, xi, i) => sum + xi * y[i]!, 0);
  const loss = ([u, v]: number[]) => 100 * (v! - u! * u!) ** 2 + (1 - u!) ** 2;
  const gradient = ([u, v]: number[]) => [-400 * u! * (v! - u! * u!) - 2 * (1 - u!), 200 * (v! - u! * u!)];
  const along = (x: number[], t: number, d: number[]) => x.map((xi, i) => xi + t * d[i]!);
  const thetas = [[-1.2, 1]];
  let pairs: { s: number[]; y: number[] }[] = [];
  for (let k = 0; k < count; k++) {
    const x = thetas[k]!;
    const g = gradient(x);
    let q = g;
    const weights = pairs.map(({ s, y }) => {
      const weight = dot(s, q) / dot(y, s);
      q = along(q, -weight, y);
      return weight;
    });
    const [newest] = pairs;
    const scale = newest
      ? dot(newest.s, newest.y) / dot(newest.y, newest.y)
      : 1 / Math.max(1, Math.sqrt(dot(g, g)));
    let r = q.map((qi) => scale * qi);
    pairs.toReversed().forEach(({ s, y }, i) => {
      r = along(r, weights[pairs.length - 1 - i]! - dot(y, r) / dot(y, s), s);
    });
    const d = r.map((ri) => -ri);
    let t = 1;
    while (loss(along(x, t, d)) > loss(x) + 1e-4 * t * dot(g, d)) t /= 2;
    const next = along(x, t, d);
    thetas.push(next);
    const pair = { s: along(next, -1, x), y: along(gradient(next), -1, g) };
    if (dot(pair.s, pair.y) > 0) pairs = [pair, ...pairs].slice(0, memory);
  }
  return thetas;
}

test("an optimizer of gradients, and what is no objective, are refused with what to write", () => {
  expect(() => compiledStep(sgd() as never, () => quadratic([1]))).toThrow(
    /compiledStep: optimizer must be an optimizer that evaluates an objective.*compiledStep\(firstOrder\(optimizer\)/,
  );
  const given = (() => (x: Tensor) => x.sum()) as never;
  const optimizer = lbfgs();
  const step = compiledStep<Tensor, ReturnType<typeof optimizer.init>, object>(optimizer, given);
  const theta = f64([1]);
  const run = () => step(theta, optimizer.init(theta, quadratic([1]), key), {}, key);
  expect(run).toThrow(/what objectiveOf returns must be objectives: .*Write \(batch\) => \(\{ loss/);
});
