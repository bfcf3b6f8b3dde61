import { describe, expect, test } from "vitest";
import { np, random, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import type { LearnedOptimizer } from "./learnedOptimizer.ts";
import { learnableMomentum, learnableSgd } from "./learnable.ts";
import { learnedOptimizerFile, loadLearnedOptimizer } from "./learnedFile.ts";
import { learnedSum } from "./learnedSum.ts";
import { createLearnedOptimizer } from "./registry.ts";
import { rnnMlpLopt } from "./rnnMlpLopt.ts";
import { runQ } from "./testing.ts";

const made = (learned: LearnedOptimizer) =>
  learned.optimizer(tree.tensors(learned.init(random.key(0)), "float64"));

describe("learnedSum", () => {
  test("moves by the sum of steps: two descents are one with the sum of their rates", () => {
    const two = learnedSum({
      parts: [learnableSgd({ learningRate: 0.02 }), learnableSgd({ learningRate: 0.05 })],
    });
    const sum = tree.flatten(runQ(made(two), 5).theta);
    const one = tree.flatten(runQ(made(learnableSgd({ learningRate: 0.07 })), 5).theta);
    // Rates are kept as logarithms of float32.
    sum.forEach((x, i) => expect(x).toBeCloseTo(one[i]!, 6));
  });

  test("each part has its own state: descent beside heavy ball, by hand", () => {
    // v ← 0.5 v + g,  p ← p - 0.1 v - 0.02 g  on the scalar of the problem, whose gradient is 2 (p + 0.5).
    const learned = learnedSum({
      parts: [learnableMomentum({ learningRate: 0.1, momentum: 0.5 }), learnableSgd({ learningRate: 0.02 })],
    });
    let [p, v] = [1.5, 0];
    for (let t = 0; t < 4; t++) {
      const g = 2 * (p + 0.5);
      v = 0.5 * v + g;
      p -= 0.1 * v + 0.02 * g;
    }
    expect(runQ(made(learned), 4).theta.p2.item()).toBeCloseTo(p, 6);
  });

  test("is made from data, comes back from its file, and hands the loss on", { tags: ["long"] }, () => {
    const options = { parts: ["learnableSgd", { name: "learnableAdam", learningRate: 0.1 }] };
    const learned = createLearnedOptimizer("learnedSum", options);
    const meta = learned.init(random.key(0)) as [
      { logLearningRate: object },
      { logLearningRate: { item(): number } },
    ];
    expect(meta[1].logLearningRate.item()).toBeCloseTo(Math.log(0.1), 6);
    const { optimizer } = loadLearnedOptimizer(
      JSON.stringify(learnedOptimizerFile("learnedSum", options, meta)),
    );
    const theta = { x: np.array([1, 2]) };
    const step = (rule: typeof optimizer) =>
      rule.update({ x: np.array([1, -1]) }, rule.init(theta), theta).theta.x;
    expect(step(optimizer).data).toEqual(step(learned.optimizer(meta)).data);
    const hears = (parts: readonly LearnedOptimizer[]) => made(learnedSum({ parts })).usesLoss;
    expect([hears([learnableSgd()]), hears([learnableSgd(), rnnMlpLopt() as LearnedOptimizer])]).toEqual([
      false,
      true,
    ]);
  });

  test("refuses what is no sum", () => {
    expect(() => learnedSum({ parts: [] })).toThrow(OptionError);
    expect(() => learnedSum({ parts: [learnableSgd as never] })).toThrow(
      "learnedSum: parts[0] must be a learned",
    );
    expect(() => createLearnedOptimizer("learnedSum", { parts: ["smalFc"] })).toThrow(
      'Did you mean "smallFc"?',
    );
    expect(() => createLearnedOptimizer("learnedSum", { parts: [3] })).toThrow("learnedSum: parts[0]");
  });
});
