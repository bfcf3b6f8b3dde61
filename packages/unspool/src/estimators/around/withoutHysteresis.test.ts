/** The past run again: the same bits at a theta that stands still, the present theta's window at one that moves. */
import { describe, expect, test } from "vitest";
import { type Tensor, random } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { type GradientEstimator, createEstimator, nres, pes, rtrl, withoutHysteresis } from "../index.ts";
import { f64, gradients, linearProblem, planarSystem, scalarSystem } from "../testing.ts";

const planar = linearProblem(planarSystem);
const scalar = linearProblem(scalarSystem);

test.each(["pes", "nres", "truncatedEs", "pesAnalytic", "telescopingPes", "tbptt", "rtrl", "uoro"])(
  "%s at a theta that stands still: its own bits, over two trajectories",
  (name) => {
    const make = () => createEstimator(name, planar, { truncation: 2, pairs: 3, sigma: 0.1 });
    const theta = f64([0.3, -0.2]);
    expect(gradients(withoutHysteresis(make(), { windows: 2 }), theta, 4)).toEqual(
      gradients(make(), theta, 4),
    );
  },
);

describe("theta moves from .3 to .9 after the first window of the scalar system", () => {
  const options = { truncation: 2, objective: "sum" } as const;
  /** The gradient of the second window of `estimator`. */
  function second<State>(estimator: GradientEstimator<Tensor, State>) {
    const first = estimator.estimate(f64([0.3]), estimator.init(f64([0.3]), random.key(0)), random.key(0));
    return estimator.estimate(f64([0.9]), first.state, random.key(1));
  }
  test("the second window is that of a trajectory at .9; the estimator itself sees a mixture", () => {
    const [, wanted] = gradients(rtrl(scalar, options), f64([0.9]), 2);
    const fresh = second(withoutHysteresis(rtrl(scalar, options), { windows: 3 }));
    expect(fresh.gradient.item()).toBeCloseTo(wanted![0]!, 12);
    expect(fresh.metrics.innerSteps).toBe(4);
    const mixed = second(rtrl(scalar, options));
    expect(Math.abs(mixed.gradient.item() - wanted![0]!)).toBeGreaterThan(0.5);
  });
});

test("windows that are not those of a trajectory, or trajectories that do not begin together, are refused", () => {
  const theta = f64([0.3]);
  const wrong = withoutHysteresis(pes(scalar, { truncation: 2, pairs: 2 }), { windows: 2 });
  expect(() => gradients(wrong, theta, 2)).toThrow(OptionError);
  expect(() => gradients(wrong, theta, 2)).toThrow(/windows must be the number .* got 2.*steps 4, 4/);
  const apart = nres(scalar, { truncation: 2, pairs: 3, resets: "staggered" });
  expect(() => gradients(withoutHysteresis(apart, { windows: 3 }), theta, 3)).toThrow(/lockstep/);
  expect(() => withoutHysteresis(apart, { windows: 0 })).toThrow(/windows.*got 0/);
});
