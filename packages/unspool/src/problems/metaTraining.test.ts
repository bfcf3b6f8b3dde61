/** Summaries of a training run, against its losses of every step. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, np, random, tree } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { bptt } from "../estimators/index.ts";
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

test("options are checked", () => {
  expect(() => metaTraining(learned, square, { summary: "last" as never })).toThrow(OptionError);
  expect(() => metaTraining(learned, square, { summary: "final", horizon: Infinity })).toThrow(OptionError);
  expect(() => metaTraining(learned, square, { penalty: -1 })).toThrow(OptionError);
});
