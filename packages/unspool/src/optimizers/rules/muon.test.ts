/** What Muon's numbers in `gallery.test.ts` do not show: the orthogonal step itself, its derivative, and its leaves. */
import { expect, test } from "vitest";
import { type Tensor, grad, linalg, np, random } from "../../array/index.ts";
import { expectClose, f64, numbers, trajectory } from "../testing.ts";
import { adamw } from "./adamw.ts";
import { muon } from "./muon.ts";
import { newtonSchulz } from "./newtonSchulz.ts";

const matrix = (rows: number, columns: number): Tensor =>
  random.normal(random.key(rows), [rows, columns]).astype("float64");

test("newtonSchulz keeps singular vectors and brings singular values near 1", () => {
  const g = matrix(3, 5);
  const [u, , vt] = linalg.svd(g, { fullMatrices: false }) as [Tensor, Tensor, Tensor];
  const inBasis = np.matmul(
    np.matmul(np.matrixTranspose(u), newtonSchulz(g, 5, 1e-7)),
    np.matrixTranspose(vt),
  );
  const diagonal = numbers(np.diagonal(inBasis));
  for (const value of diagonal) expect(Math.abs(value - 0.95)).toBeLessThan(0.3);
  expectClose(np.abs(inBasis.sub(np.diag(f64(diagonal)))).max(), [0], 1e-9);
  expectClose(
    newtonSchulz(np.matrixTranspose(g), 5, 1e-7),
    numbers(np.matrixTranspose(newtonSchulz(g, 5, 1e-7))),
    1e-13,
  );
});

test("a matrix of zeros gives no step, and neither does its size matter", () => {
  expectClose(newtonSchulz(np.zeros([2, 3], { dtype: "float64" }), 5, 1e-7), [0, 0, 0, 0, 0, 0], 0);
  const g = matrix(2, 4);
  expectClose(newtonSchulz(g.mul(1e30), 5, 1e-30), numbers(newtonSchulz(g, 5, 1e-30)), 1e-12);
});

test("it is differentiated through the iteration (central differences)", () => {
  const start = matrix(2, 3);
  const loss = (scale: Tensor): Tensor => {
    const optimizer = muon({ learningRate: 0.1 });
    const theta = start.mul(scale);
    const moved = optimizer.update(theta.mul(theta), optimizer.init(theta), theta).theta;
    return moved.mul(moved).sum();
  };
  const h = 1e-5;
  const difference = (loss(f64(1.1 + h)).item() - loss(f64(1.1 - h)).item()) / (2 * h);
  expectClose(grad(loss)(f64(1.1)), [difference], 1e-8);
});

test("leaves that are no matrices, or are left out, are AdamW's", () => {
  const theta = { embedding: matrix(4, 2), weights: matrix(2, 3), bias: f64([1, 2, 3]) };
  const slope = <T>(at: T): T => at;
  const optimizer = muon({ adamLearningRate: 0.01, orthogonal: ["weights"] });
  const end = trajectory(optimizer, theta, slope, 3).at(-1)!.theta;
  const rest = adamw({ learningRate: 0.01, beta2: 0.95, eps: 1e-10, weightDecay: 0 });
  expectClose(end.embedding, numbers(trajectory(rest, theta.embedding, slope, 3).at(-1)!.theta), 1e-14);
  expectClose(end.bias, numbers(trajectory(rest, theta.bias, slope, 3).at(-1)!.theta), 1e-14);
  expect(() => muon({ orthogonal: ["bias"] }).init(theta)).toThrow(
    'muon: the rank of "bias" must be 2 for a leaf of `orthogonal`, got 1.',
  );
});
