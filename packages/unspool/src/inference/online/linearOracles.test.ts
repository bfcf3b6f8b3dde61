/**
 * The recursions on the scalar linear-Gaussian example, whose functions are quadratics: with a wrong q (numbers of a direct
 * evaluation of the joint Gaussians), and with the exact one (a Kalman filter). F = .9, G = 1.2, U = .3, V = .2,
 * x_0 ~ N(0, 1), y = (.5, -.3, .9).
 */
import { expect, test } from "vitest";
import { type Tensor, np, random, tree, valueAndGrad } from "../../array/index.ts";
import { elboEstimate } from "./elboEstimate.ts";
import type { GaussianPair } from "./gaussianFamily.ts";
import { phiObjective } from "./optimisePhi.ts";
import { exactPhis, exactRule, linkOf, oracleTheta, walkFunctions, wrongPhis } from "./oracleTesting.ts";
import { evaluated } from "./pastFunctions.ts";
import { quadraticNodes, sigmaPoints } from "./regressors/quadraticRegression.ts";
import { thetaGradient } from "./thetaGradient.ts";
import type { Window } from "./window.ts";

/** A, B and C of A x² + B x + C. */
function coefficients(f: (x: Tensor) => Tensor, column = 0): number[] {
  const values = f(np.array([[0], [1], [-1]], { dtype: "float64" }));
  const [zero, plus, minus] = [0, 1, 2].map((i) => values.slice(i, column).item()) as [
    number,
    number,
    number,
  ];
  return [(plus + minus) / 2 - zero, (plus - minus) / 2, zero];
}

// Walked once for all tests.
const wrong = walkFunctions(wrongPhis);
const exact = walkFunctions(exactPhis());

const close = (given: readonly number[], wanted: readonly number[], digits = 11): void => {
  expect(given.length).toBe(wanted.length);
  given.forEach((x, i) => expect(x, `element ${i}`).toBeCloseTo(wanted[i]!, digits));
};

const points = (links: number): Tensor[] => {
  const all = sigmaPoints(links);
  return Array.from({ length: links }, (_, k) => all.slice([], [k, k + 1]));
};

test("values of a wrong q: coefficients of V and the bound", () => {
  const wanted = [
    { V: [-2.1, 1.8, -1.2523667575475677], L: -1.4263667575475676 },
    { V: [-2.9595308641975304, -0.21417283950617289, -2.1565598218795126], L: -2.7640428465708706 },
    { V: [-3.363213333333333, 3.72644, -4.832906181550586], L: -4.348603648217252 },
  ];
  wrong.forEach(({ functions, window, before }, t) => {
    close(coefficients(evaluated(exactRule.regressors, functions, "V")!), wanted[t]!.V);
    const value = window.reachesStart ? undefined : evaluated(exactRule.regressors, before, "V");
    const noise = points(window.links.length);
    const given = { theta: oracleTheta, window, value, noise };
    expect(elboEstimate({ ...exactRule, elbo: "relbo" }, given).item()).toBeCloseTo(wanted[t]!.L, 12);
    // T is the derivative of V.
    const [a, b] = wanted[t]!.V as [number, number];
    close(coefficients(evaluated(exactRule.regressors, functions, "T")!), [0, 2 * a, b]);
  });
});

/** By mean, log sd, W, b and log sd of the kernel. */
const inOrder = (gradient: GaussianPair): number[] => {
  const { weights, bias } = gradient.past as { weights: Tensor; bias: Tensor };
  return [gradient.mean, gradient.logSd, weights, bias, gradient.pastLogSd].map((x) => x.reshape([]).item());
};

const phiGradient = (slope: ((x: Tensor) => Tensor) | undefined, window: Window<GaussianPair>): number[] => {
  const [held, phi] = window.links.map((link) => link.phi) as [GaussianPair, GaussianPair];
  const given = { ...exactRule, theta: oracleTheta, window, slope };
  const [, gradient] = valueAndGrad((own: GaussianPair) =>
    phiObjective(given, [held, own], points(2)).mean(),
  )(phi);
  return inOrder(gradient as GaussianPair);
};

test("the gradient by phi_3 of the whole bound, and of one step's reward, whose sign is another", () => {
  const { window, before } = wrong[2]!;
  const T = evaluated(exactRule.regressors, before, "T");
  close(
    phiGradient(T, window),
    [0.363226666667, -1.076228266667, -0.981354666667, 0.114133333333, -0.660773333333],
  );
  close(
    phiGradient(undefined, window),
    [0.720314814815, -0.61217382716, -0.063356790123, 0.624259259259, 0.064311728395],
  );
});

test("the gradient by theta: E[S_t] of the whole bound, and of one step's reward", () => {
  const walked = wrong;
  const expectedScore = (t: number): number[] => {
    const { functions, window } = walked[t]!;
    const { mean, logSd } = window.links.at(-1)!.phi;
    const nodes = sigmaPoints(1).mul(np.exp(logSd)).add(mean);
    return [...evaluated(exactRule.regressors, functions, "S")!(nodes).mean(0).data].map(Number);
  };
  close(expectedScore(2), [-0.569072, -2.641744]);
  close(expectedScore(1), [-0.399166666667, -2.29]);
  const { window } = walked[2]!;
  const noise = { noise: points(2), earlierNoise: points(1) };
  const own = thetaGradient(exactRule, { theta: oracleTheta, window, score: undefined, ...noise });
  close([own.F.slice(0).item(), own.G.slice(0).item()], [-0.153533333333, -0.21]);
});

test("the bounds of one step's rewards: the sum of aelbo2 is above the true bound, that of aelbo1 below", () => {
  type Uses = { usesKernel: boolean; usesFilter: boolean };
  const terms = (objective: Uses, walked: typeof wrong): number[] =>
    walked.map(({ window }) =>
      elboEstimate(
        { ...exactRule, objective, elbo: "sum" },
        { theta: oracleTheta, window, value: undefined, noise: points(window.links.length) },
      ).item(),
    );
  const total = (x: number[]): number => x.reduce((a, b) => a + b, 0);
  const both = { usesKernel: true, usesFilter: true };
  const neither = { usesKernel: false, usesFilter: false };
  close(terms(both, wrong), [-1.426366757548, -1.233426089023, -1.579366606585]);
  expect(total(terms(both, wrong))).toBeCloseTo(-4.239159453155525, 12);
  expect(total(terms(neither, wrong))).toBeCloseTo(-4.800006535288803, 12);
  // With the exact q the first is exact, and the second is not.
  expect(total(terms(both, exact))).toBeCloseTo(-3.798050257455916, 12);
  expect(total(terms(neither, exact))).toBeCloseTo(-4.130462393524, 11);
});

test("the exact pair is that of a Kalman filter", () => {
  const means = [0.365853658537, -0.100365423387, 0.526553655469];
  const variances = [0.121951219512, 0.103011592742, 0.10195785484];
  const kernels = [
    [0.275229357798, 0.275229357798, 0.091743119266],
    [0.241786409681, -0.078525127548, 0.080595469894],
  ];
  exactPhis().forEach((phi, t) => {
    const variance = Math.exp(2 * phi.logSd.slice(0).item());
    close([phi.mean.slice(0).item(), variance], [means[t]!, variances[t]!]);
    if (t === 0) return;
    const { weights, bias } = phi.past as { weights: Tensor; bias: Tensor };
    const past = [weights.slice(0).item(), bias.slice(0).item(), Math.exp(2 * phi.pastLogSd.slice(0).item())];
    close(past, kernels[t - 1]!);
  });
});

test("with the exact q the value is the constant log p, T is 0, and E[S] is its gradient", () => {
  const walked = exact;
  const { functions, window, before } = walked[2]!;
  const V = coefficients(evaluated(exactRule.regressors, functions, "V")!);
  expect(Math.abs(V[0]!)).toBeLessThan(1e-12);
  expect(Math.abs(V[1]!)).toBeLessThan(1e-12);
  expect(V[2]).toBeCloseTo(-3.798050257455916, 12);
  close(coefficients(evaluated(exactRule.regressors, functions, "T")!), [0, 0, 0]);
  const S = evaluated(exactRule.regressors, functions, "S")!;
  close(coefficients(S, 0), [0.670920938365, -0.06211169186, -0.739238160862]);
  close(coefficients(S, 1), [-6.377334801707, 4.328994386515, -0.741759200738]);
  const { mean, logSd } = window.links.at(-1)!.phi;
  const expected = S(sigmaPoints(1).mul(np.exp(logSd)).add(mean)).mean(0);
  close([...expected.data].map(Number), [-0.517518937494978, -0.8807026467595627]);
  // The predictive score, and what it is without the past: another one, although the value is exact.
  const noise = { noise: points(2), earlierNoise: points(1) };
  const score = evaluated(exactRule.regressors, before, "S");
  const g = thetaGradient(exactRule, { theta: oracleTheta, window, score, ...noise });
  close([g.F.slice(0).item(), g.G.slice(0).item()], [-0.046623021427, -0.006626375107]);
  const alone = thetaGradient(exactRule, { theta: oracleTheta, window, score: undefined, ...noise });
  close([alone.F.slice(0).item(), alone.G.slice(0).item()], [-0.099003140566, 0.094191808044]);
});

test("a window of all steps needs no functions: its bound and gradient are the same", () => {
  const links = wrongPhis.map((phi, t) => linkOf(phi, t));
  const window: Window<GaussianPair> = { links, t: tree.scalar(2, "int32"), reachesStart: true };
  const given = { theta: oracleTheta, window, value: undefined, noise: points(3) };
  expect(elboEstimate({ ...exactRule, elbo: "relbo" }, given).item()).toBeCloseTo(-4.348603648217252, 12);
  const phi = wrongPhis[2]!;
  const objective = (own: GaussianPair): Tensor =>
    phiObjective(
      { ...exactRule, theta: oracleTheta, window, slope: undefined },
      [wrongPhis[0]!, wrongPhis[1]!, own],
      points(3),
    ).mean();
  const [, gradient] = valueAndGrad(objective)(phi);
  close(
    inOrder(gradient as GaussianPair),
    [0.363226666667, -1.076228266667, -0.981354666667, 0.114133333333, -0.660773333333],
  );
});

test("quadratics in three dimensions come back from their values at the nodes", () => {
  const regressor = exactRule.regressors.V!;
  const x = random.normal(random.key(1), [7, 3], { dtype: "float64" });
  const f = (at: Tensor): Tensor => {
    const column = (i: number): Tensor => at.slice([], [i, i + 1]);
    return column(0)
      .mul(column(1))
      .mul(2)
      .sub(column(2).mul(column(2)))
      .add(column(1))
      .add(0.5);
  };
  const [mean, sd] = [
    np.array([1, -1, 0.5], { dtype: "float64" }),
    np.array([0.5, 2, 1], { dtype: "float64" }),
  ];
  const inputs = quadraticNodes(3).mul(sd).add(mean);
  const state = regressor.fit(
    regressor.init(random.key(0), 3, 1),
    { inputs, targets: f(inputs), mean, sd },
    random.key(0),
  );
  close([...regressor.predict(state, x).data].map(Number), [...f(x).data].map(Number));
});
