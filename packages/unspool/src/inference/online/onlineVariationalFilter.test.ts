/** The filter as a whole: on the scalar example against the Kalman filter, in windows, with gaps, as data. */
import { expect, test } from "vitest";
import { type Tensor, random, tree } from "../../array/index.ts";
import { gaussianFamily } from "./gaussianFamily.ts";
import { onlineVariationalFilter } from "./onlineVariationalFilter.ts";
import { oracleModel, oracleObservations, oracleTheta } from "./oracleTesting.ts";

const family = gaussianFamily({ past: "diagonal" });
const key = random.key(3);

function filtered(filter: ReturnType<typeof made>, ys: readonly (Tensor | null)[] = oracleObservations) {
  let state = filter.init(oracleTheta, key);
  return ys.map((y, t) => {
    const step = filter.step(oracleTheta, state, y, random.foldIn(key, t));
    state = step.state;
    return step;
  });
}

const made = (options: object = {}) =>
  onlineVariationalFilter({
    ...{ model: oracleModel, family, elboSamples: "exact" as const },
    regressors: { T: "exact" as const, V: "exact" as const },
    ...options,
  });

test("optimised pairs are those of the Kalman filter, and the bound is log p", () => {
  const phi = { steps: 600, learningRate: 0.03, decay: 0.99, samples: 32 };
  const steps = filtered(made({ phi }));
  // Kalman filter: see linearOracles.test.ts.
  const means = [0.365853658537, -0.100365423387, 0.526553655469];
  const variances = [0.121951219512, 0.103011592742, 0.10195785484];
  steps.forEach(({ mean, sd }, t) => {
    expect(mean.slice(0).item()).toBeCloseTo(means[t]!, 2);
    expect(sd.slice(0).item() ** 2).toBeCloseTo(variances[t]!, 2);
  });
  expect(steps[2]!.logEvidence).toBeCloseTo(-3.798050257455916, 2);
});

test.each([1, 2, 3, 5])("with exact pairs the bound is log p for a window of %d", (window) => {
  const steps = filtered(made({ phi: "kalman", window }));
  expect(steps[2]!.logEvidence).toBeCloseTo(-3.798050257455916, 11);
});

test(
  "the gradient by theta of each step is the predictive score, whatever the window",
  { tags: ["long"] },
  () => {
    for (const window of [1, 2]) {
      const regressors = { T: "exact", S: "exact", V: "exact" };
      const theta = { samples: "exact", start: 2 };
      const steps = filtered(made({ phi: "kalman", window, learns: true, theta, regressors }));
      expect(steps.map(({ gradient }) => gradient !== undefined)).toEqual([false, false, true]);
      const { F, G } = steps[2]!.gradient!;
      // Minus the gradient of log p(y_2 | y_0, y_1), from a Kalman filter.
      expect(F.slice(0).item()).toBeCloseTo(0.046623021427, 10);
      expect(G.slice(0).item()).toBeCloseTo(0.006626375107, 10);
    }
  },
);

test("a step without an observation is the prediction", () => {
  const [first, second] = filtered(made({ phi: "kalman" }), [oracleObservations[0]!, null]);
  const variance = (x: Tensor): number => x.slice(0).item() ** 2;
  expect(second!.mean.slice(0).item()).toBeCloseTo(0.9 * first!.mean.slice(0).item(), 12);
  expect(variance(second!.sd)).toBeCloseTo(0.81 * variance(first!.sd) + 0.3, 12);
  expect(second!.logEvidence).toBeCloseTo(first!.logEvidence!, 11);
});

test("a step costs the same after many as after a few: state, states drawn, and no function traced again", () => {
  let traced = 0;
  const transition: typeof oracleModel.transition = (...given) => {
    traced++;
    return oracleModel.transition(...given);
  };
  const filter = made({ model: { ...oracleModel, transition }, phi: { steps: 3 } });
  const ys = Array.from({ length: 12 }, (_, t) => oracleObservations[t % 3]!);
  let state = filter.init(oracleTheta, key);
  const costs = ys.map((y, t) => {
    const step = filter.step(oracleTheta, state, y, random.foldIn(key, t));
    state = step.state;
    return [tree.size([state.phi, state.links, state.functions]), step.metrics.innerSteps, traced];
  });
  expect(new Set(costs.slice(2).map(String)).size).toBe(1);
});

test("with keepHistory the pairs are kept, all or so many", { tags: ["long"] }, () => {
  const lengths = (keepHistory: boolean | number): number[] =>
    filtered(made({ phi: "kalman", keepHistory })).map(({ state }) => state.history.length);
  expect(lengths(false)).toEqual([0, 0, 0]);
  expect(lengths(2)).toEqual([1, 2, 2]);
  expect(lengths(true)).toEqual([1, 2, 3]);
});
