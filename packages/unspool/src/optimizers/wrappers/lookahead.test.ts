/** Lookahead against the oracles of card 11, section 6, and its state machine, section 2.7. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Tensor, type Tree, grad, jit, np, tree } from "../../array/index.ts";
import { adam } from "../rules/adam.ts";
import { type LookaheadState, lookahead, slowParams } from "./lookahead.ts";
import { momentum } from "../rules/momentum.ts";
import type { Optimizer } from "../optimizer.ts";
import { rmsprop } from "../rules/rmsprop.ts";
import { linearSchedule } from "../schedules/linearSchedule.ts";
import { sgd } from "../rules/sgd.ts";
import {
  expectClose,
  expectSameBits,
  f32,
  f64,
  mixedGradient,
  mixedTheta,
  numbers,
  throughData,
  trajectory,
} from "../testing.ts";

/** f = ½(θ₁² + 4 θ₂²), θ₀ = (1, -2): the trajectory of section 6. */
const start = f64([1, -2]);
const gradient = (theta: Tensor): Tensor => theta.mul(f64([1, 4]));
const heavyBall = (): Optimizer => momentum({ learningRate: 0.1, momentum: 0.9 });
const stateOf = (state: Tree): LookaheadState => state as LookaheadState;

describe("trajectory of card 11, section 6: heavy ball, k = 3, alpha = 0.5", () => {
  test.each([
    ["keep", [2.34, -10.8], [0.305647, 0.5503], [2.87586, -1.026]],
    ["reset", [0, 0], [0.552049, -0.1058], [0, 0]],
    ["pull", [1.17, -5.4], [0.428848, 0.22225], [1.73862, -3.5775]],
  ] as const)("%s", (innerState, v3, theta6, v6) => {
    const points = trajectory(lookahead(heavyBall(), { k: 3, alpha: 0.5, innerState }), start, gradient, 6);
    const velocity = (t: number) => (stateOf(points[t]!.state).inner as { velocity: Tree }).velocity;
    expectClose(points[3]!.theta, [0.743, -0.46]);
    expectClose(velocity(3), [...v3]);
    // Printed to six digits after the point in the card.
    expectClose(points[6]!.theta, [...theta6], 5e-7);
    expectClose(velocity(6), [...v6], 5e-7);
    expectSameBits(points[6]!.theta, stateOf(points[6]!.state).slow);
  });
});

test("with alpha 1 it is the inner optimizer, bit for bit, for any k and dtype (property)", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.boolean(), (k, isDouble) => {
      const theta = isDouble ? start : f32([1, -2]);
      const slope = (x: Tensor) => x.mul(np.array([1, 4], { dtype: x.dtype as "float64" }));
      const [plain, wrapped] = [heavyBall(), lookahead(heavyBall(), { k, alpha: 1 })].map((optimizer) =>
        trajectory(optimizer, theta, slope, 7, true).map((point) => point.theta),
      );
      expectSameBits(wrapped, plain);
    }),
    { seed: 11, numRuns: 12 },
  );
});

test("k = 1 is SGD with learning rate alpha · lr", () => {
  const [wrapped, plain] = [
    lookahead(sgd({ learningRate: 0.2 }), { k: 1, alpha: 0.3 }),
    sgd({ learningRate: 0.06 }),
  ].map((optimizer) => trajectory<Tensor>(optimizer, start, gradient, 8).at(-1)!.theta);
  expectClose(wrapped, numbers(plain));
});

test("the slow weights are the average of section 2.1: (1-α)^T φ₀ + α Σ (1-α)^(T-1-j) θ_j,k", () => {
  const [k, alpha, windows] = [4, 0.3, 5];
  const optimizer = lookahead(heavyBall(), { k, alpha });
  const points = trajectory(optimizer, start, gradient, k * windows);
  // θ_j,k is the fast point just before the pull: one inner step from the point before.
  const ends = Array.from({ length: windows }, (_, j) => {
    const { theta, state } = points[k * (j + 1) - 1]!;
    return numbers(heavyBall().update(gradient(theta), stateOf(state).inner, theta).theta);
  });
  const average = numbers(start).map((x0, i) =>
    ends.reduce(
      (sum, end, j) => sum + alpha * (1 - alpha) ** (windows - 1 - j) * end[i]!,
      (1 - alpha) ** windows * x0,
    ),
  );
  expectClose(stateOf(points.at(-1)!.state).slow, average);
});

test("the slow weights start at theta, stand still between synchronisations, and meet floor(T/k) times", () => {
  const k = 4;
  const points = trajectory(lookahead(heavyBall(), { k, alpha: 0.5 }), mixedTheta(), mixedGradient, 10);
  expectSameBits(stateOf(points[0]!.state).slow, points[0]!.theta);
  let synchronisations = 0;
  for (let t = 1; t <= 10; t++) {
    const [before, after] = [stateOf(points[t - 1]!.state), stateOf(points[t]!.state)];
    expect(after.count.item()).toBe(t % k);
    if (t % k !== 0) expectSameBits(after.slow, before.slow);
    else {
      synchronisations += 1;
      expectSameBits(points[t]!.theta, after.slow);
      expect(numbers(after.slow)).not.toEqual(numbers(before.slow));
    }
  }
  expect(synchronisations).toBe(Math.floor(10 / k));
});

test("constant gradient: φ = φ₀ - n α k lr g exactly (section 6)", () => {
  // Powers of two: no rounding.
  const optimizer = lookahead(sgd({ learningRate: 0.25 }), { k: 4, alpha: 0.5 });
  const end = trajectory(optimizer, start, () => f64([3, -1]), 12).at(-1)!;
  expect(numbers(end.theta)).toEqual([1 - 3 * 0.5 * 4 * 0.25 * 3, -2 + 3 * 0.5 * 4 * 0.25]);
});

test("a point where theta equals the slow weights stays to the bit in float32", () => {
  const theta = f32([0.1, 1 / 3, 1e-7]);
  const end = trajectory(lookahead(sgd(), { k: 2, alpha: 0.7 }), theta, (x) => np.zerosLike(x), 6).at(-1)!;
  expectSameBits(end.theta, theta);
});

test("reset forgets moments and bias weights, and keeps the counters of schedules", () => {
  const learningRate = linearSchedule({ from: 0.1, to: 0, steps: 10 });
  const optimizer = lookahead(adam({ learningRate }), { k: 3, alpha: 0.5, innerState: "reset" });
  const { state } = trajectory(optimizer, start, gradient, 3).at(-1)!;
  const inner = stateOf(state).inner as Record<string, Tensor>;
  expect(inner["step"]!.item()).toBe(3);
  const { step: _, ...rest } = inner;
  expect(new Set(numbers(rest))).toEqual(new Set([0]));
});

test("pull leaves adam's second moment and bias weights alone", () => {
  const make = (innerState: "keep" | "pull") =>
    trajectory(lookahead(adam(), { k: 3, alpha: 0.5, innerState }), start, gradient, 3).at(-1)!.state;
  const [kept, pulled] = [make("keep"), make("pull")].map((s) => stateOf(s).inner as Record<string, Tensor>);
  for (const name of ["secondMoment", "firstWeight", "secondWeight", "step"]) {
    expectSameBits(pulled![name], kept![name]);
  }
  expectClose(
    pulled!["firstMoment"],
    numbers(kept!["firstMoment"]).map((m) => m / 2),
  );
});

test("outer momentum: u = μ u + (θ_k - φ), φ += α u, by hand", () => {
  const [alpha, mu] = [0.5, 0.6];
  const optimizer = lookahead(sgd({ learningRate: 0.1 }), { k: 2, alpha, outerMomentum: mu });
  const expected = [1, 4].map((curvature, i) => {
    let [phi, u] = [[1, -2][i]!, 0];
    for (let window = 0; window < 3; window++) {
      u = mu * u + (phi * (1 - 0.1 * curvature) ** 2 - phi);
      phi += alpha * u;
    }
    return phi;
  });
  expectClose(trajectory(optimizer, start, gradient, 6).at(-1)!.theta, expected);
});

describe("nested", () => {
  test("is Algorithm 1 with Lookahead as its inner algorithm, which a reset starts anew", () => {
    const inside = lookahead(sgd({ learningRate: 0.1 }), { k: 2, alpha: 0.5 });
    const optimizer = lookahead(inside, { k: 4, alpha: 0.3, innerState: "reset" });
    const expected = [1, 4].map((curvature, i) => {
      let outer = [1, -2][i]!;
      for (let window = 0; window < 2; window++) {
        let inner = outer;
        for (let j = 0; j < 2; j++) inner += 0.5 * (inner * (1 - 0.1 * curvature) ** 2 - inner);
        outer += 0.3 * (inner - outer);
      }
      return outer;
    });
    expectClose(trajectory(optimizer, start, gradient, 8).at(-1)!.theta, expected);
  });

  test("with keep is the paper's state machine inside itself, though the windows do not fit into each other", () => {
    // NumPy 1.24 (float64): `init` and `update` with { inner, slow, count } written out, around themselves; 12 steps.
    const optimizer = lookahead(lookahead(heavyBall(), { k: 2, alpha: 0.5 }), { k: 3, alpha: 0.8 });
    const { theta, state } = trajectory(optimizer, start, gradient, 12).at(-1)!;
    expectClose(theta, [-0.2893308793634817, -0.1612123779680002], 1e-13);
    expectClose(stateOf(state).slow, [-0.2893308793634817, -0.1612123779680002], 1e-13);
    expectClose(stateOf(stateOf(state).inner).slow, [-0.3313368909163521, -0.29698446446000015], 1e-13);
  });

  test("with a reset does not move where gradients are zero, though the windows do not fit into each other", () => {
    const push = (_theta: Tensor, t: number) => (t === 0 ? f64([1, 1]) : f64([0, 0]));
    const inside = lookahead(sgd({ learningRate: 0.1 }), { k: 3, alpha: 0.5 });
    const optimizer = lookahead(inside, { k: 4, alpha: 0.5, innerState: "reset" });
    const points = trajectory(optimizer, start, push, 24, true);
    // Window 1: inner pull at 3 halves the step of 0.1, outer pull at 4 halves it again. Then it rests.
    for (const { theta } of points.slice(4)) expectClose(theta, [0.975, -2.025]);
  });

  test("pulls the momentum of the innermost optimizer", () => {
    const inside = lookahead(heavyBall(), { k: 2, alpha: 0.5 });
    const optimizer = lookahead(inside, { k: 2, alpha: 0.5, innerState: "pull" });
    expect(optimizer.momentum).toBe("inner.inner.velocity");
    const end = trajectory(optimizer, start, () => f64([1, 2]), 2).at(-1)!;
    // v = 0.9 g + g, half of it.
    expectClose((stateOf(stateOf(end.state).inner).inner as { velocity: Tree }).velocity, [0.95, 1.9]);
  });
});

test("a NaN in the gradient leaves the slow weights finite until the synchronisation", () => {
  const optimizer = lookahead(heavyBall(), { k: 3, alpha: 0.5, innerState: "reset" });
  const poisoned = (theta: Tensor, t: number) => (t === 1 ? f64([NaN, 1]) : gradient(theta));
  const points = trajectory(optimizer, start, poisoned, 4);
  expect(numbers(points[2]!.theta)[0]).toBeNaN();
  expectSameBits(stateOf(points[2]!.state).slow, start);
  expect(numbers(stateOf(points[3]!.state).slow)[0]).toBeNaN();
  // A reset selects: nothing of the old moments is left.
  expect(tree.isFinite(stateOf(points[3]!.state).inner)).toBe(true);
});

test("saved in the middle of a window it goes on with the same bits", () => {
  for (const innerState of ["keep", "reset", "pull"] as const) {
    const make = () => lookahead(adam(), { k: 4, alpha: 0.5, innerState, outerMomentum: 0.5 });
    const whole = trajectory(make(), start, gradient, 6, true);
    const { theta, state } = throughData(whole[2]!);
    expectSameBits(trajectory(make(), theta, gradient, 4, true, state).at(-1), whole[6]);
  }
});

test("a compiled program of one window equals step by step", () => {
  const optimizer = lookahead(heavyBall(), { k: 3, alpha: 0.5, innerState: "pull" });
  const window = jit((theta: Tensor, state: Tree) =>
    trajectory(optimizer, theta, gradient, 3, false, state).at(-1)!,
  );
  const first = window(start, optimizer.init(start));
  const second = window(first.theta, first.state);
  const eager = trajectory(optimizer, start, gradient, 6);
  expectClose(second.theta, numbers(eager[6]!.theta), 1e-14);
  expectClose(second.state, numbers(eager[6]!.state), 1e-14);
});

test("is differentiable in alpha and in the learning rate", () => {
  // One window of k = 2 on ½ x²: φ = x₀ (1 - α + α (1 - γ)²); dφ/dα = x₀ ((1-γ)² - 1), dφ/dγ = -2 α x₀ (1 - γ).
  const end = ({ alpha, rate }: { alpha: Tensor; rate: Tensor }): Tensor => {
    const optimizer = lookahead(sgd({ learningRate: rate }), { k: 2, alpha });
    return trajectory(optimizer, f64(3), (x) => x, 2).at(-1)!.theta;
  };
  const slopes = grad(end)({ alpha: f64(0.7), rate: f64(0.2) });
  expectClose(slopes.alpha, [3 * (0.8 ** 2 - 1)]);
  expectClose(slopes.rate, [-2 * 0.7 * 3 * 0.8]);
});

test("the parameters to evaluate are the slow weights", () => {
  const optimizer = lookahead(heavyBall(), { k: 3 });
  const { theta, state } = trajectory(optimizer, start, gradient, 2).at(-1)!;
  expectSameBits(optimizer.evaluationTheta!(stateOf(state), theta), start);
  expectSameBits(slowParams<Tensor>(stateOf(state)), start);
});

test.each([
  [() => lookahead(sgd(), { k: 0 }), "lookahead: k must be an integer of at least 1, got 0."],
  [() => lookahead(sgd(), { k: 2.5 }), "lookahead: k must be an integer of at least 1, got 2.5."],
  [() => lookahead(sgd(), { alpha: 0 }), "lookahead: alpha must be a number above 0 and at most 1"],
  [
    () => lookahead(sgd(), { alpha: 1.2 }),
    "(above 1 only with allowExtrapolation), a tensor or a schedule, got 1.2.",
  ],
  [
    () => lookahead(sgd(), { alpha: -1, allowExtrapolation: true }),
    "alpha must be a number above 0, a tensor",
  ],
  [() => lookahead(sgd(), { innerState: "pul" as never }), 'got "pul". Did you mean "pull"?'],
  [
    () => lookahead(sgd(), { innerState: "pull" }),
    'innerState must be "keep" or "reset" around sgd, which has no momentum to pull, got "pull".',
  ],
  [() => lookahead(rmsprop(), { innerState: "pull" }), "around rmsprop"],
  [
    () => lookahead(sgd(), { adaptive: {} }),
    'adaptive.curvature must be a function, since sgd keeps no mean of squared gradients, got "adam".',
  ],
  [
    () => lookahead(adam(), { adaptive: { low: 0 } }),
    "adaptive.low must be a number above 0 and at most 1, got 0.",
  ],
  [() => lookahead(adam(), { adaptive: { high: 2 } }), "Set allowExtrapolation"],
  [() => lookahead(sgd(), { outerMomentum: 1 }), "outerMomentum must be a number of at least 0 and below 1"],
  [() => lookahead(undefined as never), "lookahead: the first argument must be an optimizer, got undefined."],
])("a wrong option is a typed error (%#)", (build, message) => {
  expect(build).toThrow(message);
});

test("a theta of another structure than at init is a typed error", () => {
  const optimizer = lookahead(sgd());
  const state = optimizer.init({ a: f64([1]) });
  const other = { a: f64([1, 2]) };
  expect(() => optimizer.update(other, state, other)).toThrow(
    'lookahead: theta at "a" is float64[2], expected float64[1].',
  );
});
