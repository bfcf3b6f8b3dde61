/** Functions with rules of their own, compiled, against the reference: their values, derivatives and linear systems. */
import { expect, test } from "vitest";
import { type Tensor, customJvp, customVjp, grad, jvp, lax, np, random, scan } from "../../array/index.ts";
import { bptt } from "../../estimators/index.ts";
import { compiledExecutor, defineProblem, referenceExecutor } from "../../unroll/index.ts";
import { wrongOfAll } from "./testing/check.ts";
import type { FunctionCase } from "./testing/functions.ts";

const f64 = (values: number | number[]) => np.array(values, { dtype: "float64" });

const reverse = customVjp(
  (x: Tensor) => [np.tanh(x), { x }],
  ({ x }, cotangent) => [x.mul(2).mul(cotangent)],
);
const forward = customJvp(
  (x: Tensor) => np.tanh(x),
  ([x], [dx]) => x.mul(2).mul(dx),
);
/** (1 + a²) x = b, by steps that are not linear in b to the eye. */
const solved = (a: Tensor, b: Tensor): Tensor =>
  lax.customLinearSolve(
    (v: Tensor) => v.add(a.mul(a).mul(v)),
    b,
    (times, r) =>
      scan((x: Tensor) => [x.add(r.sub(times(x)).mul(np.abs(r).add(1).div(np.abs(r).mul(2).add(2)))), undefined], np.zerosLike(r), null, 40)[0], // prettier-ignore
    { isSymmetric: true },
  );

test("values and derivatives at every level", () => {
  const [x, y] = [f64([0.3, -0.2, 0.5]), f64([0.1, 0.7, -0.4])];
  const row = (name: string, ...call: ((a: Tensor, b: Tensor) => Tensor)[]): FunctionCase => ({
    name,
    call: (a, b) => call.map((fn) => fn(a!, b!)),
    args: [x, y],
    vary: "roll",
    isDifferentiable: false,
  });
  const sum = (fn: (a: Tensor, b: Tensor) => Tensor) => (a: Tensor, b: Tensor) => {
    const out = fn(a, b);
    return out.mul(out).sum();
  };
  const cases = [
    row(
      "customVjp",
      (a) => reverse(a),
      grad(sum((a) => reverse(a))),
      (a, b) => jvp(reverse, [a], [b])[1],
    ),
    row(
      "customJvp",
      (a) => forward(a),
      grad(sum((a) => forward(a))),
      (a, b) => jvp(forward, [a], [b])[1],
    ),
    row("customLinearSolve", solved, grad(sum(solved)), (a, b) => grad(sum(solved), 1)(a, b) as Tensor),
  ];
  expect(wrongOfAll(cases, { ulps: 4096, scale: 1 })).toEqual([]);
});

test("backpropagation through an unroll uses the rule", () => {
  const problem = defineProblem({
    name: "rule",
    horizon: 4,
    init: () => f64(0.2),
    step: (theta: Tensor, state: Tensor) => {
      const next = reverse(state.add(theta));
      return { state: next, loss: next.mul(next) };
    },
  });
  // s' = tanh(s + theta) with the slope 2 (s + theta) of the rule; the loss is the mean of the four s'².
  let [s, slope, expected] = [0.2, 0, 0];
  for (let t = 0; t < 4; t++) {
    [s, slope] = [Math.tanh(s + 0.4), 2 * (s + 0.4) * (slope + 1)];
    expected += (2 * s * slope) / 4;
  }
  for (const executor of [referenceExecutor(), compiledExecutor()]) {
    const estimator = bptt(problem, { executor });
    const [startKey, key] = [random.key(1), random.key(2)];
    const theta = f64(0.4);
    const { gradient } = estimator.estimate(theta, estimator.init(theta, startKey), key);
    expect(gradient.item()).toBeCloseTo(expected, 12);
  }
});
