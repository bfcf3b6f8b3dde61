/** The bound by backward sampling, the divergence from the exact pair, and the fit of the regressions. */
import { expect, test } from "vitest";
import { np, random } from "../../array/index.ts";
import { OptionError, ShapeError } from "../../errors.ts";
import { kalmanFilter } from "../stateSpace/kalmanFilter.ts";
import { gaussianFamily } from "./gaussianFamily.ts";
import { klToKalman } from "./klToKalman.ts";
import { onlineVariationalFilter } from "./onlineVariationalFilter.ts";
import type { OnlineVariationalState } from "./onlineVariationalFilter.ts";
import {
  exactPhis,
  exactRule,
  linkOf,
  oracleModel,
  oracleObservations,
  oracleTheta,
  wrongPhis,
} from "./oracleTesting.ts";
import { regressionFit } from "./regressionFit.ts";
import { kernelRidge } from "./regressors/kernelRidge.ts";
import type { Regressor } from "./regressors/regressor.ts";
import { smootherElbo } from "./smootherElbo.ts";

const key = random.key(2);
const family = gaussianFamily({ past: "diagonal" });
const made = (options: object = {}) =>
  onlineVariationalFilter({
    ...{ model: oracleModel, family, phi: "kalman" as const, elboSamples: 10, keepHistory: true },
    ...options,
  });

function states(filter: ReturnType<typeof made>): OnlineVariationalState[] {
  const all = [filter.init(oracleTheta, key)];
  oracleObservations.forEach((y, t) => {
    all.push(filter.step(oracleTheta, all[t]!, y, random.foldIn(key, t)).state);
  });
  return all;
}

test(
  "the bound by backward sampling: of a wrong q, and of the exact one, whose samples are all log p",
  { tags: ["long"] },
  () => {
    const filter = made();
    const state = states(filter).at(-1)!;
    const exact = smootherElbo(filter, oracleTheta, state);
    expect(exact.elbo).toBeCloseTo(-3.798050257455916, 11);
    expect(exact.standardError).toBeLessThan(1e-12);
    const wrong = { ...state, history: wrongPhis.map((phi, t) => linkOf(phi, t)) };
    const { elbo, standardError } = smootherElbo(filter, oracleTheta, wrong, { samples: 4000, key });
    expect(standardError).toBeLessThan(0.05);
    // By direct evaluation of the joint Gaussians.
    expect(Math.abs(elbo + 4.348603648217252)).toBeLessThan(4 * standardError);
  },
);

test("of the product of filter densities it is another bound, that of aelbo1's own factorisation", () => {
  const filter = made({ objective: "aelbo1" });
  const state = { ...states(filter).at(-1)!, history: wrongPhis.map((phi, t) => linkOf(phi, t)) };
  const { elbo, standardError } = smootherElbo(filter, oracleTheta, state, { samples: 4000, key });
  // The sum of aelbo1's rewards is the bound of the product: E log p(x, y) plus the entropies of all q_t.
  expect(Math.abs(elbo + 4.800006535288803)).toBeLessThan(4 * standardError);
});

test("a history that does not reach the start is refused", () => {
  const filter = made({ keepHistory: 2 });
  expect(() => smootherElbo(filter, oracleTheta, states(filter).at(-1)!)).toThrow(/keepHistory: true/);
});

const y = np.stack([...oracleObservations]);
const matrices = oracleModel.matrices(oracleTheta);
const filtered = kalmanFilter(matrices, { y });

test("the divergence of exact pairs is 0, and of wrong ones that of two Gaussians", () => {
  exactPhis().forEach((phi, t) => {
    expect(Math.abs(klToKalman({ family: exactRule.family, phi, matrices, filtered, t }))).toBeLessThan(
      1e-12,
    );
  });
  // t = 0: N(.3, .5²) and N(.365853658537, .121951219512), by the formula of one dimension.
  const [v, V, gap] = [0.25, 0.121951219512, 0.3 - 0.365853658537];
  const wanted = (v / V + (gap * gap) / V - 1 + Math.log(V / v)) / 2;
  const given = { family, matrices, filtered };
  expect(klToKalman({ ...given, phi: wrongPhis[0]!, t: 0 })).toBeCloseTo(wanted, 10);
  // t = 1: KL of the filter densities, and of the kernels averaged over q(x_1).
  const [m, s, P] = [-0.1, 0.45, 0.103011592742];
  const marginal = ((s * s) / P + (m + 0.100365423387) ** 2 / P - 1 + Math.log(P / (s * s))) / 2;
  const [W, b, C] = [0.275229357798, 0.275229357798, 0.091743119266];
  const squares = (0.6 - W) ** 2 * s * s + ((0.6 - W) * m + 0.2 - b) ** 2;
  const kernel = (0.16 / C + squares / C - 1 + Math.log(C / 0.16)) / 2;
  expect(klToKalman({ ...given, phi: wrongPhis[1]!, t: 1 })).toBeCloseTo(marginal + kernel, 8);
  expect(() => klToKalman({ ...given, phi: wrongPhis[0]!, t: 3 })).toThrow(ShapeError);
  const mlp = gaussianFamily();
  expect(() => klToKalman({ ...given, family: mlp, phi: wrongPhis[0]!, t: 1 })).toThrow(OptionError);
});

test("the fit of regressions: as much of the variance as exact functions have", { tags: ["long"] }, () => {
  const walked = (S: Regressor | "exact") => {
    const filter = made({ regressors: { T: "zero", S }, learns: true });
    const all = states(filter);
    const fits = [0, 2].map((t) => regressionFit(filter, oracleTheta, [all[t]!, all[t + 1]!], { key }));
    return { filter, all, fits };
  };
  const { filter, all, fits } = walked(kernelRidge());
  // At step 0 targets have no noise, and are quadratics.
  expect(fits[0]!.S).toBeGreaterThan(0.99);
  expect(fits[0]!.T).toBeUndefined();
  // Later ones have: exact quadratics cannot do better.
  expect(Math.abs(fits[1]!.S! - walked("exact").fits[1]!.S!)).toBeLessThan(0.05);
  expect(() => regressionFit(filter, oracleTheta, [all[0]!, all[2]!])).toThrow(/one apart/);
});
