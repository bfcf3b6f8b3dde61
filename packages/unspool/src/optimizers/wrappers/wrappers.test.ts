/** Clipping, accumulation, masks and averages against their definitions. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Tensor, type Tree, grad, np, tree } from "../../array/index.ts";
import { accumulate } from "./accumulate.ts";
import { adam } from "../rules/adam.ts";
import { clipByGlobalNorm } from "./clipByGlobalNorm.ts";
import { clipByValue } from "./clipByValue.ts";
import { emaAverage } from "./emaAverage.ts";
import { lookahead } from "./lookahead.ts";
import { masked } from "./masked.ts";
import { momentum } from "../rules/momentum.ts";
import { polyakAverage } from "./polyakAverage.ts";
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
  trajectory,
} from "../testing.ts";

/** What a clipped gradient is: the step of sgd with learning rate 1 from 0. */
function clipped(wrap: (inner: ReturnType<typeof sgd>) => { update: unknown }, gradient: Tensor): Tensor {
  const optimizer = wrap(sgd({ learningRate: 1 })) as ReturnType<typeof clipByValue>;
  const zero = np.zerosLike(gradient);
  return optimizer.update(gradient, optimizer.init(zero), zero).theta.neg();
}

describe("clipByGlobalNorm", () => {
  const clip = (maxNorm: number, gradient: Tensor) =>
    clipped((inner) => clipByGlobalNorm(inner, { maxNorm }), gradient);

  test("shortens (3, 4) to length 2, over all leaves together", () => {
    expectClose(clip(2, f64([3, 4])), [1.2, 1.6]);
    const optimizer = clipByGlobalNorm(sgd({ learningRate: 1 }), { maxNorm: 2 });
    const theta = { a: f64([0]), b: { c: f32([0]) } };
    const gradient = { a: f64([3]), b: { c: f32([4]) } };
    const { theta: after } = optimizer.update(gradient, optimizer.init(theta), theta);
    expectClose(after.a, [-1.2]);
    expectClose(after.b.c, [-1.6], 1e-6);
  });
  test("lets a gradient of at most that length pass bit for bit (property)", () => {
    const float = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(float, { minLength: 1, maxLength: 4 }), (values) => {
        expect(numbers(clip(2.0001, f64(values)))).toEqual(values.map((x) => 0 - (0 - x)));
      }),
      { seed: 11, numRuns: 30 },
    );
  });
  test("shortens an exploded float32 gradient whose square overflows", () => {
    expectClose(clip(1, f32([3e25, -4e25])), [0.6, -0.8], 1e-6);
  });
  test("does not repair what is not finite", () => {
    for (const bad of [NaN, Infinity]) {
      expect(tree.isFinite(clip(1, f32([bad, 1])))).toBe(false);
    }
  });
  test("has derivatives: of the direction where it clips, the identity where not, at 0 too", () => {
    const first = (g: Tensor): Tensor => clip(2, g).slice(0);
    // d/dg of 2 g₁/|g| at (3, 4): 2 (1/5 - 9/125), -2 · 12/125.
    expectClose(grad(first)(f64([3, 4])), [2 * (1 / 5 - 9 / 125), (-2 * 12) / 125]);
    expectClose(grad(first)(f64([0.3, 0.4])), [1, 0]);
    expectClose(grad(first)(f64([0, 0])), [1, 0]);
  });
  test("takes a schedule", () => {
    const optimizer = clipByGlobalNorm(sgd({ learningRate: 1 }), {
      maxNorm: linearSchedule({ from: 1, to: 3, steps: 2 }),
    });
    const points = trajectory(optimizer, f64([0]), () => f64([9]), 3);
    expectClose(
      points.map(({ theta }) => theta.item()),
      [0, -1, -3, -6],
    );
  });
});

describe("clipByValue", () => {
  test("brings every element into the range; NaN stays", () => {
    const gradient = f64([-3, -0.5, 0, 0.5, 3, NaN]);
    const result = numbers(clipped((inner) => clipByValue(inner, { maxAbs: 1 }), gradient));
    expectClose(result.slice(0, 5), [-1, -0.5, 0, 0.5, 1]);
    expect(result[5]).toBeNaN();
  });
});

describe("accumulate", () => {
  test("every third call makes the step of the mean gradient", () => {
    const gradients = [1, 2, 6, -3, 0, 9].map((g) => f64([g, -g]));
    const points = trajectory(accumulate(momentum(), { every: 3 }), f64([1, 1]), (_x, t) => gradients[t]!, 6);
    const means = [f64([3, -3]), f64([2, -2])];
    const whole = trajectory(momentum(), f64([1, 1]), (_x, t) => means[t]!, 2);
    for (const t of [1, 2]) expectSameBits(points[t]!.theta, points[0]!.theta);
    expectClose(points[3]!.theta, numbers(whole[1]!.theta));
    for (const t of [4, 5]) expectSameBits(points[t]!.theta, points[3]!.theta);
    expectClose(points[6]!.theta, numbers(whole[2]!.theta));
    const { inner } = points[6]!.state as { inner: { step: Tensor } };
    expect(inner.step.item()).toBe(2);
  });
  test("weighted by size, batches of different sizes make the gradient of all examples", () => {
    // Means of 1, 3 and 4 examples: (2 + 3 · 6 + 4 · (-1)) / 8 = 2.
    const optimizer = accumulate(sgd({ learningRate: 0.5 }), { every: 3, isWeighted: true });
    let [theta, state] = [f64([1]), optimizer.init(f64([1]))];
    for (const [g, examples] of [
      [2, 1],
      [6, 3],
      [-1, 4],
    ] as const)
      // prettier-ignore
      ({ theta, state } = optimizer.update(f64([g]), state, theta, { examples: f64(examples) }));
    expectClose(theta, [0]);
    expectClose(state.total!, [0]);
    expect(() => optimizer.update(f64([1]), state, theta)).toThrow("{ examples }");
    // A plain number is taken, as a loss is; one number for each example is not.
    const given = (examples: unknown) =>
      optimizer.update(f64([1]), state, theta, { examples: examples as Tensor }).state;
    expectClose(given(3).total!, [3], 0);
    expect(() => given(f64([1, 2]))).toThrow(/the examples that `update` observes must be a scalar/);
  });
  test("a NaN spoils its own window only where the inner optimizer forgets it", () => {
    const theta = f64([1]);
    const optimizer = accumulate(sgd(), { every: 2 });
    const { state } = trajectory(optimizer, theta, () => f64([NaN]), 2).at(-1)!;
    expectClose((state as { sum: Tree }).sum, [0]);
  });
});

describe("masked", () => {
  const predicate = (path: string) => path.endsWith("bias");

  test("moves chosen leaves as the inner optimizer would, keeps the others, and has no memory for them", () => {
    const theta = mixedTheta();
    const { layers, index } = trajectory(masked(adam(), { trained: predicate }), theta, mixedGradient, 3).at(
      -1,
    )!.theta;
    const whole = trajectory(adam(), theta, mixedGradient, 3).at(-1)!.theta;
    layers.forEach(({ weights, bias }, i) => {
      expectSameBits(weights, theta.layers[i]!.weights);
      expectClose(bias, numbers(whole.layers[i]!.bias), 1e-6);
    });
    expectSameBits(index, theta.index);
    const { inner } = masked(adam(), { trained: predicate }).init(theta);
    expect(tree.entries(inner.firstMoment).map(([path]) => path)).toEqual(["layers.0.bias", "layers.1.bias"]);
  });
  test("takes paths, which stand for everything below them", () => {
    const theta = mixedTheta();
    const { inner } = masked(adam(), { trained: ["layers.1", "index"] }).init(theta);
    expect(Object.keys(inner.firstMoment).toSorted()).toEqual(["index", "layers.1.bias", "layers.1.weights"]);
  });
  test("evaluates the slow weights of a Lookahead inside, and theta elsewhere", () => {
    const theta = { a: f64([1]), b: f64([2]) };
    const optimizer = masked(lookahead(sgd({ learningRate: 0.5 }), { k: 3 }), { trained: ["a"] });
    const point = trajectory(optimizer, theta, () => ({ a: f64([1]), b: f64([1]) }), 2).at(-1)!;
    expectClose(point.theta, [0, 2]);
    expectClose(optimizer.evaluationTheta!(point.state as never, point.theta), [1, 2]);
  });
  test("inside a Lookahead that resets it, its positions follow the slow weights", () => {
    const theta = { a: f64([1]), b: f64([2]) };
    const inside = masked(lookahead(sgd({ learningRate: 0.5 }), { k: 3, alpha: 0.5 }), { trained: ["a"] });
    const push = (_x: typeof theta, t: number) => ({ a: f64([t === 0 ? 1 : 0]), b: f64([0]) });
    const points = trajectory(lookahead(inside, { k: 2, alpha: 0.5, innerState: "reset" }), theta, push, 12);
    // Step of 0.5, outer pull to 0.75 at step 2, after which nothing moves.
    for (const point of points.slice(2)) expectClose(point.theta, [0.75, 2]);
  });
  test("a choice of nothing is a typed error that lists the paths", () => {
    expect(() => masked(adam(), { trained: ["layer"] }).init({ layers: [f64(1), f64(2)] })).toThrow(
      'masked: trained must be a path of theta (layers.0, layers.1), got "layer".',
    );
  });
  test("the second moment is 0 outside", () => {
    const theta = { a: f64([1]), b: f64([2]) };
    const optimizer = masked(adam(), { trained: ["b"] });
    const { state } = trajectory(optimizer, theta, () => ({ a: f64([3]), b: f64([3]) }), 1).at(-1)!;
    expectClose(optimizer.secondMoment!(state as never, theta), [0, 9]);
  });
});

describe("averages", () => {
  const thetas = (steps: number) =>
    trajectory(sgd({ learningRate: 0.2 }), f64([1, -2]), (x) => x, steps).map((p) => p.theta);
  const mean = (points: Tensor[]) =>
    [0, 1].map((i) => points.reduce((sum, p) => sum + p.data[i]!, 0) / points.length);

  test.each([
    [0, 1, [1, 2, 3, 4, 5, 6]],
    [2, 1, [3, 4, 5, 6]],
    [1, 2, [3, 5]],
  ])("polyakAverage with start %d, every %d is the mean of thetas %j", (start, every, taken) => {
    const optimizer = polyakAverage(sgd({ learningRate: 0.2 }), { start, every });
    const { theta, state } = trajectory(optimizer, f64([1, -2]), (x) => x, 6).at(-1)!;
    expectSameBits(theta, thetas(6)[6]);
    expectClose(optimizer.evaluationTheta!(state as never, theta), mean(taken.map((t) => thetas(6)[t]!)));
  });
  test("emaAverage is the weighted mean with weights decay^age", () => {
    const optimizer = emaAverage(sgd({ learningRate: 0.2 }), { decay: 0.7 });
    const { theta, state } = trajectory(optimizer, f64([1, -2]), (x) => x, 4).at(-1)!;
    const weights = [0.7 ** 3, 0.7 ** 2, 0.7, 1];
    const total = weights.reduce((a, b) => a + b);
    const expected = [0, 1].map((i) =>
      thetas(4)
        .slice(1)
        .reduce((sum, p, t) => sum + (weights[t]! / total) * p.data[i]!, 0),
    );
    expectClose(optimizer.evaluationTheta!(state as never, theta), expected);
  });
  test("before the first update both evaluate theta", () => {
    const theta = mixedTheta();
    for (const optimizer of [polyakAverage(sgd(), { start: 3 }), emaAverage(sgd())]) {
      const state = optimizer.init(theta);
      expectSameBits(optimizer.evaluationTheta!(state as never, theta), theta);
    }
  });
  test("around Lookahead they average its slow weights", () => {
    const make = () => lookahead(sgd({ learningRate: 0.2 }), { k: 2, alpha: 0.5 });
    const slow = trajectory(make(), f64([1, -2]), (x) => x, 4).map((p) => (p.state as { slow: Tensor }).slow);
    const optimizer = polyakAverage(make());
    const { theta, state } = trajectory(optimizer, f64([1, -2]), (x) => x, 4).at(-1)!;
    expectClose(optimizer.evaluationTheta!(state as never, theta), mean(slow.slice(1)));
  });
});
