import { describe, expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../../array/index.ts";
import { NonFiniteError, OptionError, ShapeError } from "../../errors.ts";
import { designEvaluator } from "./evaluateDesign.ts";
import { type DesignTaskOptions, designTask } from "./designTask.ts";

const options: DesignTaskOptions = {
  horizon: 4,
  designBox: [
    [0, -1],
    [1, 1],
  ],
  initialState: () => np.zeros([2]),
  dynamics: (_, state) => state,
  reward: (design) => design.sum(),
};

describe("designTask", () => {
  test("names and scales have defaults; the policy sees the state and t / T", () => {
    const task = designTask(options);
    expect(task.designNames).toEqual(["design 0", "design 1"]);
    expect(task.designScale).toEqual([1, 1]);
    const seen = task.observe(np.array([3, 5]), tree.scalar(1, "int32"));
    expect(Array.from(seen.data)).toEqual([3, 5, 0.25]);
  });

  test("rewards are shifted and scaled", () => {
    const task = designTask({ ...options, rewardScale: { shift: 5, scale: 10 } });
    const [design, state] = [np.array([1, 2]), np.zeros([2])];
    // (1 + 2 + 5) / 10
    expect(task.reward(design, state, np.zeros([]), np.zeros([])).item()).toBeCloseTo(0.8, 6);
  });

  test("without a disturbance it is the number 0, with certainty", () => {
    const { disturbance } = designTask(options);
    const [design, state] = [np.array([1, 2]), np.zeros([2])];
    const xi = disturbance.sample(design, state, state, random.key(0));
    expect([xi.item(), disturbance.logProb(design, state, state, xi).item()]).toEqual([0, 0]);
  });

  test("an evaluation says at which step rewards stop being finite", () => {
    const grows = designTask({
      ...options,
      dynamics: (_, state) => state.add(1),
      reward: (_, state) => np.log(state.sum().mul(-0.5).add(2)) as Tensor,
    });
    const evaluate = designEvaluator(grows, () => np.zeros([]));
    expect(() => evaluate(np.array([0.5, 0]))).toThrow(NonFiniteError);
    // log(2 - t): -Infinity at t = 2.
    expect(() => evaluate(np.array([0.5, 0]))).toThrow(
      "designEvaluator: the reward of step 2 is -Infinity in trajectory 0 of 64.",
    );
  });

  test.each<[Partial<DesignTaskOptions>, string]>([
    [
      { disturbance: (() => 0) as never },
      "designTask: disturbance must be a record { sample, logProb }, got function disturbance.",
    ],
    [{ actions: 1 }, "designTask: actions must be an integer of at least 2, got 1."],
    [
      {
        designBox: [
          [0, 2],
          [1, 1],
        ],
      },
      "designTask: designBox[1][1] must be at least designBox[0][1] = 2, got 1. Write [low, high].",
    ],
    [
      { designBox: [[0, 0], [1]] },
      "designTask: designBox[1] must be a list of 2, one for each number of the design, got [1].",
    ],
    [
      {
        designBox: [
          [0, NaN],
          [1, 1],
        ],
      },
      "designTask: designBox must be two lists of finite numbers, [low, high], got",
    ],
    [{ horizon: 0 }, "designTask: horizon must be an integer of at least 1, got 0."],
    [
      { designScale: [1] },
      "designTask: designScale must be a list of 2, one for each number of the design, got [1].",
    ],
    [{ designScale: [1, 0] }, "designTask: designScale[1] must be a finite number above 0, got 0."],
    [
      { designNames: ["x"] },
      'designTask: designNames must be a list of 2, one for each number of the design, got ["x"].',
    ],
    [
      { rewardScale: { scale: -1 } },
      "designTask: rewardScale.scale must be a finite number above 0, got -1.",
    ],
  ])("%# is refused", (given, message) => {
    expect(() => designTask({ ...options, ...given })).toThrow(OptionError);
    expect(() => designTask({ ...options, ...given })).toThrow(message);
  });

  test("a state that is no vector needs `observe`", () => {
    const task = designTask({ ...options, initialState: () => np.zeros([2, 2]) });
    expect(() => task.observe(np.zeros([2, 2]), tree.scalar(0, "int32"))).toThrow(
      "observe must be given where a state is no vector",
    );
  });

  test("evaluators refuse designs of another length, and what is no tensor", () => {
    const evaluate = designEvaluator(designTask(options), () => np.zeros([]));
    expect(() => evaluate([0, 1] as never)).toThrow(
      "designEvaluator: the design must be float [2], got [0, 1].",
    );
    expect(() => evaluate(np.zeros([1]))).toThrow(ShapeError);
  });

  test("evaluators refuse rewards that are no scalar, whose mean over numbers would pass for a return", () => {
    const perNumber = designTask({ ...options, reward: (design) => design });
    expect(() => designEvaluator(perNumber, (_, state) => state)(np.array([0.5, 0]))).toThrow(
      "task.reward must give a scalar, got traced float32[2]. Sum it.",
    );
    expect(() => designEvaluator(designTask(options), {} as never)).toThrow(
      "designEvaluator: controller must be a function of design, state, step and key, got {}.",
    );
    expect(() => designEvaluator({} as never, () => np.zeros([1]))).toThrow(
      "designEvaluator: task must be a design task",
    );
  });
});
