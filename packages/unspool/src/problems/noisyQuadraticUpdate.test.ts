/** Values computed in PyTorch, float64, after Harrison, Metz and Sohl-Dickstein 2022, section 4. */
import { expect, test } from "vitest";
import { np, random, tree } from "../array/index.ts";
import { bptt } from "../estimators/index.ts";
import { noisyQuadraticUpdate } from "./noisyQuadraticUpdate.ts";

const f64 = { dtype: "float64" } as const;
const learned = np.array([[0.2, 0.05, 0], [0.05, -0.08, 0.02], [0, 0.02, 0.1]], f64); // prettier-ignore
const estimatorOf = (horizon: number, isPreconditioned: boolean) =>
  bptt(
    noisyQuadraticUpdate({
      hessian: [[3.4, 1.2, 0], [1.2, 1.6, 0], [0, 0, 0.25]], // prettier-ignore
      noise: [[0.5, 0, 0], [0, 1, 0], [0, 0, 2]], // prettier-ignore
      start: [1, -2, 0.5],
      horizon,
      isPreconditioned,
    }),
  );
/** Compiled once each. */
const estimators = new Map<string, ReturnType<typeof estimatorOf>>();
const at = (nominalStep: number, horizon: number, isPreconditioned = false) => {
  const name = `${horizon} ${isPreconditioned}`;
  const estimator = estimators.get(name) ?? estimatorOf(horizon, isPreconditioned);
  estimators.set(name, estimator);
  const theta = { nominalStep: np.array(nominalStep, f64), learned };
  return estimator.estimate(theta, estimator.init(theta, random.key(0)), random.key(0));
};

test("meta-losses and their gradients, stable and not", () => {
  expect(at(0.1, 1).loss).toBeCloseTo(5.846780725000001, 12);
  const ten = at(0.1, 10);
  expect(ten.loss).toBeCloseTo(5.6758716646820435, 12);
  expect(ten.gradient.nominalStep.item()).toBeCloseTo(-12.070941425046746, 10);
  const wanted = [
    9.347821559520478, 9.901251233350981, -0.2671897236615914, 9.651817599543131, -21.322088802010633,
    1.5336638613537708, -0.40164388496542713, 1.8810655500026425, -0.09667418255659074,
  ];
  tree.flatten(ten.gradient.learned).forEach((x, i) => expect(x).toBeCloseTo(wanted[i]!, 10));
  for (const [nominalStep, horizon, loss] of [
    [0.1, 50, 5.022044710998837],
    [0, 10, 10.396596195440583],
    [0, 40, 609.8545725092417],
    [0, 160, 711051778705.8865],
  ] as const)
    expect(at(nominalStep, horizon).loss / loss).toBeCloseTo(1, 10);
  // The loss of step 10 alone is what the tenth adds to the sum.
  expect(10 * ten.loss - 9 * at(0.1, 9).loss).toBeCloseTo(5.486944851574815, 11);
  expect(at(0.1, 1).gradient.nominalStep.item()).toBeCloseTo(5.77515625, 10);
  expect(at(0.1, 50).gradient.nominalStep.item()).toBeCloseTo(-56.82267252922324, 9);
});

test("a rule that is preconditioned at its output", () => {
  for (const [horizon, loss, byStep] of [
    [1, 4.685412625000001, -2.205525000000003],
    [10, 4.534391417147865, -21.13299867706831],
    [50, 3.9179042754219218, -65.47652450200563],
  ] as const) {
    const { loss: got, gradient } = at(0.1, horizon, true);
    expect(got).toBeCloseTo(loss, 11);
    expect(gradient.nominalStep.item()).toBeCloseTo(byStep, 9);
  }
  const wanted = [
    0.7835079644510738, 6.218776524371187, -0.35230767855716094, 6.153424005155589, -21.740042513891225,
    1.5412102538378305, -0.8004644479198086, 3.499399096975246, -0.17646412762816,
  ];
  const { learned: byRule } = at(0.1, 10, true).gradient;
  tree.flatten(byRule).forEach((x, i) => expect(x).toBeCloseTo(wanted[i]!, 10));
});

test("a Hessian that is no minimum's is refused", () => {
  const of = (hessian: number[][]) => () =>
    noisyQuadraticUpdate({ hessian, noise: [[1, 0], [0, 1]], start: [0, 0] }); // prettier-ignore
  expect(of([[1, 0.5], [0, 1]])).toThrow("noisyQuadraticUpdate: hessian must be a symmetric positive definite"); // prettier-ignore
  expect(of([[1, 2], [2, 1]])).toThrow("noisyQuadraticUpdate: hessian must be a symmetric positive definite"); // prettier-ignore
});

test("an unstable rule's meta-gradient grows with twice the logarithm of its spectral radius, a stable one's not", () => {
  const norm = (nominalStep: number, horizon: number) =>
    Math.hypot(...tree.flatten(at(nominalStep, horizon).gradient.learned));
  // Printed with four digits.
  for (const [nominalStep, norms] of [
    [0, [1.081e2, 9.067e2, 4.292e4, 7.69e7, 2.223e14]],
    [0.1, [27.19, 42.74, 63.7, 78.69, 69.86]],
  ] as const)
    norms.forEach((wanted, i) => expect(norm(nominalStep, 10 * 2 ** i) / wanted).toBeCloseTo(1, 3));
  const growth = Math.log(norm(0, 160) / norm(0, 80)) / 80;
  expect(growth / (2 * Math.log(1.0972180047))).toBeCloseTo(1, 1);
  expect(growth).toBeCloseTo(0.18596, 4);
  for (const horizon of [10, 20, 40, 80, 160]) expect(norm(0.1, horizon)).toBeLessThan(100);
});
