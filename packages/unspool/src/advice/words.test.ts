/** What makes a measurement doubtful is said at the theta where it was measured. */
import { expect, test } from "vitest";
import { type Tensor, np } from "../array/index.ts";
import { chaosReport } from "../diagnostics/index.ts";
import { defineProblem } from "../unroll/index.ts";
import { diagnosisWords } from "./words.ts";

test("rounding of a chaotic loop and heavy tails are told beside its exponents", () => {
  const logistic = defineProblem({
    name: "logistic",
    horizon: 60,
    init: () => np.array(0.2, { dtype: "float64" }),
    step(rate: Tensor, x: Tensor) {
      const next = x.mul(x.neg().add(1)).mul(rate);
      return { state: next, loss: next };
    },
  });
  const theta = np.array(3.9, { dtype: "float64" });
  const report = chaosReport(logistic, theta, {
    sigma: 0.002,
    samples: 32,
    trials: 1,
    points: 3,
  });
  const words = diagnosisWords({
    regime: "exploding",
    lyapunov: [...report.lyapunov.exponents],
    isFromStart: true,
    usableHorizon: 14,
    recommended: undefined,
    recommendation: {
      recommended: undefined,
      loss: NaN,
      standardError: NaN,
      seeds: 0,
      initialLoss: 1,
      initialStandardError: 0,
      finals: [],
      trials: [],
      outerSteps: 10,
      isLearningRateTried: true,
    },
    thetas: [{ where: "at the first theta", theta, report, usableHorizon: 14 }],
    horizon: 60,
    isDeterministic: true,
    innerSteps: 100,
  });
  expect(report.verdict.warnings.length).toBeGreaterThan(0);
  const told = words.find((one) => one.startsWith("At the first theta"))!;
  expect(told).toMatch(/the trajectory itself is rounding/);
  for (const warning of report.verdict.warnings) expect(told).toContain(warning);
});
