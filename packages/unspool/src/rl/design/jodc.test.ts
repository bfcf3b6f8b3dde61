import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { adam, sgd } from "../../optimizers/index.ts";
import { deps } from "./deps.ts";
import { designEvaluator, policyEvaluator } from "./evaluateDesign.ts";
import { type JodcOptions, initJodc, jodc, jodcDesign, ppoAdvantages } from "./jodc.ts";
import { type LinearFeedbackTheta, linearFeedback } from "./policies/linearFeedback.ts";
import { linearGaussianDesign } from "./systems/linearGaussianDesign.ts";
import { baseLoadRule, loadFollowingRule, microgrid } from "./systems/microgrid.ts";

const listOf = (x: Tensor): number[] => Array.from(x.data, Number);
const task = linearGaussianDesign();
const policy = linearFeedback({ gain: [[-0.2]], deviation: 0.3 });

describe("jodc", () => {
  test("the first design is in the box, and s a third of its width", () => {
    const { design } = initJodc({ task, policy }, random.key(1));
    expect(design.mean.item()).toBeGreaterThanOrEqual(-1.5);
    expect(design.mean.item()).toBeLessThanOrEqual(1.5);
    expect(design.spread.item()).toBeCloseTo(1, 6);
  });

  test("designs are in the task's units, and projected", () => {
    const grid = microgrid();
    const mean = np.array([1, 5, 0.1]);
    // Times (100, 100, 8): 100, 500, 0.8 in a box from (20, 20, 1.6) to (200, 200, 16).
    const design = listOf(jodcDesign(grid, { mean, spread: mean }));
    [100, 200, 1.6].forEach((x, i) => expect(design[i]).toBeCloseTo(x, 5));
  });

  test("advantages are standardised rewards from each step on", () => {
    // Rewards 1, 2, 3, 6: mean 3, unbiased deviation sqrt(14 / 3). Two steps of two trajectories.
    const found = listOf(ppoAdvantages(np.array([[1, 2], [3, 6]], { dtype: "float64" }))); // prettier-ignore
    const by = Math.sqrt(14 / 3) + 1e-5;
    [-2 / by, 2 / by, 0, 3 / by].forEach((x, i) => expect(found[i]).toBeCloseTo(x, 12));
  });

  test("with a policy that stands still, mu follows the slope of the mean return over psi_b", () => {
    // V is a function of a alone; d/d mu of E V(mu + e z) by 4,000 differences of exact returns over the same draws.
    const still = { policy: sgd({ learningRate: 1e-20 }), design: sgd({ learningRate: 1 }) };
    const theta = {
      design: { mean: np.array([0.6]), spread: np.array([0.3]) },
      policy: policy.init(random.key(0)),
    };
    const method = jodc({ task, policy, batch: 2000, policyUpdate: "reinforce", optimizers: still });
    const state = method.init(theta, random.key(0));
    const slopes = Array.from({ length: 40 }, (_, i) => {
      const made = method.step(theta, state, random.foldIn(random.key(4), i));
      return made.theta.design.mean.item() - 0.6;
    });
    const mean = slopes.reduce((a, b) => a + b, 0) / slopes.length;
    const deviation = Math.sqrt(slopes.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (slopes.length - 1));
    const scale = 0.3 ** 2 + 1e-4;
    const normals = listOf(random.normal(random.key(9), [4000], { dtype: "float64" }));
    const meanReturn = (mu: number): number =>
      normals.reduce((sum, z) => {
        const values = [z, -z].map((x) => task.exactReturn([mu + scale * x], -0.2, 0.3));
        return sum + values[0]! + values[1]!;
      }, 0) /
      (2 * normals.length);
    const exact = (meanReturn(0.601) - meanReturn(0.599)) / 0.002;
    expect(Math.abs(mean - exact)).toBeLessThan((4 * deviation) / Math.sqrt(slopes.length));
  });

  test.each(["ppo", "reinforce"] as const)("learns by %s", (policyUpdate) => {
    const rate = { policy: adam({ learningRate: 0.02 }), design: adam({ learningRate: 0.02 }) };
    const method = jodc({ task, policy, policyUpdate, optimizers: rate });
    let theta = {
      design: { mean: np.array([0.9]), spread: np.array([0.3]) },
      policy: policy.init(random.key(0)),
    };
    let state = method.init(theta, random.key(0));
    const returns = Array.from({ length: 60 }, (_, i) => {
      const made = method.step(theta, state, random.foldIn(random.key(2), i));
      [theta, state] = [made.theta, made.state];
      return made.metrics["meanReturn"]!;
    });
    const mean = (part: number[]): number => part.reduce((a, b) => a + b, 0) / part.length;
    // From V(0.9, -0.2) near -10 toward the optimum at -1.58.
    expect(mean(returns.slice(-10))).toBeGreaterThan(mean(returns.slice(0, 10)) / 2);
  });

  test.each<[Partial<JodcOptions<Tensor, LinearFeedbackTheta>>, string]>([
    [{ batch: 1 }, "jodc: batch must be an integer of at least 2, got 1."],
    [{ policyUpdate: "trpo" as never }, 'jodc: policyUpdate must be one of "ppo", "reinforce", got "trpo".'],
    [{ epochs: 0 }, "jodc: epochs must be an integer of at least 1, got 0."],
    [{ clip: 1 }, "jodc: clip must be between 0 and 1, got 1."],
    [
      { optimizers: { design: 3 as never } },
      "jodc: optimizers.design must be an optimizer, got 3. Write adam().",
    ],
  ])("%# is refused", (given, message) => {
    expect(() => jodc({ task, policy, ...given })).toThrow(OptionError);
    expect(() => jodc({ task, policy, ...given })).toThrow(message);
  });
});

describe("evaluations", () => {
  test("the microgrid's rules at the best base-load design have the returns of the authors' configuration", () => {
    // Base-load 46.81 ± 0.006 (400 runs in NumPy), load-following -24.63.
    const grid = microgrid();
    const design = np.array([127.8, 95.73, 4.64], { dtype: "float64" });
    const baseLoad = designEvaluator(grid, baseLoadRule, { trajectories: 200 })(design);
    expect(Math.abs(baseLoad.meanReturn - 46.81)).toBeLessThan(
      4 * Math.hypot(baseLoad.standardError, 0.006) + 0.005,
    );
    const following = designEvaluator(grid, loadFollowingRule, { trajectories: 200 })(design);
    expect(Math.abs(following.meanReturn + 24.63)).toBeLessThan(4 * following.standardError + 0.01);
  });

  test("the linear system's returns are those of the closed form", () => {
    const { meanReturn, standardError, states } = policyEvaluator(task, policy, { trajectories: 4000 })({
      design: np.array([0.9]),
      policy: policy.init(random.key(0)),
    });
    expect(Math.abs(meanReturn - task.exactReturn([0.9], -0.2, 0.3))).toBeLessThan(4 * standardError);
    expect(states.shape).toEqual([5, 4000, 1]);
  });

  test("deps sees the trajectories that the evaluation sees", () => {
    const theta = { design: np.array([0.9]), policy: policy.init(random.key(0)) };
    const method = deps({ task, policy, batch: 8 });
    const { metrics } = method.step(theta, method.init(theta, random.key(0)), random.key(3));
    const { meanReturn } = policyEvaluator(task, policy, { trajectories: 8, key: random.key(3) })(theta);
    expect(metrics["meanReturn"]).toBeCloseTo(meanReturn, 5);
  });
});
