/** The whole analysis, on an optimizer whose mechanisms are known: momentum with a learning rate that it carries. */
import { expect, test } from "vitest";
import { np } from "../array/index.ts";
import { lds } from "../optimizers/index.ts";
import { quadratics } from "../problems/index.ts";
import { analyseOptimizer } from "./analyseOptimizer.ts";
import { analysisFigures } from "./analysisFigures.ts";
import { analysisWords } from "./analysisWords.ts";

const f64 = { dtype: "float64" } as const;

test("an lds that is heavy ball is found to be momentum: linear, without schedule or adaptation", () => {
  const learned = lds({ units: 2 });
  const meta = {
    start: np.zeros([2], f64),
    point: np.zeros([2], f64),
    gradient: np.array(0, f64),
    // The second number forgets at once and moves nothing.
    matrix: np.array([[0.7, 0], [0, 0.1]], f64), // prettier-ignore
    input: np.array([1, 1], f64),
    readWeights: np.array([-0.5, 0], f64),
    readBias: np.array(0, f64),
  };
  const curvatures = [0.01, 1] as const;
  const analysis = analyseOptimizer(
    { optimizer: learned, family: quadratics({ curvatures }) as never, horizon: 20, curvatures },
    meta,
    { tasks: 4, seeds: 5 },
  );
  expect(analysis.rest.distinct.length).toBe(1);
  expect(analysis.nearest.momentum).toBeCloseTo(0.7, 5);
  expect(analysis.nearest.learningRate).toBeCloseTo(0.5, 5);
  expect(analysis.optimum!.learningRate).toBeCloseTo(3.305785124, 8);
  for (const S of analysis.saturation.values) expect(S).toBeCloseTo(1, 8);
  for (const rate of analysis.autonomous.learningRates) expect(rate).toBeCloseTo(0.5, 8);
  for (const rate of analysis.adaptation.learningRates) expect(rate).toBeCloseTo(0.5, 8);

  const words = analysisWords(analysis).join("\n");
  expect(words).toContain("comes to rest: one stable fixed point (5 of 5 searches)");
  expect(words).toContain("momentum nearest to the response of all modes is 0.7 with learning rate 0.5");
  expect(words).toContain("the optimizer is linear for the gradients that it meets");
  expect(words).toContain("settles at 100 % and 100 %");
  const figures = analysisFigures(analysis);
  expect(new Set(figures.map(({ id }) => id)).size).toBe(figures.length);
  for (const { series } of figures) for (const { x, y } of series) expect(x.length).toBe(y.length);
});
