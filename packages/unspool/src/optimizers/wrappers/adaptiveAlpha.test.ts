/** Lookahead's adaptive alpha against the oracle of card 11, section 6, and the formula of section 2.3. */
import { describe, test } from "vitest";
import { type Tensor, type Tree, np, tree } from "../../array/index.ts";
import { adam } from "../rules/adam.ts";
import { type LookaheadOptions, lookahead } from "./lookahead.ts";
import { sgd } from "../rules/sgd.ts";
import { expectClose, expectSameBits, f64, numbers, trajectory } from "../testing.ts";

const start = f64([1, -2]);

describe("adaptive alpha, section 6: A = [[2, .5], [.5, 1]], b = (1, -1), five steps of 0.1 from (1, 1)", () => {
  const matrix = np.array([2, 0.5, 0.5, 1], { dtype: "float64", shape: [2, 2] });
  const b = f64([1, -1]);
  const slope = (theta: Tensor): Tensor => np.matmul(matrix, theta).sub(b);
  const loss = (theta: Tensor): number =>
    np.matmul(theta, np.matmul(matrix, theta)).mul(0.5).sub(np.matmul(b, theta)).item();
  const exact = (vector: Tree): Tree => np.matmul(matrix, vector as Tensor);
  const run = (options: LookaheadOptions) =>
    trajectory(lookahead(sgd({ learningRate: 0.1 }), { k: 5, ...options }), f64([1, 1]), slope, 5).at(-1)!;

  test("exact curvature finds alpha* = 1.8010519347 and the loss -0.7531907036", () => {
    expectClose(
      trajectory(sgd({ learningRate: 0.1 }), f64([1, 1]), slope, 5).at(-1)!.theta,
      [0.5847078125, 0.0262496875],
    );
    const { theta } = run({ allowExtrapolation: true, adaptive: { high: 2, curvature: exact } });
    const alpha = numbers(theta).map((x, i) => (x - 1) / ([0.5847078125, 0.0262496875][i]! - 1));
    // The card prints ten digits.
    expectClose(alpha, [1.8010519347, 1.8010519347], 1e-10);
    expectClose([loss(theta)], [-0.7531907036], 1e-10);
  });

  test("is held to 1 without extrapolation", () => {
    const { theta } = run({ adaptive: { curvature: exact } });
    expectClose(theta, [0.5847078125, 0.0262496875]);
    expectClose([loss(theta)], [-0.2085561773], 1e-10);
  });

  test("without movement, or without curvature along it, alpha is `low`", () => {
    const still = lookahead(adam(), { k: 2, adaptive: { low: 0.2 } });
    expectSameBits(trajectory(still, start, (x) => np.zerosLike(x), 4).at(-1)!.theta, start);
    const flat = run({ adaptive: { low: 0.2, curvature: (v) => tree.map(np.zerosLike, v) } });
    expectClose(flat.theta, [1 + 0.2 * (0.5847078125 - 1), 1 + 0.2 * (0.0262496875 - 1)]);
  });

  test("adam's own second moment: the formula of section 2.3 with the diagonal inverse written out", () => {
    const optimizer = lookahead(adam({ learningRate: 0.3, beta2: 0.5 }), {
      k: 1,
      allowExtrapolation: true,
      adaptive: { low: 1e-6, high: 1e6 },
    });
    const theta0 = f64([1, 2]);
    const g = [0.5, -0.25];
    const { theta } = trajectory(optimizer, theta0, () => f64(g), 1).at(-1)!;
    // First step of adam: theta - 0.3 g / (|g| + 1e-8); v̂ = g².
    const d = g.map((x) => (0.3 * x) / (Math.abs(x) + 1e-8));
    const curvature = g.map((x) => x * x);
    const gradientAtFast = g.map((x, i) => x - curvature[i]! * d[i]!);
    const top = d.reduce((s, x, i) => s + (x + gradientAtFast[i]! / curvature[i]!) * curvature[i]! * x, 0);
    const alpha = top / d.reduce((s, x, i) => s + curvature[i]! * x * x, 0);
    expectClose(
      theta,
      [1, 2].map((x, i) => x - alpha * d[i]!),
    );
  });
});
