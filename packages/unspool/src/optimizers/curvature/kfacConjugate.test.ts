/** Conjugate gradients with K-FAC as preconditioner, and the low-rank way to apply inverses. */
import { expect, test } from "vitest";
import { type Tensor, grad, np, random, tree } from "../../array/index.ts";
import { compiledStep } from "../objective/compiledStep.ts";
import { conjugateGradients } from "../objective/conjugateGradients.ts";
import { networkObjective } from "../objective/objective.ts";
import { expectClose, numbers } from "../testing.ts";
import { kfac } from "./kfac.ts";
import type { KfacOptions } from "./kfacOptions.ts";
import * as net from "./kfacTesting.ts";
import { categoricalLogits } from "./likelihoods.ts";

test("a preconditioner that is a function: the iterates of the reference in numpy (F, b, diag F)", () => {
  const f = net.matrix([[4, 1, 0, 0.5], [1, 3, 0.7, 0], [0, 0.7, 2, -0.3], [0.5, 0, -0.3, 1]]); // prettier-ignore
  const b = np.array([1, 2, -1, 0.5], net.f64);
  const iterates = [
    [0.2356902357, 0.6285072952, -0.4713804714, 0.4713804714],
    [0.0192047134, 0.8237192848, -0.7776184393, 0.2581742684],
    [0.0114458106, 0.8404585772, -0.7554165102, 0.255900582],
    [0.0060114637, 0.8404865092, -0.7535299874, 0.2709352719],
  ];
  iterates.forEach((wanted, i) => {
    const { x } = conjugateGradients(([v]) => [np.matmul(f, v!)], [b], [np.zerosLike(b)], {
      iterations: i + 1,
      preconditioner: ([r]) => [r!.div(np.diagonal(f))],
    });
    expectClose(x, wanted, 1e-9);
  });
});

const objective = net.objective();
const damping = 0.31;

/** The change of theta of a first step with exact Fisher information, α and μ by the quadratic model. */
function change(options: KfacOptions): net.ChainTheta {
  const optimizer = kfac({ fisher: "full", adaptGamma: false, adaptDamping: false, damping, gamma: 0.5, ...options }); // prettier-ignore
  const step = compiledStep(optimizer, () => objective);
  const { theta } = step(net.theta, optimizer.init(net.theta, objective, random.key(0)), {}, random.key(1));
  return tree.map((to, from) => to.sub(from!), theta, net.theta);
}

/** M(δ) - M(0) by the dense Fisher matrix. */
function modelChange(delta: net.ChainTheta): number {
  const fisher = net.moment(net.jacobianRows(objective, net.theta));
  const slope = net.toVector(grad(objective.loss)(net.theta) as net.ChainTheta);
  const d = net.toVector(delta);
  const image = fisher.map((row, i) => row.reduce((sum, x, j) => sum + x * d[j]!, 0) + damping * d[i]!);
  return d.reduce((sum, x, i) => sum + x * (image[i]! / 2 + slope[i]!), 0);
}

test(
  "more steps lower the model, and as many as there are parameters minimise it: -.5947277231 by numpy",
  { tags: ["long"] },
  () => {
    const values = [1, 20].map((conjugateSteps) => modelChange(change({ conjugateSteps })));
    expect(values[0]).toBeCloseTo(-0.5491153968, 8);
    expect(values[1]).toBeLessThan(values[0]!);
    expect(values[1]).toBeCloseTo(-0.5947277231, 9);
  },
);

test("the low-rank way is the same step, of a network that is wider than its batch", () => {
  const draw = (name: string, shape: number[]): Tensor =>
    random.normal(random.foldIn(random.key(7), name), shape, net.f64).mul(0.4);
  const theta = {
    a: { weights: draw("a", [9, 12]), bias: draw("b", [12]) },
    c: { weights: draw("c", [12, 3]) },
  };
  const of = networkObjective({
    network: (at: typeof theta, x, layers) => layers.dense(at.c, np.tanh(layers.dense(at.a, x))),
    likelihood: categoricalLogits,
    inputs: draw("x", [4, 9]),
    targets: np.array([0, 2, 1, 1], { dtype: "int32" }),
  });
  const after = (lowRank: boolean) => {
    const optimizer = kfac({ lowRank, adaptGamma: false });
    const step = compiledStep(optimizer, () => of);
    return step(theta, optimizer.init(theta, of, random.key(0)), {}, random.key(1));
  };
  const [short, plain] = [after(true), after(false)];
  expectClose(short.theta, numbers(plain.theta), 1e-11);
  expect(numbers(short.theta)).not.toEqual(numbers(plain.theta));
  expect(short.metrics["alpha"]!.item()).toBeCloseTo(plain.metrics["alpha"]!.item(), 9);
});
