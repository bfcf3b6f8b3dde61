/** Sums of windows: what a loop over estimates adds up to, and whole gradients where an estimator has them. */
import { expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../../array/index.ts";
import { NonFiniteError } from "../../errors.ts";
import { defineProblem, referenceExecutor } from "../../unroll/index.ts";
import { bptt, createEstimator, nres, rtrl, summedWindows, tbptt } from "../index.ts";
import { f64, gradients, linearProblem, planarSystem, scalarSystem } from "../testing.ts";

const problem = linearProblem(planarSystem);
const theta = f64([0.3, -0.2]);

test("rtrl over all windows is the gradient of bptt (card 6.2 b), in sums and in means", () => {
  const sums = summedWindows(rtrl(problem, { objective: "sum" }), { windows: 4, objective: "sum" });
  const { gradient, loss, metrics } = sums.estimate(theta, sums.init(theta, random.key(0)), random.key(0));
  expect(gradient.data[0]).toBeCloseTo(8.723299625, 9);
  expect(gradient.data[1]).toBeCloseTo(-4.00319615, 9);
  expect(loss).toBeCloseTo(1.43564769125, 10);
  expect(metrics.innerSteps).toBe(4);
  const means = summedWindows(rtrl(problem, { truncation: 2 }), { windows: 2 });
  const whole = gradients(bptt(problem), theta, 1)[0]!;
  gradients(means, theta, 1)[0]!.forEach((x, p) => expect(x).toBeCloseTo(whole[p]!, 10));
});

test.each(["pes", "nres", "truncatedEs", "telescopingPes", "pesAnalytic", "tbptt", "dodge"])(
  "%s: a sum of windows is what a loop over its estimates adds up to, and goes on from there",
  (name) => {
    const make = () =>
      createEstimator(name, problem, { truncation: 2, pairs: 3, tasks: 2, sigma: 0.1, objective: "sum" });
    const sums = summedWindows(make(), { windows: 3, objective: "sum" });
    const plain = make();
    const key = random.key(5);
    let [state, own] = [sums.init(theta, key), plain.init(theta, key)];
    for (let i = 0; i < 2; i++) {
      const step = random.foldIn(key, i);
      const sum = sums.estimate(theta, state, step);
      let [gradient, loss, innerSteps] = [[0, 0], 0, 0];
      for (let window = 0; window < 3; window++) {
        const estimate = plain.estimate(theta, own, random.foldIn(step, window));
        own = estimate.state;
        gradient = gradient.map((x, p) => x + estimate.gradient.data[p]!);
        loss += estimate.loss;
        innerSteps += estimate.metrics.innerSteps;
      }
      gradient.forEach((x, p) => expect(sum.gradient.data[p]).toBeCloseTo(x, 9));
      expect(sum.loss).toBeCloseTo(loss, 10);
      expect(sum.metrics.innerSteps).toBe(innerSteps);
      state = sum.state;
    }
  },
);

test("all windows of nres with a perturbation are full ES with it: an estimate per trajectory", () => {
  // Card 6.3: sums of -.69, .296976 and 1.8209853696.
  const scalar = linearProblem(scalarSystem);
  const noise = (_theta: unknown, { pair }: { pair: Tensor }): Tensor =>
    np.take(f64([0.1, -0.3]), pair).reshape([1]);
  const options = { sigma: 0.2, pairs: 2, truncation: 2, objective: "sum", noise } as const;
  for (const executor of [undefined, referenceExecutor()]) {
    const one = nres(scalar, { ...options, ...(executor && { executor }) });
    const [row] = gradients(summedWindows(one, { windows: 3, objective: "sum" }), f64([0.3]), 1);
    expect(row![0]).toBeCloseTo(1.4279613696, 10);
  }
});

test("a loss that is not finite is told by the estimator, with its step", () => {
  const failing = defineProblem({
    horizon: 6,
    init: () => np.zeros([]),
    step: (at: Tensor, s: Tensor, { t }) => ({
      state: s,
      loss: np.where(t.equal(tree.scalar(3, "int32")), Number.NaN, at.slice(0)),
    }),
  });
  const sums = summedWindows(nres(failing, { truncation: 2, pairs: 2 }), { windows: 3 });
  const run = () => sums.estimate(f64([1]), sums.init(f64([1]), random.key(0)), random.key(0));
  expect(run).toThrow(NonFiniteError);
  expect(run).toThrow(/nres: .*inner step 3.*in estimate 1/);
});

test("options", () => {
  expect(() => summedWindows(tbptt(problem), { windows: 0 })).toThrow(/windows.*got 0/);
  expect(() => summedWindows(tbptt(problem), undefined as never)).toThrow(/windows.*got undefined/);
  expect(() => summedWindows({ ask: () => 0 } as never, { windows: 2 })).toThrow(
    /must be a gradient estimator/,
  );
  const sum = rtrl(problem, { objective: "sum" });
  expect(() => summedWindows(sum, { windows: 2, objective: "mean" })).toThrow(
    /objective must be sum, which rtrl was told, got "mean"/,
  );
  const [untold, told] = [{}, { objective: "sum" } as const].map(
    (more) => gradients(summedWindows(sum, { windows: 4, ...more }), theta, 1)[0]!,
  );
  expect(untold).toEqual(told);
  expect(() => summedWindows(tbptt(problem), { windows: 2, objective: "avg" as never })).toThrow(/objective/);
});
