/** What a step reads from outside is frozen where it is traced: a typed error, wherever two traces can tell. */
import { describe, expect, test } from "vitest";
import { type Tensor, jit, np, random } from "../array/index.ts";
import { TraceError } from "../errors.ts";
import { createEstimator } from "../estimators/index.ts";
import { compiled, compiledExecutor, defineProblem, referenceExecutor, unroll } from "./index.ts";

const theta = np.array(0.5);
const table = np.arange(10).astype("float32");

/** A problem whose step multiplies by what `read` gives. */
function reading(read: () => number | Tensor) {
  return defineProblem({
    name: "reading",
    horizon: 4,
    init: () => np.array(1),
    step(rate: Tensor, x) {
      const next = x.mul(rate).mul(read()).add(table.sum());
      return { state: next, loss: next };
    },
  });
}

let count = 0;
const outside: [string, () => number | Tensor][] = [
  ["Math.random", () => Math.random()],
  ["Date.now", () => Date.now()],
  ["new Date", () => new Date().getMilliseconds()],
  ["performance.now", () => performance.now()],
  ["crypto.getRandomValues", () => crypto.getRandomValues(new Uint32Array(1))[0]!],
  ["a counter", () => count++],
  ["a counter that chooses the operation", () => (count++ % 2 === 0 ? np.sin(theta) : np.cos(np.cos(theta)))],
  ["an array of random numbers", () => np.array(Array.from({ length: 4 }, () => Math.random())).sum()],
];

describe.each([
  ["compiled", compiledExecutor({ threads: 1 })],
  ["reference", referenceExecutor()],
])("on the %s executor", (_name, executor) => {
  test.each(outside)("a step that reads %s is refused", (_what, read) => {
    const run = () => unroll(reading(read), theta, { key: random.key(0), executor });
    expect(run).toThrow(TraceError);
    expect(run).toThrow(/reading\.step: .*two recordings of it differ: .*context\.key/);
  });
  test.each(["pes", "tbptt", "rtrl"])("and so it is by %s", (name) => {
    const estimator = createEstimator(name, reading(Math.random), { truncation: 2, pairs: 1, executor });
    const estimate = () => estimator.estimate(theta, estimator.init(theta, random.key(0)), random.key(1));
    expect(estimate).toThrow(TraceError);
    // Not only the first time.
    expect(estimate).toThrow(TraceError);
  });
});

test("the error names the constants that differ", () => {
  let n = 40;
  const run = () =>
    unroll(
      reading(() => ++n),
      theta,
      { key: random.key(0) },
    );
  expect(run).toThrow("a constant is 41 in one and 42 in the other");
});

test.each([
  ["one of two", () => (Math.random() < 0.5 ? 1 : 0)],
  ["a rare one", () => (Math.random() < 1e-9 ? 1 : 0)],
])("a choice made by Math.random is refused, though its outcome may be the same twice: %s", (_what, read) => {
  for (let i = 0; i < 10; i++)
    expect(() => unroll(reading(read), theta, { key: random.key(0) })).toThrow(TraceError);
  const never = reading(() => (Math.random() < -1 ? 1 : 0));
  expect(() => unroll(never, theta, { key: random.key(0) })).toThrow(
    "reading.step: it is recorded once and run often, but it calls Math.random.",
  );
});

test("init and finalLoss are held to the same", () => {
  const base = reading(() => 1);
  const random0 = { ...base, init: () => np.array(Math.random()) };
  expect(() => unroll(random0, theta, { key: random.key(0) })).toThrow(/reading\.init: /);
  const last = { ...base, finalLoss: (_theta: Tensor, x: Tensor) => x.mul(Math.random()) };
  const estimator = createEstimator("telescopingPes", last, { truncation: 2, pairs: 1 });
  expect(() => estimator.estimate(theta, estimator.init(theta, random.key(0)), random.key(1))).toThrow(
    /reading\.finalLoss: /,
  );
});

test("what is made anew in each trace and is equal is no difference, and random keys are none", () => {
  const fresh = defineProblem({
    name: "fresh",
    horizon: 3,
    init: (_theta: Tensor, key) => random.normal(key, [3]),
    data: (key) => random.normal(key, [3]),
    step(rate: Tensor, x, { key, batch, t }) {
      const next = x
        .mul(rate)
        .add(np.array([1, Number.NaN, -0]).mul(0))
        .add(batch)
        .add(random.normal(key, [3]))
        .add(t);
      return { state: next, loss: next.slice(0).add(np.array(table.data)).sum() };
    },
  });
  expect(() => unroll(fresh, theta, { key: random.key(0) })).not.toThrow();
});

test("a step is traced twice more for its problem, not for each program", () => {
  let traces = 0;
  const problem = reading(() => (traces++, 2));
  const run = (steps: number) => unroll(problem, theta, { key: random.key(0), steps });
  run(4);
  const first = traces;
  run(3);
  expect(traces - first).toBe(first - 2);
});

test("jit and compiled refuse functions that differ from trace to trace", () => {
  expect(() => jit((x: Tensor) => x.mul(Math.random()))(theta)).toThrow(TraceError);
  expect(() => compiled("noisy", (x: Tensor) => x.mul(Math.random()))(theta)).toThrow(/noisy: .*differ/);
});
