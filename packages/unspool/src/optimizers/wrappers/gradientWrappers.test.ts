/** Wrappers that change the gradient on its way in, and weight averaging, against their definitions. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, np, random } from "../../array/index.ts";
import { adaptiveGradientClip } from "./adaptiveGradientClip.ts";
import { adamw } from "../rules/adamw.ts";
import { coupledWeightDecay } from "./coupledWeightDecay.ts";
import { gradientNoise } from "./gradientNoise.ts";
import { sgd } from "../rules/sgd.ts";
import { swa } from "./swa.ts";
import { expectClose, f32, f64, numbers, trajectory } from "../testing.ts";

const unit = () => sgd({ learningRate: 1 });

describe("adaptiveGradientClip", () => {
  const matrix = (values: number[]) => np.array(values, { dtype: "float64", shape: [2, 2] });
  /** The gradient that sgd with learning rate 1 gets to see. */
  const clipped = (theta: Tensor, gradient: Tensor, options = {}): Tensor => {
    const optimizer = adaptiveGradientClip(unit(), { clip: 0.5, ...options });
    return theta.sub(optimizer.update(gradient, optimizer.init(theta), theta).theta);
  };

  test("limits each column by its own weights, or each row", () => {
    // Columns (3, 4) and (1, 0): at most 2.5 and 0.5 long. The gradient's columns are (6, 8) and (0.1, 0).
    const [theta, gradient] = [matrix([3, 1, 4, 0]), matrix([6, 0.1, 8, 0])];
    expectClose(clipped(theta, gradient), [1.5, 0.1, 2, 0]);
    // Rows (3, 1) and (4, 0): at most √10 / 2 and 2 long. The gradient's rows are (6, 0.1) and (8, 0).
    const part = Math.sqrt(10) / 2 / Math.hypot(6, 0.1);
    expectClose(clipped(theta, gradient, { unitAxis: 0 }), [6 * part, 0.1 * part, 2, 0]);
  });
  test("takes a vector as one unit, and weights at 0 as `eps` long", () => {
    expectClose(clipped(f64([3, 4]), f64([6, 8])), [1.5, 2]);
    expectClose(clipped(f64([0, 0]), f64([3, 4]), { eps: 0.1 }), [0.03, 0.04]);
    expectClose(clipped(f64(-4), f64(8)), [2]);
  });
  test("has a finite derivative where gradient and weights are 0", () => {
    const seen = (g: Tensor): Tensor => clipped(np.zerosLike(g), g).slice(0);
    expectClose(grad(seen)(f64([0, 0])), [1, 0]);
  });
});

describe("coupledWeightDecay", () => {
  test("is part of the gradient of chosen leaves: around sgd it is decoupled decay with lr times decay", () => {
    const theta = { weights: f64([1, -2]), bias: f64([3]) };
    const gradient = { weights: f64([0.5, 0.25]), bias: f64([1]) };
    const optimizer = coupledWeightDecay(sgd({ learningRate: 0.5 }), {
      weightDecay: 0.1,
      decayed: ["weights"],
    });
    const { theta: after } = trajectory(optimizer, theta, () => gradient, 1).at(-1)!;
    expectClose(after.weights, [1 - 0.5 * (0.5 + 0.1), -2 - 0.5 * (0.25 - 0.2)]);
    expectClose(after.bias, [2.5]);
  });
  test("is not AdamW around Adam", () => {
    const options = { learningRate: 0.1, weightDecay: 0.1 };
    const run = (optimizer: ReturnType<typeof adamw>) =>
      numbers(trajectory(optimizer, f64([1, -2]), (x) => x, 1)[1]!.theta);
    const coupled = coupledWeightDecay(adamw({ learningRate: 0.1, weightDecay: 0 }), { weightDecay: 0.1 });
    // The first step of Adam has length 0.1 whatever the gradient; AdamW's decay comes on top.
    expectClose(run(coupled as never), [0.9, -1.9], 1e-8);
    expectClose(run(adamw(options)), [0.9 - 0.01, -1.9 + 0.02], 1e-8);
  });
});

describe("gradientNoise", () => {
  const size = 1000;
  const noise = (options: object, steps: number, theta = np.zeros([size], { dtype: "float64" })) => {
    const points = trajectory(gradientNoise(unit(), options), theta, (x) => np.zerosLike(x), steps);
    return points.slice(1).map(({ theta: x }, i) => numbers(points[i]!.theta.sub(x)));
  };
  const variance = (x: readonly number[]) => x.reduce((sum, y) => sum + y * y, 0) / x.length;

  test("has variance η / (1 + t)^γ and mean 0, and its draws at different updates are independent", () => {
    const draws = noise({ variance: 0.3, decay: 0.55, key: 7 }, 2);
    draws.forEach((x, t) => {
      const wanted = 0.3 / (1 + t) ** 0.55;
      // Standard errors: of the mean √(v / n), of the variance v √(2 / n).
      expect(Math.abs(x.reduce((sum, y) => sum + y, 0) / size)).toBeLessThan(4 * Math.sqrt(wanted / size));
      expect(Math.abs(variance(x) - wanted)).toBeLessThan(4 * wanted * Math.sqrt(2 / size));
    });
    const [first, second] = draws as [number[], number[]];
    const correlation = first.reduce((sum, y, i) => sum + y * second[i]!, 0) / size;
    expect(Math.abs(correlation)).toBeLessThan(4 * Math.sqrt((variance(first) * variance(second)) / size));
  });
  test("depends on the key, which may be a seed, and is the same in a tree as in a row", () => {
    const few = f64([0, 0, 0]);
    const [byKey, bySeed, other] = [random.key(3), 3, 4].map((key) => noise({ key }, 2, few)[1]!);
    expect(bySeed).toEqual(byKey);
    expect(other).not.toEqual(byKey);
    const parts = { a: f64([0]), b: np.array([5], { dtype: "int32" }), c: f64([0, 0]) };
    const still = { ...parts, b: np.array([0], { dtype: "int32" }) };
    const { theta } = trajectory(gradientNoise(unit(), { key: 3 }), parts, () => still, 1)[1]!;
    expectClose([...numbers(theta.a), ...numbers(theta.c)], noise({ key: 3 }, 1, few)[0]!.map((x) => -x), 1e-15); // prettier-ignore
  });
  test("refuses what is no key", () => {
    expect(() => gradientNoise(unit(), { key: f32([1]) })).toThrow(
      "gradientNoise: key must be a seed (integer from 0 to 4294967295) or a key",
    );
  });
});

test("swa: the equal mean of what is there at updates 2, 5 and 8; before that the iterate itself", () => {
  const optimizer = swa(unit(), { start: 2, every: 3 });
  // x after t updates: t² / 2 + t / 2 by the gradient -(t + 1).
  const points = trajectory(optimizer, f64([0]), (_x, t) => f64([-(t + 1)]), 9);
  const at = (t: number) => (t * (t + 1)) / 2;
  const seen = points.map(({ theta, state }) =>
    numbers(optimizer.evaluationTheta!(state as never, theta)).at(0)!,
  );
  const [one, two, three] = [at(2), (at(2) + at(5)) / 2, (at(2) + at(5) + at(8)) / 3];
  expectClose(seen, [0, 1, one, one, one, two, two, two, three, three]);
  const whole = swa(unit());
  const all = trajectory(whole, f64([6]), () => f64([2]), 2).at(-1)!;
  expectClose(whole.evaluationTheta!(all.state as never, all.theta), [4]);
});
