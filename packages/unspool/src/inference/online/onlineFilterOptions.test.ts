/** What the filter refuses, by the option's name and with what to do. */
import { expect, test } from "vitest";
import { np, random } from "../../array/index.ts";
import { NonFiniteError, OptionError, ShapeError } from "../../errors.ts";
import { diagonalNormal } from "../../distributions/index.ts";
import { defineStateSpaceModel } from "../stateSpace/defineStateSpaceModel.ts";
import { gaussianFamily } from "./gaussianFamily.ts";
import type { OnlineVariationalOptions } from "./onlineFilterOptions.ts";
import { onlineVariationalFilter } from "./onlineVariationalFilter.ts";
import { oracleModel, oracleTheta } from "./oracleTesting.ts";
import { requireFiniteTargets, warnOfGrowth } from "./targetChecks.ts";
import type { VariationalFamily } from "./variationalFamily.ts";

const walk = defineStateSpaceModel({
  name: "walk",
  stateSize: 1,
  observationSize: 1,
  init: () => ({ F: np.array([1]), G: np.array([1]) }),
  initial: () => diagonalNormal({ mean: [0], sd: 1 }),
  transition: (_, x) => diagonalNormal({ mean: np.sin(x), sd: 0.1 }),
  emission: (_, x) => diagonalNormal({ mean: x, sd: 0.5 }),
});

type Options = OnlineVariationalOptions<typeof oracleTheta, never>;

const affine = gaussianFamily({ past: "affine" });
const steps = { ...affine, name: "steps", isReparameterised: false } as VariationalFamily<never>;

test.each([
  [
    "a family without reparameterisation",
    { family: steps },
    /family must be a reparameterised family, got "steps"/,
  ],
  [
    "exact functions of another model",
    { model: walk, family: affine, regressors: { T: "exact" } },
    /regressors\.T must be another one/,
  ],
  [
    "exact functions of a kernel that is not affine",
    { regressors: { S: "exact" }, learns: true },
    /regressors\.S must be another one.*gaussian, mlp/,
  ],
  ["an exact mean of another model", { model: walk, family: affine, elboSamples: "exact" }, /elboSamples/],
  [
    "an exact pair of another model",
    { model: walk, family: affine, phi: "kalman" },
    /phi must be an optimisation/,
  ],
  ["the value without V", { elbo: "relbo" }, /elbo must be "sum" without a V.*regressors: \{ V/],
  [
    "a window beyond the history",
    { window: 3, keepHistory: 2 },
    /window must be at most keepHistory, 2, got 3/,
  ],
  ["a window of an objective without kernels", { window: 2, objective: "aelbo1" }, /window must be 1/],
  [
    "regressors of an objective without a past",
    { objective: "aelbo2", regressors: { T: "zero" } },
    /regressors/,
  ],
  [
    "S of a filter that does not learn",
    { regressors: { S: "zero" } },
    /regressors\.S must be given with learns/,
  ],
  ["a misspelt objective", { objective: "aelbo3" }, /Did you mean/],
  ["a misspelt option", { windows: 1 }, /Did you mean "window"/],
  ["a misspelt option of phi", { phi: { stepz: 1 } }, /Did you mean "steps"/],
  ["no steps", { phi: { steps: 0 } }, /phi\.steps/],
])("%s is refused", (_what, options, message) => {
  const made = (): unknown => onlineVariationalFilter({ model: oracleModel, ...options } as Options);
  expect(made).toThrow(OptionError);
  expect(made).toThrow(message);
});

const small = onlineVariationalFilter({ model: oracleModel, family: affine, phi: "kalman", elboSamples: 2 });
const key = random.key(0);

test("observations of another size, and those that are not finite, are refused", () => {
  const state = small.init(oracleTheta, key);
  expect(() => small.step(oracleTheta, state, np.array([1, 2]), key)).toThrow(ShapeError);
  expect(() => small.step(oracleTheta, state, np.array([NaN]), key)).toThrow(/Give null where nothing/);
});

test("a theta of another structure is refused, by the leaf", () => {
  const state = small.init(oracleTheta, key);
  const y = np.array([1]);
  const wrong =
    (theta: object): (() => unknown) =>
    () =>
      small.step(theta as typeof oracleTheta, state, y, key);
  expect(wrong({ F: oracleTheta.F })).toThrow(
    /theta at "G" must be float64\[1\], as at the start, got nothing/,
  );
  expect(wrong({ ...oracleTheta, H: oracleTheta.F })).toThrow(/a leaf "H"/);
  expect(wrong({ F: oracleTheta.F, G: np.ones([2]) })).toThrow(ShapeError);
});

test("a target that is not finite is told with its step and function", () => {
  const check = (): void => requireFiniteTargets("filter", 7, { T: 1, S: NaN }, 0);
  expect(check).toThrow(NonFiniteError);
  expect(check).toThrow(/a target of S, the score, is NaN at observation 7/);
  expect(() => requireFiniteTargets("filter", 7, {}, Infinity)).toThrow(
    /the bound is Infinity at observation 7/,
  );
});

test("a step whose numbers overflow says so, and which", () => {
  const huge = np.array([1e200], { dtype: "float64" });
  const filter = onlineVariationalFilter({
    ...{ model: oracleModel, family: affine, regressors: { T: "exact", V: "exact" } },
    ...{ phi: "kalman" as const, elboSamples: 2 },
  });
  expect(() => filter.step(oracleTheta, filter.init(oracleTheta, key), huge, key)).toThrow(
    /a target of V, the value, is -?(Infinity|NaN) at observation 0/,
  );
});

test("targets that grow tenfold are told", () => {
  const told: string[] = [];
  warnOfGrowth((message) => told.push(message), 9, { T: 1, S: 2 }, { T: 9, S: 21, V: 5 });
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/target of S, the score, has grown from 2\.00 to 21\.0 at observation 9/);
});
