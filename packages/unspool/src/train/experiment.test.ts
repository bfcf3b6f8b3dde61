import { expectTypeOf, test } from "vitest";
import type { Tensor } from "../array/index.ts";
import type { GradientEstimator } from "../estimators/estimator.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import type { Experiment, Setup } from "./experiment.ts";
import type { QuadraticConfig } from "./testExperiment.ts";

interface Theta {
  w: Tensor;
}

// An interface, which has no index signature: the harder case.
interface State {
  step: Tensor;
  calls: number;
}

type MomentumState = { step: Tensor };

test("a setup takes an estimator and an optimizer whatever their states", () => {
  expectTypeOf<GradientEstimator<Theta, State>>().toExtend<Setup<Theta>["estimator"]>();
  expectTypeOf<Optimizer<MomentumState>>().toExtend<Setup<Theta>["optimizer"]>();
});

test("a setup does not take an estimator of another theta, nor an optimizer for an estimator", () => {
  expectTypeOf<GradientEstimator<{ v: Tensor }, State>>().not.toExtend<Setup<Theta>["estimator"]>();
  expectTypeOf<Optimizer<MomentumState>>().not.toExtend<Setup<Theta>["estimator"]>();
});

test("experiments with their own config and theta stand in one list", () => {
  expectTypeOf<Setup<Theta>>().toExtend<Setup>();
  expectTypeOf<Experiment<QuadraticConfig>>().toExtend<Experiment>();
});
