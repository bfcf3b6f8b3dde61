/** What a reader of the signatures gets wrong first: each says what to write. */
import { expect, test } from "vitest";
import { type Tensor, np } from "../array/index.ts";
import { UnspoolError } from "../errors.ts";
import { adam } from "../optimizers/index.ts";
import { bilevel } from "./bilevel.ts";
import { hypergradient } from "./hypergradient.ts";
import { retrainGap } from "./retrainGap.ts";
import { featurePenalties } from "./tasks/featurePenalties.ts";
import { listOf, singular, wide } from "./testing.ts";
import { reverseUnrolled } from "./unrolledHypergradient.ts";

const { inner, outer } = singular;
const theta = { outer: wide([1, 2]), weights: wide([0, 1, 1]) };
const problem = { inner, outer };
const loose =
  (fn: unknown, ...given: unknown[]) =>
  (): unknown =>
    (fn as (...all: unknown[]) => unknown)(...given);

test.each<[string, () => unknown, string]>([
  ["no options", loose(bilevel), "bilevel: options must be a record, got undefined"],
  ["an optimizer that is not called", loose(bilevel, { ...problem, optimizer: adam }), "bilevel: optimizer must be an optimizer, got function adam. Call it: adam()."], // prettier-ignore
  ["the name of an optimizer", loose(bilevel, { ...problem, solver: { optimizer: "sgd" } }), 'solver.optimizer must be an optimizer, got "sgd". Optimizers are imported functions, not names: write solver.optimizer: adam().'], // prettier-ignore
  ["no problem", loose(retrainGap), "retrainGap: options must be a record, got undefined"],
  ["outer parameters in place of theta", loose(retrainGap, problem, theta.outer), "retrainGap: theta must be { outer, weights }"], // prettier-ignore
  ["lists of numbers", loose(hypergradient, problem, [1, 2], [0, 1, 1]), "Write np.array([…], { dtype: \"float64\" })"], // prettier-ignore
  ["more relevant features than features", loose(featurePenalties, { features: 5 }), "featurePenalties: relevant must be at most the number of features, 5, got 10"], // prettier-ignore
  ["an end of another shape", loose(reverseUnrolled, (u: Tensor) => u, (u: Tensor) => u.sum(), theta.outer, wide([0])), "reverseUnrolled: what the steps end in"], // prettier-ignore
])("%s", (_, run, message) => {
  expect(run).toThrow(UnspoolError);
  expect(run).toThrow(message);
});

test("retraining that ends in NaN says so", () => {
  const broken = { inner, outer: (u: Tensor, w: Tensor) => np.log(outer(u, w).neg()) };
  expect(loose(retrainGap, broken, theta, { weights: theta.weights })).toThrow(
    /retrainGap: the measure at theta is NaN/,
  );
  expect(listOf(theta.outer)).toEqual([1, 2]);
});
