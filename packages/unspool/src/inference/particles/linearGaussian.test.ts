/** A linear-Gaussian model, whose look-ahead is known exactly: with it as the twist a sweep has no variance. */
import { expect, test } from "vitest";
import { type Tensor, np } from "../../array/index.ts";
import { linearGaussian } from "../stateSpace/linearGaussian.ts";
import { lookAheadLikelihood } from "../stateSpace/lookAheadLikelihood.ts";
import { particleBound } from "./particleBound.ts";
import { productProposal } from "./proposals/productProposal.ts";
import { manySweeps } from "./testing.ts";
import { fixedTwist } from "./twists/fixedTwist.ts";

const dtype = "float64";
const number = (x: number): Tensor => np.array([[x]], { dtype });
const matrices = { F: number(0.9), G: number(1), Q: number(0.5), R: number(0.4), P0: number(1) };
const model = linearGaussian({ matrices });
const y = np.array([0.3, -0.5, 1.2, 0.8, 2.0], { dtype }).reshape([5, 1]);

test("the exact look-ahead as the twist, with the proposal that belongs to it, gives the evidence itself", () => {
  const { precisions, slopes, constants } = lookAheadLikelihood(matrices, { y });
  const [a, b] = [precisions.reshape([5, 1]), slopes];
  // Of the recursion backwards, in NumPy: t = 0 … 3.
  const expected = [
    [1.034427157, 0.0530410184, -5.7116272766],
    [1.0330434783, 1.4130434783, -4.4319409087],
    [1.02, 1.3333333333, -3.3644180699],
    [0.9, 2, -3.0884804976],
  ];
  expected.forEach((row, t) =>
    row.forEach((value, i) => expect([a, b, constants][i]!.data[t]).toBeCloseTo(value, 9)),
  );
  const twist = fixedTwist((x, t) => {
    const [own, slope] = [a, b].map((rows) => np.take(rows, t, 0) as Tensor) as [Tensor, Tensor];
    return x.mul(slope).sub(x.mul(x).mul(own).mul(0.5)).sum(-1);
  });
  // p(x_t | x_{t-1}, y) is the transition times exp of (y_t x - x^2 / 2) / r + b x - a x^2 / 2.
  const precision = a.add(1 / 0.4);
  const mean = b.add(y.div(0.4)).div(precision);
  const proposal = productProposal({ steps: 5, stateSize: 1, dtype });
  const theta = { model: {}, proposal: { mean, logSd: np.log(precision).mul(-0.5) as Tensor }, twist: {} };
  const bound = particleBound({ model, proposal, twist, particles: 3, criterion: "always" });
  // The Kalman filter's log p(y), in NumPy.
  for (const value of manySweeps(bound, theta, { y }, 6)) expect(value).toBeCloseTo(-6.9696610755759565, 11);
});
