/** Values computed in PyTorch, float64, after Harrison, Metz and Sohl-Dickstein 2022, section 4. */
import { expect, test } from "vitest";
import { np, random, tree } from "../array/index.ts";
import { bptt } from "../estimators/index.ts";
import { noisyQuadraticUpdate } from "./noisyQuadraticUpdate.ts";

const f64 = { dtype: "float64" } as const;
const learned = np.array([[0.2, 0.05, 0], [0.05, -0.08, 0.02], [0, 0.02, 0.1]], f64); // prettier-ignore
const at = (nominalStep: number, horizon: number) => {
  const problem = noisyQuadraticUpdate({
    hessian: [[3.4, 1.2, 0], [1.2, 1.6, 0], [0, 0, 0.25]], // prettier-ignore
    noise: [[0.5, 0, 0], [0, 1, 0], [0, 0, 2]], // prettier-ignore
    start: [1, -2, 0.5],
    horizon,
  });
  const theta = { nominalStep: np.array(nominalStep, f64), learned };
  const estimator = bptt(problem);
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
  expect(at(0, 160).loss / 711051778705.8865).toBeCloseTo(1, 10);
});

test("an unstable rule's meta-gradient grows with twice the logarithm of its spectral radius, a stable one's not", () => {
  const norm = (nominalStep: number, horizon: number) =>
    Math.hypot(...tree.flatten(at(nominalStep, horizon).gradient.learned));
  expect(norm(0, 10)).toBeCloseTo(108.1, 1);
  const growth = Math.log(norm(0, 160) / norm(0, 80)) / 80;
  expect(growth / (2 * Math.log(1.0972180047))).toBeCloseTo(1, 1);
  expect(growth).toBeCloseTo(0.18596, 4);
  for (const horizon of [10, 20, 40, 80, 160]) expect(norm(0.1, horizon)).toBeLessThan(100);
});
