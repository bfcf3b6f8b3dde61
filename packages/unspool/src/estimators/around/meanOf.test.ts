import { expect, test } from "vitest";
import { type Tensor, np, random } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { defineProblem } from "../../unroll/index.ts";
import { bptt } from "../derivatives/bptt.ts";
import { meanOf } from "./meanOf.ts";

const shrinking = (rate: number) =>
  defineProblem({
    horizon: 3,
    init: () => ({ x: 1 }),
    step: (theta: { a: Tensor }, { x }) => {
      const next = x.mul(theta.a).mul(rate);
      return { state: { x: next }, loss: next.mul(next) };
    },
  });

test("meanOf weighs losses and gradients, and keeps each estimator's state", () => {
  const parts = [0.5, 0.8].map((rate) => bptt(shrinking(rate)));
  const theta = { a: np.array(0.9) };
  const whole = meanOf(parts as never[], { weights: [3, 1] });
  const { loss, gradient, state, metrics } = whole.estimate(
    theta as never,
    whole.init(theta as never, random.key(0)),
    random.key(1),
  );
  const each = parts.map((part) => part.estimate(theta, part.init(theta, random.key(0)), random.key(1)));
  expect(loss).toBeCloseTo(0.75 * each[0]!.loss + 0.25 * each[1]!.loss, 6);
  const slope = 0.75 * each[0]!.gradient.a.item() + 0.25 * each[1]!.gradient.a.item();
  expect((gradient as { a: Tensor }).a.item()).toBeCloseTo(slope, 6);
  expect(state.states).toHaveLength(2);
  expect(metrics.innerSteps).toBe(6);
  expect(() => meanOf([])).toThrow(OptionError);
  expect(() => meanOf(parts as never[], { weights: [1] })).toThrow("2 numbers of at least 0, not all 0");
});
