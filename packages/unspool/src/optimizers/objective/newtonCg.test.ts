/** Hessian-free optimisation and its parts against direct linear algebra. */
import { describe, expect, test } from "vitest";
import { type Tensor, hessian, jacobian, linalg, np, plainLayers, random } from "../../array/index.ts";
import { compiledStep } from "./compiledStep.ts";
import { conjugateGradients } from "./conjugateGradients.ts";
import { gaussNewtonDiagonal, gaussNewtonProduct, hessianProduct } from "../curvature/curvatureProducts.ts";
import { categoricalLogits, gaussianLikelihood } from "../curvature/likelihoods.ts";
import { newtonCg } from "./newtonCg.ts";
import { type Objective, networkObjective } from "./objective.ts";
import { expectClose, f64, numbers } from "../testing.ts";

const wide = { dtype: "float64" } as const;
const key = random.key(0);
const draw = (name: string, shape: number[]) => random.normal(random.foldIn(key, name), shape, wide);

/** ½ xᵀ A x - bᵀ x. */
const matrix = f64([4, 1, 0.5, 1, 3, 0.25, 0.5, 0.25, 2]).reshape([3, 3]);
const linear = f64([1, -2, 3]);
const objective: Objective<Tensor> = {
  loss: (x) => np.matmul(matrix, x).mul(x).sum().mul(0.5).sub(linear.mul(x).sum()),
};

test("conjugate gradients in as many iterations as dimensions, with and without preconditioner", () => {
  const exact = numbers(linalg.solve(matrix, linear));
  const product = ([v]: Tensor[]) => [np.matmul(matrix, v!)];
  for (const preconditioner of [undefined, [f64([4, 3, 2])]]) {
    const options = { iterations: 5, ...(preconditioner && { preconditioner }) };
    const { x, residual } = conjugateGradients(product, [linear], [f64([1, 1, 1])], options);
    expectClose(x, exact, 1e-12);
    expectClose(residual, [0, 0, 0], 1e-12);
  }
});

describe("products with curvature", () => {
  const network = networkObjective({
    network: (theta: Tensor, x, layers) =>
      layers.dense({ weights: theta.slice([4, 10]).reshape([2, 3]) }, np.tanh(layers.dense({ weights: theta.slice([0, 4]).reshape([2, 2]) }, x))), // prettier-ignore
    likelihood: categoricalLogits,
    inputs: draw("inputs", [5, 2]),
    targets: np.array([0, 2, 1, 0, 1], { dtype: "int32" }),
  });
  const theta = draw("theta", [10]);
  const v = draw("v", [10]);
  test("the Hessian's is that with the matrix", () => {
    const expected = numbers(np.matmul(hessian(network.loss)(theta), v));
    expectClose(hessianProduct(network, theta, [v]), expected, 1e-12);
  });
  test("the Gauss-Newton matrix's is mean Jᵀ F J v", () => {
    const outputs = (at: Tensor) => network.network!.outputs(at, plainLayers);
    const j = jacobian(outputs)(theta).reshape([5, 3, 10]);
    const p = np.exp(outputs(theta));
    const expected = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 5; i++) {
      const logits = [0, 1, 2].map((k) => p.slice(i).data[k]!);
      const total = logits.reduce((sum, x) => sum + x, 0);
      const prob = logits.map((x) => x / total);
      const rows = [0, 1, 2].map((k) => [...j.slice(i).slice(k).data]);
      const moved = rows.map((row) => row.reduce((sum, x, d) => sum + x * v.data[d]!, 0));
      const mean = prob.reduce((sum, q, k) => sum + q * moved[k]!, 0);
      rows.forEach((row, k) =>
        row.forEach((x, d) => (expected[d]! += (x * prob[k]! * (moved[k]! - mean)) / 5)),
      );
    }
    expectClose(gaussNewtonProduct(network.network!, theta, [v]), expected, 1e-12);
  });
  test("the diagonal is exact for one example and one output, and never negative", () => {
    const one = networkObjective({
      network: (weights: Tensor, x, layers) => layers.dense({ weights }, x),
      likelihood: gaussianLikelihood,
      inputs: f64([1, -2, 3]).reshape([1, 3]),
      targets: f64([0]).reshape([1, 1]),
    });
    expectClose(gaussNewtonDiagonal(one.network!, f64([1, 1, 1]).reshape([3, 1]), key), [1, 4, 9]);
  });
});

describe("newtonCg", () => {
  const rule = { damping: 1e-9, iterations: 5 };
  test("solves a quadratic in one step, and damping falls where the model is exact", () => {
    const optimizer = newtonCg(rule);
    const theta = f64([5, 5, 5]);
    const start = optimizer.init(theta, objective, key);
    const end = optimizer.step(theta, start, objective, { key });
    expectClose(end.theta, numbers(linalg.solve(matrix, linear)), 1e-8);
    expectClose(end.state.damping, [(1e-9 * 2) / 3], 1e-20);
    expectClose(end.metrics["stepLength"], [1]);
  });
  test("solves linear least squares in one step through the Gauss-Newton matrix", () => {
    const [x, y] = [draw("x", [8, 3]), draw("y", [8, 2])];
    const regression = networkObjective({
      network: (weights: Tensor, inputs, layers) => layers.dense({ weights }, inputs),
      likelihood: gaussianLikelihood,
      inputs: x,
      targets: y,
    });
    const optimizer = newtonCg({ ...rule, iterations: 10 });
    const theta = np.zeros([3, 2], wide);
    const end = optimizer.step(theta, optimizer.init(theta, regression, key), regression, { key });
    const normal = np.matmul(np.transpose(x), x);
    expectClose(end.theta, numbers(linalg.solve(normal, np.matmul(np.transpose(x), y))), 1e-7);
  });
  test("leaves a saddle: negative curvature stops the iterations, and the step still descends", () => {
    const saddle: Objective<Tensor> = {
      loss: (x) => np.cos(x.slice(0)).add(x.slice(1).mul(x.slice(1))),
    };
    const optimizer = newtonCg({ ...rule, warmStart: 0 });
    const step = compiledStep(optimizer, () => saddle);
    let [theta, state] = [f64([0.1, 1]), optimizer.init(f64([0.1, 1]), saddle, key)];
    for (let i = 0; i < 15; i++) ({ theta, state } = step(theta, state, {}, key));
    expect(saddle.loss(theta).item()).toBeLessThan(-0.999);
  });
});
