/**
 * The rules of the large-scale survey (He, Xue, Ren & You, arXiv 2111.00856) on three given gradients, and those for
 * matrices on two. Expected numbers: the equations in numpy (float64). Momentum, Nesterov, AdaGrad, Adadelta,
 * RMSProp, Adam, Adam with L2, AdamW, AdaMax and RAdam agree with torch.optim 1.13 to 1e-10.
 */
import { describe, expect, test } from "vitest";
import { type Tensor, np } from "../array/index.ts";
import type { Optimizer } from "./optimizer.ts";
import { createOptimizer } from "./registry.ts";
import { f64, numbers, trajectory } from "./testing.ts";

const rate = { learningRate: 0.1 };
const decay = { ...rate, weightDecay: 0.01 };

const gradients = [
  [0.1, -0.2, 0.3],
  [-0.4, 0.5, 0.05],
  [0.2, 0.1, -0.6],
].map((g) => f64(g));

/** To the printed digits. */
function expectPrinted(actual: unknown, expected: readonly number[]): void {
  const values = numbers(actual);
  expect(values.length).toBe(expected.length);
  values.forEach((value, i) => {
    expect(Math.abs(value - expected[i]!), `${value} against ${expected[i]}`).toBeLessThan(6e-11);
  });
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
  const { theta } = trajectory(createOptimizer(name, options), f64([1, -2, 3]), (_x, t) => gradients[t]!, 3).at(-1)!; // prettier-ignore
  expectPrinted(theta, expected);
});
