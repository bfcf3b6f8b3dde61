/**
 * Hessians of a two-state MDP: values computed once in float64 PyTorch by enumeration of all trajectories, and the exact
 * derivatives checked against finite differences of the return.
 */
import { describe, expect, test } from "vitest";
import { random } from "../../array/index.ts";
import {
  type HessianEstimateOptions,
  exactReturn,
  expectedHessian,
  hessianEstimate,
  sampleTrajectories,
  tabularMdp,
} from "../index.ts";
import { twoStateMdp } from "../testing.ts";

const mdp = twoStateMdp;
const logits = [
  [0.2, -0.1],
  [0, 0.3],
];
const exact = exactReturn(mdp, logits);
const norm = (x: Float64Array) => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
const error = (options: HessianEstimateOptions) => {
  const { hessian } = expectedHessian(mdp, logits, options);
  return norm(hessian.map((x, i) => x - exact.hessian[i]!));
};

describe("exact derivatives", () => {
  test("return, gradient and Hessian", () => {
    expect(exact.value).toBeCloseTo(2.083761329169, 11);
    const gradient = [0.314513405994, -0.314513405994, -0.223331143429, 0.223331143429];
    exact.gradient.forEach((x, i) => expect(x).toBeCloseTo(gradient[i]!, 11));
    const [h11, h13, h33] = [0.040206678859, 0.069826456749, -0.053890833592];
    const blocks = [h11, -h11, h13, -h13, -h11, h11, -h13, h13, h13, -h13, h33, -h33, -h13, h13, -h33, h33];
    exact.hessian.forEach((x, i) => expect(x).toBeCloseTo(blocks[i]!, 11));
  });

  test("finite differences of the return, and of the gradient", () => {
    const h = 1e-5;
    for (let i = 0; i < 4; i++) {
      const moved = (by: number) =>
        exactReturn(
          mdp,
          logits.map((row, s) => row.map((x, a) => x + (2 * s + a === i ? by : 0))),
        );
      const [up, down] = [moved(h), moved(-h)];
      expect((up.value - down.value) / (2 * h)).toBeCloseTo(exact.gradient[i]!, 9);
      up.gradient.forEach((x, j) =>
        expect((x - down.gradient[j]!) / (2 * h)).toBeCloseTo(exact.hessian[4 * i + j]!, 9),
      );
    }
  });
});

describe("expectations over every trajectory", () => {
  test("DiCE and Loaded DiCE without decay are exact, with any tau where values are exact", () => {
    expect(error({ method: "dice" })).toBeLessThan(1e-14);
    for (const tau of [0, 0.5, 1]) expect(error({ method: "loadedDice", tau })).toBeLessThan(1e-14);
  });

  test("LVC drops what happens across steps: the off-diagonal blocks", () => {
    const { hessian } = expectedHessian(mdp, logits, { method: "lvc" });
    expect(hessian[0]).toBeCloseTo(-0.046826339, 9);
    expect(hessian[10]).toBeCloseTo(-0.033250665, 9);
    for (const i of [2, 3, 6, 7]) expect(Math.abs(hessian[i]!)).toBeLessThan(1e-14);
    expect(error({ method: "lvc" })).toBeCloseTo(0.266474996, 9);
    expect(error({ method: "loadedDice", decay: 0.5 })).toBeCloseTo(0.142227759, 9);
    expect(error({ method: "loadedDice", decay: 0 })).toBeCloseTo(error({ method: "lvc" }), 14);
  });

  test("the derivative of the sampled gradient has expectation 0 here", () => {
    expect(norm(expectedHessian(mdp, logits, { method: "sampled" }).hessian)).toBeLessThan(1e-14);
  });

  test("variances of Hessian and gradient", () => {
    const of = (options: HessianEstimateOptions) => expectedHessian(mdp, logits, options);
    const hessians = [
      of({ method: "dice" }),
      of({ method: "loadedDice" }),
      of({ method: "loadedDice", tau: 0 }),
      of({ method: "loadedDice", decay: 0.5 }),
      of({ method: "lvc" }),
      of({ method: "lvc", values: "none" }),
    ].map(({ hessianVariance }) => hessianVariance);
    const expected = [2.47083204, 0.86526026, 0.65879898, 0.18963602, 0.02620995, 0.18123296];
    hessians.forEach((x, i) => expect(x).toBeCloseTo(expected[i]!, 8));
    expect(of({ method: "dice" }).gradientVariance).toBeCloseTo(4.08794559, 8);
    expect(of({ method: "lvc" }).gradientVariance).toBeCloseTo(0.59119959, 8);
    expect(of({ method: "lvc", tau: 0 }).gradientVariance).toBeCloseTo(0.25822772, 8);
  });
});

test("one-step problems: E[A K] is the Hessian less E[A s s^T]", () => {
  const single = tabularMdp({ ...mdp, horizon: 1, start: [0.4, 0.6] });
  const whole = exactReturn(single, logits).hessian;
  const sampled = expectedHessian(single, logits, { method: "sampled", values: "none" }).hessian;
  const lvc = expectedHessian(single, logits, { method: "lvc", values: "none" }).hessian;
  lvc.forEach((x, i) => expect(x).toBeCloseTo(whole[i]!, 14));
  // The outer products are what is missing, and they are not small.
  expect(norm(sampled.map((x, i) => x - whole[i]!))).toBeGreaterThan(0.1);
});

test("MAML with infinite batches on a bandit: (I + Hess R) grad R(theta + grad R) with DiCE's expectations", () => {
  // mu (1, .2, -.5), theta (.1, -.2, 0), one step of size 1: R, its derivatives and the result in float64 PyTorch.
  const arms = tabularMdp({
    transitions: [[[1]], [[1]], [[1]]],
    rewards: [[1, 0.2, -0.5]],
    start: [1],
    horizon: 1,
    discount: 1,
  });
  const theta = [0.1, -0.2, 0];
  const { gradient, hessian } = expectedHessian(arms, [theta], { method: "dice" });
  expect(exactReturn(arms, [theta]).value).toBeCloseTo(0.262976377173, 11);
  [0.278578818816, -0.017634210212, -0.260944608603].forEach((x, i) =>
    expect(gradient[i]).toBeCloseTo(x, 11),
  );
  const [a, b, c] = [-0.071340370946, 0.00335496024, 0.07909896164];
  [0.06798541071, a, b, a, -0.007758590694, c, b, c, -0.082453921876].forEach((x, i) =>
    expect(hessian[i]).toBeCloseTo(x, 11),
  );
  const adapted = exactReturn(arms, [theta.map((x, i) => x + gradient[i]!)]);
  expect(adapted.value).toBeCloseTo(0.407232268128, 11);
  const meta = theta.map((_, i) =>
    adapted.gradient.reduce((sum, g, j) => sum + (Number(i === j) + hessian[3 * i + j]!) * g, 0),
  );
  const expected = [0.307734036988, -0.093061562238, -0.214672474749];
  meta.forEach((x, i) => expect(x).toBeCloseTo(expected[i]!, 11));
});

test("sampled trajectories: the mean approaches the expectation, |z| < 5 for each entry", () => {
  const count = 4000;
  const trajectories = sampleTrajectories(mdp, logits, { count, key: random.key(2) });
  const options = { method: "loadedDice" } as const;
  const { hessian } = hessianEstimate(mdp, logits, trajectories, options);
  const { hessianVariance } = expectedHessian(mdp, logits, options);
  const distance = norm(hessian.map((x, i) => x - exact.hessian[i]!));
  expect(distance).toBeLessThan(5 * Math.sqrt(hessianVariance / count));
});

test("errors name the option", () => {
  const of = (options: HessianEstimateOptions) => () => expectedHessian(mdp, logits, options);
  expect(of({ method: "lcv" as never })).toThrow(/Did you mean "lvc"/);
  expect(of({ method: "loadedDice", decay: 1.5 })).toThrow(/decay must be/);
  expect(of({ method: "loadedDice", tau: -1 })).toThrow(/tau must be/);
  expect(of({ method: "dice", values: "exact" })).toThrow(/Use "loadedDice"/);
  expect(() => tabularMdp({ ...mdp, start: [0.5, 0.4] })).toThrow(/start must be 2 probabilities/);
});
