import { expect, test } from "vitest";
import { initTraining, random, trainSteps } from "unspool";
import { workloadNamed } from "./table.ts";
import { toy } from "./toy.ts";

test("W2 is the work that was specified: theta after 50 and 200 updates", () => {
  // From a run of the same equations in double precision and in PyTorch: (-4.12, -4.20), (-2.62, -3.00). The
  // perturbations differ, which moves theta by about 0.01.
  const setup = toy(workloadNamed("W2"));
  let state = initTraining(setup, random.key(0));
  const thetaAfter = (updates: number): number[] => {
    while (state.step < updates) ({ state } = trainSteps(setup, state, 1));
    return [...(state.theta as { logLearningRate: { data: Float32Array } }).logLearningRate.data];
  };
  const expectNear = (theta: number[], expected: number[]): void =>
    expected.forEach((value, i) => expect(Math.abs(theta[i]! - value)).toBeLessThan(0.03));
  expectNear(thetaAfter(50), [-4.12, -4.2]);
  expectNear(thetaAfter(200), [-2.62, -3.0]);
});
