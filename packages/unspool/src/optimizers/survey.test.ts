/**
 * The rules of the large-scale survey (He, Xue, Ren & You, arXiv 2111.00856) on three given gradients, and those for
 * matrices on two. Printed numbers: the equations in numpy (float64). Momentum, Nesterov, AdaGrad, Adadelta, RMSProp,
 * Adam, Adam with L2, AdamW, AdaMax and RAdam agree with torch.optim 1.13 to 1e-10. Their options: `surveyOptions.test.ts`.
 */
import { describe, expect, test } from "vitest";
import { type Tensor, np } from "../array/index.ts";
import type { Optimizer } from "./optimizer.ts";
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

/** To the printed digits. */
function expectPrinted(actual: unknown, expected: readonly number[]): void {
  const values = numbers(actual);
  expect(values.length).toBe(expected.length);
  values.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!), `${value} against ${expected[i]}`).toBeLessThan(6e-11);
  });
}

function afterGradients(optimizer: Optimizer, steps = 3): Tensor {
  return trajectory(optimizer, f64(start), (_x, t) => f64(gradients[t % 3]!), steps).at(-1)!.theta;
}

// prettier-ignore
const rows: [string, Record<string, unknown>, [number, number, number]][] = [
  ["sgd", rate, [1.01, -2.04, 3.025]],
  ["momentum", rate, [1.0289, -2.0508, 2.9692]],
  ["nesterov", rate, [1.03601, -2.08572, 2.99728]],
  ["adagrad", rate, [0.9533706721, -2.0111050877, 2.9727553988]],
  ["adadelta", {}, [0.9983797965, -2.0021869413, 3.0000906573]],
  ["rmsprop", rate, [0.8471646344, -2.0405816764, 2.9166830881]],
  ["adam", rate, [0.9669677235, -1.989499214, 2.8513024131]],
  ["coupledWeightDecay", { inner: { name: "adam", ...rate } }, [0.9609457511, -1.9798755443, 2.8399358794]],
  ["adamw", rate, [0.9641146721, -1.9836608905, 2.8425896428]],
  ["adamax", rate, [0.9480846005, -1.962347564, 2.8629916493]],
  ["nadam", rate, [0.9400516995, -1.9934125839, 2.8689728553]],
  // With Dozat's schedule, as PyTorch documents it. PyTorch 1.13 gave (0.9502657554, -2.0142792954, 2.9691410398):
  // it multiplied the product of all μ by the newest once too often.
  ["nadam", { ...rate, momentumDecay: 0.004 }, [0.9498813977, -2.0139375014, 2.9681501062]],
  ["amsgrad", rate, [0.9659469616, -1.9818139061, 2.8734947953]],
  ["amsgrad", { ...rate, variant: "paper", eps: 1e-300 }, [0.9760769303, -2.0958308627, 2.4975910212]],
  ["amsgrad", { ...rate, variant: "torch" }, [0.9669677235, -1.989499214, 2.8513024131]],
  ["radam", { ...rate, threshold: 5 }, [1.0092309186, -2.0111594484, 2.9646708099]],
  ["adabelief", rate, [0.9612856728, -1.9854761863, 2.8324943851]],
  ["lars", decay, [1.0000209637, -2.0000041761, 2.9994179842]],
  ["lars", { ...decay, variant: "optax" }, [1.0000453246, -2.0000539861, 2.999443855]],
  ["lamb", rate, [1.0253552794, -2.1945040579, 2.6964145838]],
  ["lans", rate, [0.9544462704, -2.1660107769, 2.6379000701]],
  ["signSgd", rate, [0.9, -2.1, 2.9]],
  ["signum", rate, [1.1, -2.1, 2.9]],
  ["lion", rate, [0.9, -2.1, 2.9]],
  ["novograd", rate, [1.0252014691, -2.0329693948, 2.8621653369]],
  ["sm3", { ...rate, eps: 1e-8 }, [0.9869683628, -1.992366802, 2.9786959506]],
];

test.each(rows)("%s %j on three gradients", (name, options, expected) => {
  expectPrinted(afterGradients(createOptimizer(name, options)), expected);
});

describe("matrices", () => {
  const weights = np.array([1, -2, 3, 0.5, 0.25, -1], { dtype: "float64", shape: [2, 3] });
  const matrices = [
    [0.1, -0.2, 0.3, 0.4, 0.05, -0.6],
    [-0.3, 0.2, 0.1, 0.2, -0.1, 0.5],
  ].map((g) => np.array(g, { dtype: "float64", shape: [2, 3] }));
  const after = (name: string, options: Record<string, unknown>) =>
    trajectory(createOptimizer(name, { ...rate, ...options }), weights, (_x, t) => matrices[t]!, 2);

  test("adafactor, factored, with a fixed learning rate", () => {
    const [, first, second] = after("adafactor", { isRelative: false });
    const { rows: r, columns: c } = first!.state as { rows: Tensor; columns: Tensor };
    expectPrinted(
      np.outer(r, c).div(r.sum()),
      [0.0359245283, 0.0089811321, 0.0950943396, 0.1340754717, 0.0335188679, 0.3549056604], // prettier-ignore
    );
    expectPrinted(
      second!.theta,
      [1.0922017932, -1.9798440984, 2.8853305751, 0.350368573, 0.2748462846, -1.0025286323], // prettier-ignore
    );
  });
  test("sm3 without momentum", () => {
    expectPrinted(
      after("sm3", { momentum: 0 }).at(-1)!.theta,
      [0.9707106781, -1.9707106781, 2.8683772234, 0.3552786405, 0.1947213595, -0.96401844], // prettier-ignore
    );
  });
  test("shampoo", () => {
    expectPrinted(
      after("shampoo", {}).at(-1)!.theta,
      [0.9893851998, -1.9913514236, 2.9198190151, 0.3994574135, 0.2520100681, -0.990483551], // prettier-ignore
    );
  });
  test("shampoo cut into blocks: each column by itself is a tensor [2, 1]", () => {
    const cut = after("shampoo", { blockSize: 2 }).at(-1)!.theta;
    const last = trajectory(
      createOptimizer("shampoo", rate),
      weights.slice([], [2, 3]),
      (_x, t) => matrices[t]!.slice([], [2, 3]),
      2,
    ).at(-1)!.theta;
    expectClose(cut.slice([], [2, 3]), numbers(last));
    expect(cut.shape).toEqual([2, 3]);
  });
  test("shampoo grafted: the direction is its own, the length that of sgd's or AdaGrad's step", () => {
    const moved = (options: Record<string, unknown>) => after("shampoo", options)[1]!.theta.sub(weights);
    const norm = (x: Tensor) => Math.hypot(...numbers(x));
    const free = moved({});
    for (const [grafting, length] of [
      ["sgd", 0.1 * norm(matrices[0]!)],
      // g / √g² is ±1 in six places.
      ["adagrad", 0.1 * Math.sqrt(6)],
    ] as const) {
      const grafted = moved({ grafting });
      expect(norm(grafted)).toBeCloseTo(length, 12);
      expectClose(grafted.mul(norm(free) / length), numbers(free));
    }
  });
  test("shampoo of order 3: roots -1/6, also along an axis of length 1", () => {
    const [tall, g] = [weights, matrices[0]!].map((x) => x.reshape([2, 1, 3]));
    expectPrinted(
      trajectory(createOptimizer("shampoo", rate), tall!, () => g!, 1)[1]!.theta,
      [0.963354078, -1.9559996777, 2.9520913388, 0.4402570587, 0.2498550128, -0.9258928643], // prettier-ignore
    );
  });
});
