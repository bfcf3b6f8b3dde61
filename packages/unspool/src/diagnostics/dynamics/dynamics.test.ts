/** The analysis of a small GRU whose numbers are known (computed in NumPy in float64, SciPy's eig). */
import { describe, expect, test } from "vitest";
import { np } from "../../array/index.ts";
import { cwRnn } from "../../optimizers/index.ts";
import { wavyGru } from "../../optimizers/learned/testing.ts";
import { autonomous } from "./autonomous.ts";
import { type ComponentSystem, componentSystem } from "./componentSystem.ts";
import { fixedPoints } from "./fixedPoints.ts";
import { inputFixedPoints } from "./inputFixedPoints.ts";
import { effectiveLearningRate, linearize } from "./linearize.ts";
import { impulseResponse, modes } from "./modes.ts";
import { updateFunction } from "./updateFunction.ts";

const system = componentSystem(cwRnn({ units: 3 }), wavyGru(3));
const [rest] = fixedPoints(system, [system.start]).distinct;
const close = (found: ArrayLike<number>, wanted: readonly number[], digits: number): void => {
  expect(found.length).toBe(wanted.length);
  wanted.forEach((x, i) => expect(found[i]).toBeCloseTo(x, digits));
};

describe("fixed points of a GRU", () => {
  const wanted = [0.6645214944228401, 0.23133982810701498, -0.5314690532947245];
  test("at zero gradient all seeds find the same one", () => {
    const seeds = [
      [0, 0, 0],
      [0.9, -0.9, 0.9],
      [-1, 1, 1],
    ].map((x) => Float64Array.from(x));
    const { points, distinct } = fixedPoints(system, seeds);
    expect(distinct.length).toBe(1);
    for (const { state, isFixed } of points) {
      expect(isFixed).toBe(true);
      close(state, wanted, 12);
    }
  });

  test("the search by Adam on the speed ends near it", () => {
    const { points } = fixedPoints(system, [system.start], { method: "adam" });
    expect(points[0]!.speed).toBeLessThan(1e-8);
    close(points[0]!.state, wanted, 2);
  });

  test("a search that is cut short returns a slow point", () => {
    const { points, distinct } = fixedPoints(system, [system.start], { steps: 1 });
    expect(points[0]!.isFixed).toBe(false);
    expect(points[0]!.speed).toBeGreaterThan(1e-12);
    expect(distinct).toEqual([]);
  });

  test("move with the gradient, and the effective learning rate with them", () => {
    const { points, learningRates, projections } = inputFixedPoints(system, [-2, -0.5, 0.5, 2]);
    close(points[0]!.state, [0.99647264948447, 0.9447555460886372, -0.9152655476426209], 11);
    close(points[2]!.state, [-0.671268620189504, -0.5043938841063291, 0.29527061261140164], 11);
    close(
      learningRates,
      [0.06087852197239049, 0.05673931358855377, 0.11848306682389523, 0.0799668754401285],
      11,
    );
    const w = [0.4, 1.4, 2.4].map((x) => 0.2 * Math.cos(x));
    const along = points.map(
      ({ state }) => w.reduce((sum, x, i) => sum + x * (state[i]! - wanted[i]!), 0) / Math.hypot(...w),
    );
    close(projections, along, 11);
  });
});

describe("the linearised GRU", () => {
  const linear = linearize(system, rest!.state);
  const found = modes(linear);

  test("derivatives", () => {
    close(
      linear.stateJacobian.entries,
      [
        0.7627145379322583, 0.02195720645886916, -0.014267949670165264, 0.05624159669399616,
        0.5886234044454138, -0.09136892902084637, -0.11186306222675771, -0.09120764605459583,
        0.3780906877857588,
      ],
      12,
    );
    close(linear.inputJacobian, [-0.17489287313775223, -0.252529818889077, 0.14407626142046953], 12);
    // 0.01 is the bias of the readout.
    const w = [0.4, 1.4, 2.4].map((x) => 0.2 * Math.cos(x));
    expect(linear.change).toBeCloseTo(
      w.reduce((sum, x, i) => sum + x * rest!.state[i]!, 0.01),
      12,
    );
    close(linear.readWeights, w, 14);
  });

  test("modes", () => {
    close(
      found.modes.map(({ eigenvalue }) => eigenvalue.re),
      [0.778856714403, 0.607727079512, 0.342844836248],
      11,
    );
    close(
      found.modes.map(({ learningRate }) => learningRate.re),
      [0.05223071487, 0.007840226737, 0.001978999417],
      11,
    );
    expect(
      found.modes.every(({ eigenvalue, learningRate }) => eigenvalue.im === 0 && learningRate.im === 0),
    ).toBe(true);
    expect(found.sumOfRates).toBeCloseTo(0.062049941024020436, 13);
    expect(found.effectiveLearningRate).toBeCloseTo(0.062049941024020436, 13);
    expect(found.modes[0]!.timeConstant).toBeCloseTo(-1 / Math.log(0.778856714403), 9);
    expect(found.condition).toBeGreaterThan(1);
    expect(found.condition).toBeLessThan(10);
  });

  test("impulse response, from the modes and from the matrix", () => {
    const wanted = [-0.062049941024, -0.046123450803, -0.034812345299, -0.026516874014, -0.020316925056];
    close(impulseResponse(found, 5), wanted, 11);
    let pushed = linear.inputJacobian;
    const { entries } = linear.stateJacobian;
    const byMatrix = wanted.map(() => {
      const change = pushed.reduce((sum, x, i) => sum + x * linear.readWeights[i]!, 0);
      pushed = pushed.map((_, i) => pushed.reduce((sum, x, j) => sum + entries[i * 3 + j]! * x, 0));
      return change;
    });
    close(byMatrix, wanted, 11);
  });
});

test("the autonomous path of a GRU is a schedule", () => {
  const { states, learningRates, drift } = autonomous(system, { steps: 5 });
  close(
    learningRates,
    [0.10476893982, 0.09175693565, 0.08352677755, 0.07789540268, 0.07391272964, 0.071034478],
    10,
  );
  const distances = states.slice(0, 3).map((h) => Math.hypot(...h.map((x, i) => x - rest!.state[i]!)));
  close(distances, [0.8817971917, 0.6529299698, 0.498509157], 9);
  expect(drift[0]).toBeCloseTo(0.06740699541918406, 13);
});

test("the update function of a GRU at its start", () => {
  const wanted = [
    0.2143989457338732, 0.15462390625533112, 0.07785809962452235, 0.06740699541918406, 0.05695544649750317,
    -0.016299190283501352, -0.12726762026740504,
  ];
  close(updateFunction(system, system.start, [-5, -1, -0.1, 0, 0.1, 1, 5]), wanted, 13);
  expect(effectiveLearningRate(system, system.start)).toBeCloseTo(0.10476893982, 10);
});

test("differences stand in for derivatives that a system does not have", () => {
  const { derivatives: _left, ...plain } = system;
  const [exact, differences] = [linearize(system, rest!.state), linearize(plain, rest!.state)];
  close(differences.stateJacobian.entries, [...exact.stateJacobian.entries], 10);
  close(differences.inputJacobian, [...exact.inputJacobian], 10);
  close(differences.readWeights, [...exact.readWeights], 10);
});

test('an input of "log1p" has no slope at 0, only a difference', () => {
  const learned = cwRnn({ units: 3, inputScale: "log1p" });
  const meta = wavyGru(3);
  const gates = Object.fromEntries(
    Object.entries(meta.gates).map(([name, gate]) => [
      name,
      { ...gate, input: np.concatenate([gate.input, gate.input.mul(0.3)]) },
    ]),
  );
  const jumping = componentSystem(learned, { ...meta, gates });
  expect(() => linearize(jumping, jumping.start)).toThrow("width");
  const width = 0.5;
  const slope = effectiveLearningRate(jumping, jumping.start, { width });
  const [down, up] = updateFunction(jumping, jumping.start, [-width, width]);
  // The readout is linear: the slope is that of the update function.
  expect(slope).toBeCloseTo(-(up! - down!) / (2 * width), 12);
});

test("a saddle is marked as not stable, and a search from beside it comes to where the state rests", () => {
  // h ← h + 0.5 (h - h³): a saddle at 0 with slope 1.5, rest at ±1 with slope 1 + 0.5 (1 - 3) = 0.
  const double: ComponentSystem = {
    name: "double well",
    size: 1,
    start: Float64Array.of(0),
    step: (_gradient, [h]) => Float64Array.of(h! + 0.5 * (h! - h! ** 3)),
    readout: ([h]) => h!,
  };
  const { points, distinct } = fixedPoints(double, [Float64Array.of(0), Float64Array.of(1e-3)]);
  expect(points.map(({ isFixed }) => isFixed)).toEqual([true, true]);
  expect(points.map(({ isStable }) => isStable)).toEqual([false, true]);
  expect(points[0]!.radius).toBeCloseTo(1.5, 6);
  close(points[1]!.state, [1], 9);
  // Stable ones first.
  expect(distinct[0]!.isStable).toBe(true);
});
