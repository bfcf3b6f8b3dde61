/** Optimizers at the edges of their numbers: each test is named by what was seen there. */
import { describe, expect, test } from "vitest";
import { type Tensor, type Tree, grad, np, random } from "../array/index.ts";
import { adam } from "./rules/adam.ts";
import { adamw } from "./rules/adamw.ts";
import { createCompressor, compressorNames } from "./communication/compression/registry.ts";
import { oneMinus, atStep } from "./hyperparameter.ts";
import { learnableAdam } from "./learned/learnable.ts";
import { lookahead } from "./wrappers/lookahead.ts";
import { lossScale } from "./memory/lossScale.ts";
import { quantizedState } from "./memory/quantizedState.ts";
import { newtonCg } from "./objective/newtonCg.ts";
import { createOptimizer } from "./registry.ts";
import { exponentialDecay } from "./schedules/exponentialDecay.ts";
import { joinSchedules } from "./schedules/joinSchedules.ts";
import { inverseSquareRoot } from "./schedules/inverseSquareRoot.ts";
import { sgd } from "./rules/sgd.ts";
import { expectClose, f32, f64, numbers, trajectory } from "./testing.ts";

const leaf = (state: Tree, name: string): Tensor => (state as Record<string, Tensor>)[name]!;

describe("lossScale", () => {
  test("recovers after 200 skipped steps, by which its scale would be 0", () => {
    const optimizer = lossScale(sgd({ learningRate: 0.5 }));
    const slope = (x: Tensor, t: number): Tensor => (t < 200 ? f32([Infinity]) : x);
    const points = trajectory<Tensor>(optimizer, f32([1]), slope, 201);
    expect(leaf(points[200]!.state, "skipped").item()).toBe(200);
    expect(leaf(points[200]!.state, "scale").item()).toBe(2 ** -64);
    expectClose(points[201]!.theta, [0.5]);
  });
  test("gradients of 0 do not make its scale Infinity", () => {
    const optimizer = lossScale(sgd(), { growthSteps: 1, scale: 2 ** 60 });
    const points = trajectory<Tensor>(optimizer, f32([1]), (x) => np.zerosLike(x), 80);
    expect(leaf(points.at(-1)!.state, "scale").item()).toBe(2 ** 64);
  });
  test("a scale that float32 does not have is refused", () => {
    expect(() => lossScale(sgd(), { scale: 1e300 })).toThrow("lossScale: scale must be a number of float32");
  });
});

test(
  "a second moment that decodes to 0 beside a first one that does not: the weight went to -39.6",
  { tags: ["long"] },
  () => {
    // One element has a gradient of 1, the other of 1e-5: squares are 1e-10 apart, below the codes' smallest of 5e-7.
    for (const code of ["dynamic", "linear"] as const) {
      const options = { smallest: 1, block: 2, code };
      const run = (optimizer: ReturnType<typeof adam>) =>
        numbers(trajectory<Tensor>(optimizer as never, f32([1, 1]), () => f32([1, 1e-5]), 30).at(-1)!.theta);
      const [first, second] = run(quantizedState(adam(), options) as never);
      // Adam's own steps are at most 0.001 · √(1 / (1 - 0.999)) · … here 0.001 each, and no step may be longer.
      expect(Math.abs(first! - 1)).toBeLessThan(0.0301);
      expect(Math.abs(second! - 1)).toBeLessThan(0.0301);
    }
  },
);

test("squares of float64 beyond the range of float32 keep their scale", () => {
  const optimizer = quantizedState(createOptimizer("adagrad", { learningRate: 0.1 }), {
    smallest: 1,
    block: 2,
  });
  const { theta } = trajectory<Tensor>(optimizer, f64([1, 1]), () => f64([1e30, 1e30]), 2).at(-1)!;
  // 1 - 0.1 - 0.1 / √2 with the sum of squares exact, for it is the largest of its block.
  expectClose(theta, [0.9 - 0.1 / Math.SQRT2, 0.9 - 0.1 / Math.SQRT2], 1e-12);
});

test("the damping of newtonCg stays after convergence: it went to 1e10", { tags: ["long"] }, () => {
  const optimizer = newtonCg({ iterations: 3, halvings: 1 });
  const objective = {
    loss: (x: Tensor) =>
      x
        .mul(x)
        .mul(f32([1, 30]))
        .sum()
        .add(1),
  };
  let theta = f32([1, -2]);
  let state = optimizer.init(theta, objective as never, random.key(0));
  for (let i = 0; i < 30; i++) {
    ({ theta, state } = optimizer.step(theta, state, objective as never, { key: random.key(0) }));
  }
  expect(Math.max(...numbers(theta).map(Math.abs))).toBeLessThan(1e-5);
  expect(state.damping.item()).toBeLessThan(100);
});

test("a joined schedule has the gradient of its piece: a piece that has none elsewhere made NaN of it", () => {
  const step = (value: number) => np.array(value, { dtype: "int32" });
  const rate = (scale: Tensor, t: number): Tensor =>
    joinSchedules({
      schedules: [
        (_t, dtype) => scale.mul(np.ones([], { dtype: dtype ?? "float64" })),
        // 1 / √(1 - t / 3): no number from its third step on, nor before its first: √t has no slope at 0 either.
        (t, dtype) => np.sqrt(t.astype(dtype ?? "float64").mul(scale)),
        (t, dtype) => inverseSquareRoot({ from: 1, steps: 1 })(t, dtype ?? "float64").mul(scale),
      ],
      boundaries: [4, 8],
    })(step(t), "float64");
  expect(grad((s: Tensor) => rate(s, 1))(np.array(2, { dtype: "float64" })).item()).toBe(1);
  // d √(2 s) / ds = 1 / √(2 s) at s = 2.
  expectClose(grad((s: Tensor) => rate(s, 6))(np.array(2, { dtype: "float64" })), [0.5]);
  expect(Number.isFinite(grad((s: Tensor) => rate(s, 9))(np.array(2, { dtype: "float64" })).item())).toBe(
    true,
  );
});

describe("1 - decay is not off by what float32 makes of the decay", () => {
  // 1 - 0.999 from 0.999 in float32 is 0.00099998713.
  const exact = Math.fround(1 - 0.999);
  const step = np.array(0, { dtype: "int32" });
  test("of a schedule", () => {
    const decay = atStep(exponentialDecay({ from: 0.999, rate: 0.5, steps: 1000 }), step)(f32([1]));
    expect((oneMinus(decay) as Tensor).item()).toBe(exact);
  });
  test("of a float64 tensor under float32 theta", () => {
    const decay = atStep(np.array(0.999, { dtype: "float64" }), step)(f32([1]));
    expect((oneMinus(decay) as Tensor).item()).toBe(exact);
  });
  test("of decays that are learned as logarithms of 1 - decay", () => {
    const { optimizer, init } = learnableAdam();
    const rule = optimizer(init(random.key(0)));
    const { state } = trajectory<Tensor>(rule, f32([1]), () => f32([1]), 1).at(-1)!;
    expect(leaf(state, "secondWeight").item() / exact).toBeCloseTo(1, 6);
  });
});

describe("compressors show a gradient that is not finite", () => {
  test.each(compressorNames.filter((name) => name !== "errorFeedback"))("%s", (name) => {
    const compressor = createCompressor(name);
    const gradient = { w: f32([1, NaN, 3, 2, 1, 1, 2, 2]).reshape([4, 2]), b: f32([1, 2]) };
    const sent = compressor.compress(gradient, compressor.init(gradient), random.key(0));
    expect(numbers(sent.decoded.w).every(Number.isNaN)).toBe(true);
    expect(numbers(sent.decoded.b).every(Number.isFinite)).toBe(true);
  });
  test.each(["qsgd", "powerSgd"])("%s does not lose one that is enormous", (name) => {
    const compressor = createCompressor(name);
    const gradient = f32(Array.from({ length: 64 }, () => 1e20)).reshape([8, 8]);
    const { decoded } = compressor.compress(gradient, compressor.init(gradient), random.key(0));
    // Rank 1, or levels 0 and 1/4 of a norm of 8e20.
    expect(Math.max(...numbers(decoded))).toBeGreaterThan(0.9e20);
    expect(Math.max(...numbers(decoded))).toBeLessThan(3e20);
  });
});

describe("paths of leaves that theta does not have", () => {
  const theta = { weights: f32([1, 2]), bias: f32([3]) };
  test.each([
    ["adamw", "decayed"],
    ["lion", "decayed"],
    ["novograd", "decayed"],
    ["lamb", "decayed"],
    ["lans", "adapted"],
    ["lars", "adapted"],
    ["coupledWeightDecay", "decayed"],
    ["masked", "trained"],
  ])("%s({ %s }) is an error of init that names those there are", (name, option) => {
    expect(() => createOptimizer(name, { [option]: ["weigths"] }).init(theta)).toThrow(
      `${name}: ${option} must be a path of theta (bias, weights), got "weigths". Did you mean "weights"?`,
    );
    expect(() => createOptimizer(name, { [option]: ["weights"] }).init(theta)).not.toThrow();
  });
  test("in a tree a path stands for what is below it", () => {
    const nested = { layers: [theta, theta] };
    expect(() => adamw({ decayed: ["layers.1"] }).init(nested)).not.toThrow();
    expect(() => adamw({ decayed: ["layers.2"] }).init(nested)).toThrow("layers.0.bias, layers.0.weights");
  });
});

test("Lookahead inside Lookahead with keep: the inner slow weights are those of the reference", () => {
  // Card 11: keep leaves every inner buffer untouched. By hand on f = ½ x², SGD 0.1, both k = 2 and alpha = 0.5.
  let [x, inner, outer] = [1, 1, 1];
  const [inside, outside] = [[] as number[], [] as number[]];
  for (let t = 1; t <= 8; t++) {
    x -= 0.1 * x;
    if (t % 2 === 0) {
      inner += 0.5 * (x - inner);
      x = inner;
    }
    // The outer one counts every step of the inner.
    if (t % 2 === 0) {
      outer += 0.5 * (x - outer);
      x = outer;
    }
    inside.push(inner);
    outside.push(outer);
  }
  const nested = lookahead(lookahead(sgd({ learningRate: 0.1 }), { k: 2, alpha: 0.5 }), { k: 2, alpha: 0.5 });
  const points = trajectory<Tensor>(nested, f64([1]), (theta) => theta, 8).slice(1);
  const at = (state: Tree) => state as { slow: Tensor; inner: { slow: Tensor } };
  expectClose(points.map(({ state }) => at(state).inner.slow.data[0]!), inside, 1e-14); // prettier-ignore
  expectClose(points.map(({ state }) => at(state).slow.data[0]!), outside, 1e-14); // prettier-ignore
});

describe("a state that is none of its own is refused, with what to write", () => {
  const theta = { w: f32([1, 2]) };
  const optimizer = adam();
  const update = optimizer.update.bind(optimizer) as (...given: unknown[]) => unknown;
  const state = optimizer.init(theta);
  test.each([
    ["the order of others", () => update(state, theta, theta), /^adam: the second argument of update must be a state, .* got \{w\}\. Write update\(gradient, state, theta\)/],
    ["theta before the state", () => update(theta, theta, state), /^adam: the second argument of update must be a state/],
    ["no state", () => update(theta, undefined, theta), /^adam: the second argument of update must be a state, .* got undefined/],
    ["that of another optimizer", () => update(theta, sgd().init(theta), theta), /a part of the state is missing\. .*make another one by init\(theta\)/],
  ])("%s", (_, made, text) => expect(made).toThrow(text)); // prettier-ignore
});
