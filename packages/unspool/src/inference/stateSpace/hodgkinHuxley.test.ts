import { describe, expect, test } from "vitest";
import { type Tensor, grad, np, random, scan } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";
import {
  hodgkinHuxley,
  hodgkinHuxleyRates,
  hodgkinHuxleyRest,
  hodgkinHuxleySteadyState,
  hodgkinHuxleyStep,
  usableTrace,
} from "./hodgkinHuxley.ts";
import { simulate } from "./simulate.ts";

const scalar = (x: number): Tensor => np.array(x, { dtype: "float64" });

// From the formulas of the rates, in NumPy with float64.
describe.each([
  [-65, 0.15718708947377, 4, 0.05819767068693, 0.125, 0.14819000116289, 0.04742587317757],
  [
    -20, 1.9308253751833, 0.3283399944956, 0.36089818074023, 0.07122285309137, 0.01561911121039,
    0.81757447619364,
  ],
])("at %s mV", (v, alphaM, betaM, alphaN, betaN, alphaH, betaH) => {
  test("rates", () => {
    const found = hodgkinHuxleyRates(scalar(v));
    const expected = { alphaM, betaM, alphaN, betaN, alphaH, betaH };
    for (const [name, value] of Object.entries(expected))
      expect(found[name as keyof typeof expected].item(), name).toBeCloseTo(value, 13);
  });
});

test("rates and their derivatives are smooth where the formula is 0 / 0", () => {
  for (const at of [-35, -55]) {
    const rate = (v: Tensor): Tensor => {
      const { alphaM, alphaN } = hodgkinHuxleyRates(v);
      return at === -35 ? alphaM : alphaN.mul(10);
    };
    // u / (1 - exp(-u / 10)) is 10 at u = 0, with slope 1/2; times 0.1.
    expect(rate(scalar(at)).item()).toBeCloseTo(1, 14);
    expect(grad(rate)(scalar(at)).item()).toBeCloseTo(0.05, 14);
    expect(rate(scalar(at + 0.1001)).item()).toBeCloseTo(rate(scalar(at + 0.0999)).item(), 4);
  }
});

test("steady gates and their logits at -65 mV", () => {
  const { n, m, h } = hodgkinHuxleySteadyState(scalar(-65));
  expect(n.item()).toBeCloseTo(0.3176769140607, 12);
  expect(m.item()).toBeCloseTo(0.0378109250536, 12);
  expect(h.item()).toBeCloseTo(0.7575561117549, 12);
  const rest = hodgkinHuxleyRest("float64").data;
  [-6.5, -0.764468406, -3.236612892, 1.139327315].forEach((x, i) => expect(rest[i]).toBeCloseTo(x, 8));
});

test("the noise-free neuron fires with 13, and not with 1.3", () => {
  const run = compiled("neuron", (current: Tensor) => {
    const step = (x: Tensor): [Tensor, Tensor] => {
      const next = hodgkinHuxleyStep(x, current, 0.02);
      return [next, next.slice(0).mul(10)];
    };
    return scan(step, hodgkinHuxleyRest("float64"), null, { length: 2000 })[1];
  });
  // Euler in NumPy with float64.
  const v = Array.from(run(scalar(13)).data, Number);
  expect(v[0]).toBeCloseTo(-64.732204876, 8);
  expect(v[99]).toBeCloseTo(44.2967706638, 7);
  expect(v[499]).toBeCloseTo(-65.095326, 5);
  const crossings = v.flatMap((x, i) => (i > 0 && v[i - 1]! < 0 && x >= 0 ? [i + 1] : []));
  expect(crossings).toEqual([91, 744, 1386]);
  const quiet = Array.from(run(scalar(1.3)).data, Number);
  expect(Math.max(...quiet)).toBeCloseTo(-61.622339, 5);
});

test("traces of the model are usable; those that ran away are not", () => {
  const model = hodgkinHuxley();
  const { x, y } = simulate(model, model.init(random.key(0)), random.key(1), 101);
  expect(usableTrace(x, y).item()).toBe(1);
  expect(usableTrace(x.at(5, 0).set(NaN), y).item()).toBe(0);
  expect(usableTrace(x, y.mul(100)).item()).toBe(0);
});

test("options are checked", () => {
  expect(() => hodgkinHuxley({ dt: -1 })).toThrow(
    /dt must be a finite number above 0, got -1.*unstable above 0.025/,
  );
  expect(() => hodgkinHuxley({ current: NaN })).toThrow(/current must be a finite number/);
});
