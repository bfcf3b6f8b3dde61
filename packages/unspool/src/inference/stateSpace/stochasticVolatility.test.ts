import { expect, test } from "vitest";
import { np, random } from "../../array/index.ts";
import { simulate } from "./simulate.ts";
import { stochasticVolatility, volatilityTheta } from "./stochasticVolatility.ts";

test("densities are those of the equations", () => {
  const model = stochasticVolatility({ series: 1, dtype: "float64" });
  const theta = volatilityTheta({ series: 1, mu: -0.2, phi: 0.9, sd: 0.5, beta: 0.02, dtype: "float64" });
  const x = np.array([0.4], { dtype: "float64" });
  const t = np.array(1, { dtype: "int32" });
  const next = model.transition(theta, x, t);
  expect(next.mean().item()).toBeCloseTo(-0.2 + 0.9 * 0.6, 14);
  expect(next.variance().item()).toBeCloseTo(0.25, 14);
  expect(model.initial(theta).mean().item()).toBeCloseTo(-0.2, 14);
  // N(0, beta^2 exp(x)) at y.
  const variance = 0.02 ** 2 * Math.exp(0.4);
  const logProb = -0.5 * (Math.log(2 * Math.PI * variance) + 0.03 ** 2 / variance);
  expect(
    model
      .emission(theta, x, t)
      .logProb(np.array([0.03], { dtype: "float64" }))
      .item(),
  ).toBeCloseTo(logProb, 12);
});

test("learning starts around phi 0.1, deviation 1 and beta 1", () => {
  const model = stochasticVolatility({ series: 3 });
  const { mu, rawPhi, logSd, logBeta } = model.init(random.key(0));
  for (const [leaf, at] of [
    [mu, 0],
    [rawPhi, Math.atanh(0.1)],
    [logSd, 0],
    [logBeta, 0],
  ] as const)
    // prettier-ignore
    for (const x of leaf.data) expect(Math.abs(x - at)).toBeLessThan(0.05);
  const { x, y } = simulate(model, volatilityTheta({ series: 3 }), random.key(1), 60);
  expect([x.shape, y.shape]).toEqual([[60, 3], [60, 3]]); // prettier-ignore
});
