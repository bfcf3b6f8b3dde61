/** K-FAC whose damping is too small for float32: it is computed in float64, or says which layer stands still. */
import { expect, test } from "vitest";
import { np, random, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { compiledStep } from "../objective/compiledStep.ts";
import { networkObjective } from "../objective/objective.ts";
import { expectClose, numbers } from "../testing.ts";
import { kfac } from "./kfac.ts";
import type { KfacOptions } from "./kfacOptions.ts";
import * as net from "./kfacTesting.ts";
import { gaussianLikelihood } from "./likelihoods.ts";

// Inputs of rank 1: Ā has eigenvalues of 0, and so has the damped one in float32.
const theta = { w: np.ones([8, 2]).mul(0.1) };
const objectiveOf = (dtype: "float32" | "float64") =>
  networkObjective({
    network: (at: typeof theta, x, layers) => layers.dense({ weights: at.w }, x),
    likelihood: gaussianLikelihood,
    inputs: np.ones([4, 8]).astype(dtype),
    targets: np.array([[1, 2], [0, 1], [1, 0], [2, 2]]).astype(dtype), // prettier-ignore
  });
const wide = tree.astype(theta, "float64");
const fixed = {
  fisher: "full",
  adaptDamping: false,
  adaptGamma: false,
  momentum: 0,
  learningRate: 1,
} as const;

function firstStep(options: KfacOptions, at: typeof theta, dtype: "float32" | "float64") {
  const optimizer = kfac({ ...fixed, ...options });
  const objective = objectiveOf(dtype);
  const state = optimizer.init(at, objective, random.key(0));
  const outcome = compiledStep(optimizer, () => objective)(at, state, {}, random.key(1));
  return { ...outcome, report: optimizer.factorReport(at, outcome.state, objective) };
}

test.each([{}, { eigenbasis: "exact" }] as KfacOptions[])(
  "a tiny damping takes float64 by itself, and the step is that of float64: %j",
  (options) => {
    const damping = options.eigenbasis === undefined ? 1e-17 : 1e-9;
    const [own, exact] = [
      firstStep({ ...options, damping }, theta, "float32"),
      firstStep({ ...options, damping }, wide, "float64"),
    ];
    expect(own.theta.w.dtype).toBe("float32");
    expect(own.state.factors["w"]!.inputs.dtype).toBe("float64");
    expectClose(own.theta, numbers(exact.theta), 1e-5);
    expect(own.metrics["frozenLayers"]!.item()).toBe(0);
    expect(own.metrics["conditionNumber"]!.item()).toBeGreaterThan(1e6);
    expect(own.report.layers[0]).toMatchObject({ name: "w", isFrozen: false, dtype: "float64", advice: "" });
  },
);

test("usual dampings stay in float32; what float64 cannot do is refused by layer", () => {
  const { state, metrics } = firstStep({ damping: 1 }, theta, "float32");
  expect(state.factors["w"]!.inputs.dtype).toBe("float32");
  // Ā = 1 1ᵀ and G = I: π² = (8 / 8) / (2 / 2); |Ā + I|₁ = 9, |(Ā + I)⁻¹|₁ = 1 - 1/9 + 7/9.
  expect(metrics["conditionNumber"]!.item()).toBeCloseTo(15, 4);
  expect(() => firstStep({ damping: 1e-34 }, theta, "float32")).toThrow(OptionError);
  expect(() => firstStep({ damping: 1e-34 }, theta, "float32")).toThrow(
    /^kfac: the condition number of layer "w" with this damping/,
  );
});

test("asked for float32, a layer that cannot be inverted stands still, is counted and told by name", () => {
  const { theta: next, metrics, report, state } = firstStep({ damping: 1e-16, precision: "float32" }, theta, "float32"); // prettier-ignore
  expect(numbers(next)).toEqual(numbers(theta));
  expect(metrics["frozenLayers"]!.item()).toBe(1);
  expect(metrics["conditionNumber"]!.item()).toBe(0);
  expect(report.table).toMatch(
    /^layer +condition +dtype +advice\nw +stands still +float32 +cannot be inverted in float32/,
  );
  expect(tree.isFinite(state)).toBe(true);
});

test("the tridiagonal structure and EKFAC have condition numbers too", () => {
  for (const options of [{ structure: "tridiagonal" }, { eigenbasis: "ekfac" }] as KfacOptions[]) {
    const optimizer = kfac({ fisher: "full", ...options, adaptGamma: false });
    const state = net.observedState(optimizer, net.theta, net.objective());
    const { layers } = optimizer.factorReport(net.theta, state, net.objective());
    expect(layers.map(({ name }) => name)).toEqual(["layer1.weights", "layer2.weights", "layer3.weights"]);
    layers.forEach(({ conditionNumber }) => expect(conditionNumber).toBeGreaterThan(1));
  }
});
