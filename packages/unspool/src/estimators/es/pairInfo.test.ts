/** What estimates say of single pairs, and that it adds up to what they say of all. */
import { expect, test } from "vitest";
import { type Tensor, random, tree } from "../../array/index.ts";
import { type EstimatorOptions, createEstimator, estimators } from "../index.ts";
import type { PairEstimate } from "../estimator.ts";
import { f64, linearProblem, planarSystem } from "../testing.ts";

const problem = linearProblem(planarSystem);
const theta = f64([0.3, -0.2]);

function secondEstimate(name: string, options: EstimatorOptions): PairEstimate<Tensor, unknown> {
  const estimator = createEstimator(name, problem, { truncation: 2, pairs: 5, sigma: 0.1, ...options });
  const first = estimator.estimate(theta, estimator.init(theta, random.key(0)), random.key(1));
  return estimator.estimate(theta, first.state, random.key(2)) as PairEstimate<Tensor, unknown>;
}

const kept = estimators.filter(({ options }) => options.includes("keepsPairs")).map(({ name }) => name);

test.each(kept)(
  "%s: the mean of the pairs' gradients is the gradient, that of their losses the loss",
  (name) => {
    const { info, gradient, loss } = secondEstimate(name, { keepsPairs: true });
    const { losses, gradients } = info!;
    expect(losses.shape).toEqual([5, 2]);
    expect(gradients.shape).toEqual([5, 2]);
    const mean = tree.flatten(gradients.mean(0));
    [...tree.flatten(gradient)].forEach((value, i) => expect(mean[i]).toBeCloseTo(value, 10));
    expect(losses.mean().item()).toBeCloseTo(loss, 12);
    // As without it.
    const plain = secondEstimate(name, {});
    expect(plain.info).toBeUndefined();
    expect([...tree.flatten(plain.gradient)]).toEqual([...tree.flatten(gradient)]);
  },
);

test("divided by the standard deviation of the losses, so are the pairs' gradients", () => {
  const { info, gradient } = secondEstimate("pes", { keepsPairs: true, isDividedByStd: true });
  const mean = tree.flatten(info!.gradients.mean(0));
  [...tree.flatten(gradient)].forEach((value, i) => expect(mean[i]).toBeCloseTo(value, 12));
});
