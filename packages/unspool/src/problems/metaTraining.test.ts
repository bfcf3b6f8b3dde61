/** Summaries of a training run, against its losses of every step. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, np, random, tree } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { bptt, pes } from "../estimators/index.ts";
import { learnableSgd } from "../optimizers/index.ts";
import { unroll } from "../unroll/index.ts";
import { type MetaTrainingOptions, metaTraining, singleTask } from "./index.ts";

const horizon = 5;
const learned = learnableSgd();
const rate = (value: number) => ({ logLearningRate: tree.scalar(Math.log(value), "float64") });
/** x² from 3: at a rate a the loss of step t is 9 (1 - 2 a)^2t. */
const square = singleTask({
  name: "square",
  init: () => ({ x: tree.scalar(3, "float64") }),
  loss: ({ x }: { x: Tensor }) => x.mul(x),
});
/** The same, but no number from the third step on. */
const broken = singleTask({
  name: "broken",
  init: () => ({ x: tree.scalar(3, "float64") }),
  loss: ({ x }: { x: Tensor }) => x.mul(x).add(np.sqrt(x.sub(1)).mul(0)),
});

function losses(options: MetaTrainingOptions, theta = rate(0.3), task = square): number[] {
  const problem = metaTraining(learned, task, { horizon, ...options });
  return [...unroll(problem, theta, { key: random.key(0) }).losses.data];
}

describe("summary", () => {
  test("final: T times the last loss at the last step", () => {
    const plain = losses({});
    expect(plain[4]).toBeCloseTo(9 * 0.4 ** 8, 12);
    expect(losses({ summary: "final" })).toEqual([0, 0, 0, 0, plain[4]! * 5]);
    const relative = losses({ summary: "final", objective: "relative" });
    expect(relative.at(-1)! / 5).toBeCloseTo(0.4 ** 8, 12);
  });
  test("least: of the second to the last", () => {
    // At a rate of 1.1 losses grow by 1.2² each: the least is that of the second step, 9 · 1.44, not that of the first.
    expect(losses({ summary: "least" }, rate(1.1)).at(-1)! / 5).toBeCloseTo(9 * 1.44, 10);
    expect(losses({ summary: "least" }).at(-1)! / 5).toBeCloseTo(9 * 0.4 ** 8, 12);
  });
  test("least leaves NaN out", () => {
    // 3, 1.8, 1.08, and then 0.648, whose root is not a number.
    const rates = rate(0.2);
    expect(losses({}, rates, broken).map(Number.isFinite)).toEqual([true, true, true, false, false]);
    expect(losses({ summary: "least" }, rates, broken).at(-1)! / 5).toBeCloseTo(1.08 ** 2, 10);
  });
  test("its derivative is that of the summary", () => {
    const problem = metaTraining(learned, square, { horizon, summary: "final" });
    const estimator = bptt(problem, { objective: "mean" });
    const key = random.key(0);
    const theta = rate(0.1);
    const { gradient, loss } = estimator.estimate(theta, estimator.init(theta, key), key);
    // f = 9 (1 - 2 a)^8: df / d ln a = -144 a (1 - 2 a)^7.
    expect(loss).toBeCloseTo(9 * 0.8 ** 8, 10);
    expect(gradient.logLearningRate.item()).toBeCloseTo(-14.4 * 0.8 ** 7, 10);
  });
});

test("penalty is a factor of the length of theta, at every step", () => {
  const [plain, more] = [losses({}), losses({ penalty: 0.5 })];
  more.forEach((x, t) => expect(x - plain[t]!).toBeCloseTo(0.5 * Math.abs(Math.log(0.3)), 12));
  // At theta 0 the derivative of the length is 0, not NaN: ln 1.
  const problem = metaTraining(learned, square, { horizon: 1, penalty: 0.5 });
  const lossAt = (theta: ReturnType<typeof rate>): Tensor =>
    problem.step(theta, problem.init(theta, random.key(0)), {
      t: tree.scalar(0, "int32"),
      key: random.key(1),
      batch: { train: undefined, score: undefined },
    } as never).loss;
  expect(grad(lossAt)(rate(1)).logLearningRate.item()).toBe(0);
});

describe("one learning rate on a quadratic, values of the reference in NumPy", () => {
  // f = ½ Σ h x², loss before each update: L = (1/T) Σ_t Σ_i ½ h_i (1 - a h_i)^(2t) x_i².
  const quadratic = (curvatures: number[], start: number[]) =>
    singleTask({
      name: "quadratic",
      init: () => ({ x: np.array(start, { dtype: "float64" }) }),
      loss: ({ x }: { x: Tensor }) =>
        x
          .mul(x)
          .mul(np.array(curvatures, { dtype: "float64" }))
          .sum()
          .mul(0.5),
    });
  test("its meta-loss and meta-gradient through 20 steps, and where that is 0", () => {
    const estimator = bptt(metaTraining(learned, quadratic([1, 0.1], [1, 2]), { horizon: 20 }));
    const at = (a: number) => {
      const { loss, gradient } = estimator.estimate(
        rate(a),
        estimator.init(rate(a), random.key(0)),
        random.key(0),
      );
      return [loss, gradient.logLearningRate.item()] as const;
    };
    for (const [a, loss, gradient] of [
      [0.5, 0.12271670189072825, -0.08156479583508448],
      [2.1, 5.295559678092499, 295.5072227777197],
    ] as const) {
      expect(at(a)[0] / loss).toBeCloseTo(1, 12);
      expect(at(a)[1] / gradient).toBeCloseTo(1, 12);
    }
    const [least, slope] = at(1.3773985828);
    expect(least).toBeCloseTo(0.0680334952, 10);
    expect(Math.abs(slope)).toBeLessThan(1e-8);
  });
  test("PES of one pair with given perturbations, across the end of a training run of 6 steps", () => {
    const table = np.array([0.05, -0.12, 0.08, 0.02], { dtype: "float64" });
    const estimator = pes(metaTraining(learned, quadratic([1], [2]), { horizon: 6 }), {
      sigma: 0.1,
      pairs: 1,
      truncation: 2,
      noise: (_theta, { window }) => ({ logLearningRate: np.take(table, window) }),
    });
    let state = estimator.init(rate(0.3), random.key(0));
    for (const [gradient, loss] of [
      [-0.10498747030403487, 1.489700218862001],
      [0.12954447864675434, 0.35651917501720226],
      [0.008307460650051049, 0.0844724824682673],
      [-0.016799679878394477, 1.489952005600459],
    ] as const) {
      const estimate = estimator.estimate(rate(0.3), state, random.key(0));
      state = estimate.state;
      expect(estimate.gradient.logLearningRate.item()).toBeCloseTo(gradient, 12);
      expect(estimate.loss).toBeCloseTo(loss, 12);
    }
  });
});

test("options are checked", () => {
  expect(() => metaTraining(learned, square, { summary: "last" as never })).toThrow(OptionError);
  expect(() => metaTraining(learned, square, { summary: "final", horizon: Infinity })).toThrow(OptionError);
  expect(() => metaTraining(learned, square, { penalty: -1 })).toThrow(OptionError);
});
