import { expect, test } from "vitest";
import { type Key, type Tensor, np, random, tree } from "../array/index.ts";
import { NonFiniteError, ShapeError } from "../errors.ts";
import type { DescentState, Method } from "../methods/index.ts";
import { adagrad, adam, clipByGlobalNorm, lossScale } from "../optimizers/index.ts";
import type { DescentSetup, Setup } from "./experiment.ts";
import { bits, momentum, quadratic, quadraticSetup } from "./testExperiment.ts";
import { initTraining, trainSteps } from "./trainSteps.ts";

const config = quadratic.config.parse({});

/** A setup whose estimator returns a given loss and gradient. */
function fixed(theta: unknown, gradient: unknown, loss = 1, seen: Key[] = []): DescentSetup {
  return {
    theta,
    estimator: {
      name: "fixed",
      init: (_, key) => (seen.push(key), null),
      estimate: (_, state, key) => {
        seen.push(key);
        return { loss, gradient, state, metrics: { innerSteps: 2 } };
      },
    },
    optimizer: momentum(0.5),
    steps: 3,
  };
}

test("keys are derived from the key of the run by name and index of the step", () => {
  const seen: Key[] = [];
  const setup = fixed(np.array([1]), np.array([0]), 1, seen);
  const key = random.key(5);
  let state = initTraining(setup, key);
  for (let i = 0; i < 2; i++) ({ state } = trainSteps(setup, state, 1));
  const stepKey = random.foldIn(key, "step");
  const expected = [random.foldIn(key, "estimator"), random.foldIn(stepKey, 0), random.foldIn(stepKey, 1)];
  expect(bits(seen)).toEqual(bits(expected));
});

test("a step is pure: the same state gives the same bits, and the state given is left alone", () => {
  const setup = quadraticSetup(config);
  const { state } = trainSteps(setup, initTraining(setup, random.key(3)), 1);
  const before = bits(state);
  const [first, second] = [trainSteps(setup, state, 1), trainSteps(setup, state, 1)];
  expect(bits(first.state)).toEqual(bits(second.state));
  expect(bits(state)).toEqual(before);
});

test("the update is that of the optimizer called eagerly, bit for bit, in float32 and float64", () => {
  for (const dtype of ["float32", "float64"] as const) {
    const setup = quadraticSetup(config, dtype);
    const state = initTraining(setup, random.key(3));
    const { estimator } = setup;
    const stepKey = random.foldIn(random.foldIn(state.key, "step"), 0);
    const estimate = estimator.estimate(setup.theta, (state.methodState as DescentState).estimator, stepKey);
    const rule = momentum(config.rate);
    const eager = rule.update(estimate.gradient as never, rule.init(setup.theta), setup.theta);
    const next = trainSteps(setup, state, 1).state;
    expect(bits(next.theta)).toEqual(bits(eager.theta));
    expect(bits((next.methodState as DescentState).optimizer)).toEqual(bits(eager.state));
    expect(tree.floatType(next.theta)).toBe(dtype);
  }
});

test("the gradient's norm is computed in float64", () => {
  // In float32 the squares overflow (3e38^2) and small terms vanish; by hand: sqrt(9e76 + 16e76) = 5e38.
  const huge = fixed(np.zeros([2]), np.array([3e38, 3e38]));
  const setup = { ...huge, optimizer: momentum(0) };
  const record = trainSteps(setup, initTraining(setup, random.key(0)), 1).records[0]!;
  const element = Math.fround(3e38);
  expect(record.gradientNorm! / (element * Math.SQRT2)).toBeCloseTo(1, 12);
});

test("a finite float64 gradient whose squares overflow still has a norm", () => {
  const gradient = np.array([3e200, 4e200], { dtype: "float64" });
  const setup = { ...fixed(np.zeros([2], { dtype: "float64" }), gradient), optimizer: momentum(0) };
  const record = trainSteps(setup, initTraining(setup, random.key(0)), 1).records[0]!;
  expect(record.gradientNorm! / 5e200).toBeCloseTo(1, 12);
});

test("theta is logged by path up to 32 numbers; a bare tensor is called theta", () => {
  const recordOf = (theta: Tensor | Record<string, Tensor>) => {
    const setup = fixed(theta, tree.map(np.zerosLike, theta));
    return trainSteps(setup, initTraining(setup, random.key(0)), 1).records[0]!;
  };
  expect(recordOf(np.array([1, 2])).theta).toEqual({ theta: [1, 2] });
  expect(recordOf({ a: np.ones([31]), b: np.array(3) }).theta).toMatchObject({ b: [3] });
  expect(recordOf({ a: np.ones([32]), b: np.array(3) }).theta).toBeUndefined();
});

test("plain numbers and typed arrays in theta become tensors", () => {
  const setup = fixed({ rate: 2, w: Float32Array.of(1, 2) }, { rate: np.array(1), w: np.array([0, 0]) });
  const { state } = trainSteps(setup, initTraining(setup, random.key(0)), 1);
  expect(bits(state.theta)).toEqual(bits({ rate: np.array(1.5, { dtype: "float32" }), w: np.array([1, 2]) }));
});

test("inner steps add up over the run", () => {
  const setup = fixed(np.array([1]), np.array([0]));
  let state = initTraining(setup, random.key(0));
  for (let i = 0; i < 3; i++) ({ state } = trainSteps(setup, state, 1));
  expect(state.innerSteps).toBe(6);
});

test.each([
  ["loss", fixed({ w: np.array([1]) }, { w: np.array([1]) }, Infinity), "the loss is Infinity"],
  ["gradient", fixed({ w: np.array([1, 2]) }, { w: np.array([1, NaN]) }), 'the gradient at "w", element 1'],
  ["theta", fixed({ w: np.array([-3e38]) }, { w: np.array([3e38]) }), 'the theta at "w", element 0'],
])("a %s that is not finite is an error that says where", (quantity, setup, message) => {
  const loud = quantity === "theta" ? { ...setup, optimizer: momentum(1) } : setup;
  const step = () => trainSteps(loud, initTraining(loud, random.key(0)), 1);
  expect(step).toThrow(NonFiniteError);
  expect(step).toThrow(`in outer step 1, ${message}`);
  try {
    step();
  } catch (error) {
    expect((error as NonFiniteError).details).toMatchObject({ step: 1, quantity });
  }
});

test("a gradient that has not the structure of theta is an error that names the estimator", () => {
  const setup = fixed({ w: np.array([1]) }, { w: np.array([1, 2]) });
  const step = () => trainSteps(setup, initTraining(setup, random.key(0)), 1);
  expect(step).toThrow(ShapeError);
  expect(step).toThrow('train: the gradient of "fixed" at "w" is float32[2], expected float32[1].');
});

test("a second moment that became Infinity is an error that names the leaf, and not an optimizer that stands still", () => {
  // 1e18 squared is within float32, but the sum of AdaGrad ends: it passes the rule's own check and is seen here.
  const setup = {
    ...fixed({ w: np.array([1]) }, { w: np.array([2e18]) }),
    optimizer: adagrad({ initialSum: 3.39e38 }),
  };
  const run = (): void => void trainSteps(setup, initTraining(setup, random.key(0)), 1);
  expect(run).toThrow(NonFiniteError);
  expect(run).toThrow(
    'in outer step 1, the optimizer\'s state at "sum.w", element 0 of float32[1], is Infinity.',
  );
});

test("an enormous gradient is left out, and the record says so", () => {
  const setup = { ...fixed({ w: np.array([1]) }, { w: np.array([1e20]) }), optimizer: adam() };
  const { state, records } = trainSteps(setup, initTraining(setup, random.key(0)), 1);
  expect(records[0]!["skippedUpdates"]).toBe(1);
  expect(bits(state.theta)).toEqual(bits(setup.theta));
  const small = { ...fixed({ w: np.array([1]) }, { w: np.array([1]) }), optimizer: adam() };
  expect(trainSteps(small, initTraining(small, random.key(0)), 1).records[0]).not.toHaveProperty(
    "skippedUpdates",
  );
});

test("lossScale is asked to skip a gradient that is not finite, until its scale has come to its end", () => {
  const setup = {
    ...fixed({ w: np.array([1]) }, { w: np.array([Infinity]) }, Infinity),
    optimizer: clipByGlobalNorm(lossScale(adam(), { scale: 2 ** -60 })),
  };
  let state = initTraining(setup, random.key(0));
  for (let i = 0; i < 4; i++) {
    const next = trainSteps(setup, state, 1);
    expect(next.records[0]!["skippedUpdates"]).toBe(1);
    expect(bits(next.state.theta)).toEqual(bits(setup.theta));
    ({ state } = next);
  }
  expect(() => trainSteps(setup, state, 1)).toThrow("in outer step 5, the loss is Infinity");
});

test("a step that has no loss says so with null and is logged; a loss that is NaN fails the run", () => {
  const method = (loss: number | null): Method => ({
    name: "fixed",
    recipe: () => ({}),
    init: () => null,
    step: (theta, state) => ({ theta, state, loss, metrics: { innerSteps: 0 } }),
  });
  const setup = (loss: number | null): Setup => ({
    theta: { w: np.array([1]) },
    method: method(loss),
    steps: 1,
  });
  const none = setup(null);
  const [record] = trainSteps(none, initTraining(none, random.key(0)), 1).records;
  expect(record!.loss).toBeNull();
  expect(record).not.toHaveProperty("skippedUpdates");
  const bad = setup(NaN);
  expect(() => trainSteps(bad, initTraining(bad, random.key(0)), 1)).toThrow(
    "in outer step 1, the loss is NaN",
  );
});
