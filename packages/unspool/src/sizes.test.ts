/** Sizes that no machine holds are an OptionError with the memory that they need, not the end of the process. */
import { expect, test } from "vitest";
import { type Tensor, np, random } from "./array/index.ts";
import { OptionError } from "./errors.ts";
import { bptt, createEstimator, estimators, rtrl, tbptt } from "./estimators/index.ts";
import { requireMemory, sizeText } from "./sizes.ts";
import { defineProblem, unroll } from "./unroll/index.ts";

const problem = (horizon = 4) =>
  defineProblem({
    name: "wide",
    horizon,
    init: (theta: Tensor) => theta,
    step: (theta: Tensor, x) => ({ state: x.mul(theta), loss: x.sum() }),
    finalLoss: (_theta, x) => x.sum(),
  });
const theta = np.array([1, 2]);
const refused = (fn: () => unknown, text: RegExp): void => {
  expect(fn).toThrow(OptionError);
  expect(fn).toThrow(text);
};

test.each(
  estimators.map(({ name, options }) => [name, options.includes("pairs") ? "pairs" : "tasks"] as const),
)("%s with 2^32 and with 1e15 %s", (name, option) => {
  for (const many of [2 ** 32, 1e15]) {
    const create = () => createEstimator(name, problem(), { truncation: 4, [option]: many });
    refused(create, new RegExp(`${name}: ${option} must be small enough for memory: .* take at least .*iB`));
  }
});

test("pairs whose perturbations do not fit beside a large theta", () => {
  const estimator = createEstimator("pes", problem(), { truncation: 4, pairs: 100_000 });
  refused(() => estimator.init(np.zeros([10_000]), random.key(0)), /pes: pairs must be .* got 100000/);
});

test("rtrl and mixture with 10^6 parameters", () => {
  const wide = np.zeros([1_000_000]);
  const start = () => rtrl(problem(), { truncation: 4 }).init(wide, random.key(0));
  refused(start, /the number of parameters must be .* take at least 3\.64 TiB.* got 1000000\. Use uoro/);
});

test("backpropagation through 2^31 - 1 steps", () => {
  const long = problem(2 ** 31 - 1);
  refused(
    () => bptt(long).init(theta, random.key(0)),
    /bptt: problem\.horizon must be .*GiB.* got 2147483647/,
  );
  const windows = tbptt(problem(Infinity), { truncation: 1e9, checkpoints: "sqrt" });
  refused(() => windows.init(theta, random.key(0)), /tbptt: truncation must be .* got 1000000000/);
});

test("an unroll of 1e9 particles, and one of 1e9 steps", () => {
  refused(() => unroll(problem(), theta, { key: random.key(0), particles: 1e9 }), /particles times steps/);
  refused(() => unroll(problem(1e9), theta, { key: random.key(0), particles: 10 }), /take at least 149 GiB/);
});

test("arrays of 1e11 elements", () => {
  refused(() => np.zeros([1e9, 100]), /elements of an array must be .* got 100000000000/);
  refused(() => np.ones([1e9, 100], { dtype: "float64" }), /take at least 745 GiB/);
  refused(() => np.arange(1e11), /elements of an array/);
  refused(() => random.normal(random.key(0), [1e9, 100]), /elements of an array/);
  refused(() => np.broadcastTo(np.array(1), [1e9, 100]), /elements of an array/);
});

test("a batch of 1e9 examples in a compiled program", () => {
  const batches = defineProblem({
    horizon: 2,
    init: () => np.array(0),
    data: (key) => random.normal(key, [1e9, 100]),
    step: (_theta: Tensor, x, { batch }) => ({
      state: x.add(batch.sum()),
      loss: batch.mean().add(np.sort(batch).slice(0, 0)),
    }),
  });
  refused(() => unroll(batches, theta, { key: random.key(0) }), /memory/);
});

test("what is there is said, in units that people read", () => {
  expect(sizeText(1536)).toBe("1.5 KiB");
  expect(sizeText(4e12)).toBe("3.64 TiB");
  const need = { where: "w", option: "o", given: 1, bytes: 2 ** 33, of: "they" };
  refused(
    () => requireMemory({ ...need, limit: 2 ** 32 }),
    /take at least 8 GiB, and WebAssembly addresses 4 GiB, got 1/,
  );
  expect(() => requireMemory({ ...need, bytes: 2 ** 20 })).not.toThrow();
});
