/** Objectives of full ES, by hand: the scalar system of the card at theta ± eps, with perturbations that are given. */
import { expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../../array/index.ts";
import { NonFiniteError, OptionError } from "../../errors.ts";
import { defineProblem } from "../../unroll/index.ts";
import { f64, linearProblem, scalarSystem } from "../testing.ts";
import { type FullEsObjective, fullEs } from "./fullEs.ts";
import type { NoiseRequest } from "./noise.ts";

const problem = linearProblem(scalarSystem);
const sigma = 0.2;
const eps = [0.1, -0.3];
const noise = (_theta: unknown, { pair }: NoiseRequest): Tensor => np.take(f64(eps), pair).reshape([1]);

/** s' = .8 s + theta from .5, l = (s - 1)² / 2, six steps. */
function lossesAt(theta: number): number[] {
  let s = 0.5;
  return Array.from({ length: 6 }, () => (s = 0.8 * s + theta)).map((at) => (at - 1) ** 2 / 2);
}

const sum = (values: readonly number[]) => values.reduce((all, x) => all + x, 0);
const last = (values: readonly number[]) => values.at(-1)!;

test.each<[FullEsObjective, (losses: number[]) => number]>([
  ["sum", sum],
  ["mean", (losses) => sum(losses) / 6],
  ["minimum", (losses) => Math.min(...losses)],
  ["last", last],
  // The final loss of this system is that of its last state.
  ["final", last],
])("objective %s", (objective, of) => {
  const estimator = fullEs(problem, { objective, sigma, pairs: 2, noise });
  // At .19 the least loss is the last one, at .5 it lies between.
  for (const at of [0.19, 0.5]) {
    const theta = f64([at]);
    const { loss, gradient } = estimator.estimate(theta, estimator.init(theta, random.key(0)), random.key(1));
    const [plus, minus] = [1, -1].map((sign) => eps.map((e) => of(lossesAt(at + sign * e)))) as [
      number[],
      number[],
    ];
    const parts = eps.map((e, i) => (e * (plus[i]! - minus[i]!)) / (2 * sigma ** 2));
    expect(gradient.item()).toBeCloseTo(sum(parts) / 2, 12);
    expect(loss).toBeCloseTo(sum([...plus, ...minus]) / 4, 12);
  }
});

test("several trajectories in a row start from their beginnings", () => {
  const estimator = fullEs(problem, { objective: "minimum", sigma, pairs: 2, noise });
  const theta = f64([0.5]);
  const first = estimator.estimate(theta, estimator.init(theta, random.key(0)), random.key(1));
  const second = estimator.estimate(theta, first.state, random.key(2));
  expect(second.gradient.item()).toBe(first.gradient.item());
});

test("a NaN on the way is no minimum: it is an error at its step", () => {
  const failing = defineProblem({
    name: "failing",
    horizon: 4,
    init: () => np.zeros([]),
    step: (theta: Tensor, s: Tensor, { t }) => ({
      state: s,
      loss: np.where(t.equal(tree.scalar(1, "int32")), Number.NaN, theta.slice(0)),
    }),
  });
  const estimator = fullEs(failing, { objective: "minimum", pairs: 1 });
  const run = () => estimator.estimate(f64([1]), estimator.init(f64([1]), random.key(0)), random.key(0));
  expect(run).toThrow(NonFiniteError);
  expect(run).toThrow(/inner step 1/);
});

test("a final loss that is not finite is one of the last step", () => {
  const failing = { ...problem, finalLoss: () => np.array(Number.NaN) };
  const estimator = fullEs(failing, { objective: "final", pairs: 1 });
  const run = () => estimator.estimate(f64([1]), estimator.init(f64([1]), random.key(0)), random.key(0));
  expect(run).toThrow(/inner step 5/);
});

test("an objective that there is not, and a final loss that the problem has not, are refused", () => {
  expect(() => fullEs(problem, { objective: "least" as never })).toThrow(/objective.*got "least"/);
  const { finalLoss: _none, ...rest } = problem;
  expect(() => fullEs(rest as typeof problem, { objective: "final" })).toThrow(OptionError);
  expect(() => fullEs(rest as typeof problem, { objective: "final" })).toThrow(/finalLoss/);
});
