import { describe, expect, test } from "vitest";
import { np, random } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { adam, sgd } from "../optimizers/index.ts";
import { evaluateHorizon } from "./evaluateHorizon.ts";
import { singleTask } from "./task.ts";

const key = random.key(0);
/** ½ x² from x = 1: gradient descent has x_t = (1 - rate)^t. */
const bowl = (ceiling = Infinity) =>
  singleTask({
    name: "bowl",
    init: () => ({ x: np.array([1]) }),
    loss: ({ x }) => x.mul(x).sum().mul(0.5),
    ceiling,
  });
const closedForm = (rate: number, from: number, to: number, ceiling = Infinity) => {
  let sum = 0;
  for (let t = from; t < to; t++) sum += Math.min(ceiling, 0.5 * (1 - rate) ** (2 * t));
  return sum / (to - from);
};

describe("evaluateHorizon", () => {
  test("losses along and at the end of horizons, by the closed form of gradient descent", () => {
    const { horizons, losses } = evaluateHorizon(sgd({ learningRate: 0.05 }), bowl(), {
      key,
      horizon: 8,
      factors: [0.5, 1, 3],
      runs: 2,
      last: 5,
    });
    expect(losses.shape).toEqual([24, 2]);
    expect(horizons.map(({ factor, steps }) => [factor, steps])).toEqual([[0.5, 4], [1, 8], [3, 24]]); // prettier-ignore
    for (const { steps, mean, final, finals, climbed } of horizons) {
      expect(mean / closedForm(0.05, 0, steps)).toBeCloseTo(1, 5);
      expect(final / closedForm(0.05, Math.max(0, steps - 5), steps)).toBeCloseTo(1, 5);
      expect([finals.length, climbed]).toEqual([2, 0]);
    }
  });

  test("an optimizer that climbs beyond its horizon is counted, and what diverges counts as the ceiling", () => {
    // From 1, factors -1.5 a step: above 10 after four steps, beyond float32 after some 220.
    const { horizons } = evaluateHorizon(sgd({ learningRate: 2.5 }), bowl(10), {
      key,
      horizon: 4,
      factors: [1, 100],
      runs: 3,
      last: 2,
    });
    const [short, long] = horizons;
    expect(short!.final).toBeCloseTo(closedForm(2.5, 2, 4, 10), 5);
    expect([short!.climbed, long!.climbed, long!.final]).toEqual([0, 3, 10]);
    expect(long!.mean).toBeCloseTo(closedForm(2.5, 0, 400, 10), 5);
  });

  test("refuses horizons that are none, and what is no optimizer", () => {
    const wrong = (options: object) => () => evaluateHorizon(adam(), bowl(), { key, ...options });
    expect(wrong({ factors: [] })).toThrow(OptionError);
    expect(wrong({ factors: [2, 1] })).toThrow("evaluateHorizon: factors must be numbers that rise");
    expect(wrong({ factors: [0.001] })).toThrow("the first of a step or more");
    expect(wrong({ runs: 0 })).toThrow("evaluateHorizon: runs");
    expect(wrong({ horizons: 3 })).toThrow('Did you mean "horizon"?');
  });
});
