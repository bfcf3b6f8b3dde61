/**
 * The final loss as the objective of estimators with derivatives: closed forms of the card's systems, whose final loss is
 * that of the last state, and the properties that every estimator has.
 */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../../array/index.ts";
import { defineProblem, referenceExecutor } from "../../unroll/index.ts";
import { bptt, dodge, rtrl, tbptt, telescopingPes, uoro } from "../index.ts";
import { estimatorConformance } from "../../conformance/index.ts";
import { f64, gradients, linearProblem, planarSystem } from "../testing.ts";

const theta = f64([0.3, -0.2]);
const final = "final" as const;

describe("a state that begins at theta, integers, float32 and a batch drawn for the final loss", () => {
  const problem = defineProblem({
    name: "curved",
    horizon: 4,
    init: (at: { a: Tensor; b: Tensor }) => ({ x: at.b.mul(2), count: tree.scalar(0, "int32") }),
    step({ a, b }: { a: Tensor; b: Tensor }, { x, count }) {
      const next = np.tanh(x.mul(a).add(b));
      return { state: { x: next, count: count.add(1) }, loss: next.sum() };
    },
    finalLoss: ({ a }, { x }, batch: Tensor) => x.mul(x).sum().mul(a.sum()).add(x.mul(batch).sum()),
    finalData: (key) => random.normal(key, [2]),
  });
  const curved = (dtype: "float32" | "float64") => ({
    a: np.array([0.7, -1.2], { dtype }),
    b: np.array([0.3, 0.4], { dtype }),
  });
  const at = curved("float64");
  const estimator = bptt(problem, { objective: final });
  const key = random.key(4);
  const exact = estimator.estimate(at, estimator.init(at, key), key);

  test("bptt is the central difference of its own loss", () => {
    const lossAt = (moved: typeof at) => estimator.estimate(moved, estimator.init(moved, key), key).loss;
    const h = 1e-5;
    const flat = tree.flatten(exact.gradient);
    [..."ab"].forEach((name, leaf) =>
      [0, 1].forEach((i) => {
        const moved = (by: number) => {
          const values = at[name as "a"].data.slice();
          values[i]! += by;
          return lossAt({ ...at, [name]: np.array(values) });
        };
        expect(flat[2 * leaf + i]).toBeCloseTo((moved(h) - moved(-h)) / (2 * h), 8);
      }),
    );
  });
  test.each([1, 2, 4])("rtrl sums to it, whatever the window (%i)", (truncation) => {
    const recurrent = rtrl(problem, { objective: final, truncation });
    let state = recurrent.init(at, key);
    const sum = new Float64Array(4);
    let loss = 0;
    for (let i = 0; i < 4 / truncation; i++) {
      const estimate = recurrent.estimate(at, state, random.key(i));
      ({ state, loss } = estimate);
      tree.flatten(estimate.gradient).forEach((x, p) => (sum[p]! += x));
    }
    tree.flatten(exact.gradient).forEach((x, p) => expect(sum[p]).toBeCloseTo(x, 10));
    expect(loss).toBeCloseTo(exact.loss, 10);
  });
  test("few checkpoints, several tasks and another executor give the same", () => {
    const few = bptt(problem, { objective: final, checkpoints: "sqrt" });
    const sparse = few.estimate(at, few.init(at, key), key);
    expect([...tree.flatten(sparse.gradient)]).toEqual([...tree.flatten(exact.gradient)]);
    // Draws have the digits of float32, and executors round the last of them differently.
    const plain = bptt(problem, { objective: final, tasks: 3, executor: referenceExecutor() });
    const three = bptt(problem, { objective: final, tasks: 3 });
    const [a, b] = [plain, three].map((one) => one.estimate(at, one.init(at, key), key));
    tree.flatten(a!.gradient).forEach((x, p) => expect(tree.flatten(b!.gradient)[p]).toBeCloseTo(x, 7));
    expect(a!.loss).toBeCloseTo(b!.loss, 7);
  });
  test("in float32 it has six digits of it", () => {
    const narrow = curved("float32");
    const { gradient } = estimator.estimate(narrow, estimator.init(narrow, key), key);
    expect(gradient.a.dtype).toBe("float32");
    tree.flatten(gradient).forEach((x, p) => expect(x).toBeCloseTo(tree.flatten(exact.gradient)[p]!, 5));
  });
});

test("uoro averaged over all signs is rtrl, window by window", { tags: ["long"] }, () => {
  // Two steps, and the final loss is seen through what both carry: 4² choices of two signs.
  const problem = linearProblem(planarSystem, { horizon: 2 });
  const wanted = gradients(rtrl(problem, { objective: final }), theta, 2);
  const sums = wanted.map(() => [0, 0]);
  for (let choice = 0; choice < 16; choice++) {
    const table = np.array([0, 1, 2, 3].map((i) => ((choice >> i) & 1 ? -1 : 1))).reshape([2, 2]);
    const signs = ({ t }: { t: Tensor }): Tensor => np.take(table, t, 0);
    const drawn = uoro(problem, { objective: final, signs });
    gradients(drawn, theta, 2).forEach((row, w) => row.forEach((x, p) => (sums[w]![p]! += x / 16)));
  }
  wanted.forEach((row, w) => row.forEach((x, p) => expect(sums[w]![p]).toBeCloseTo(x, 10)));
});

describe.each([
  ["bptt", true],
  ["rtrl", false],
  ["uoro", false],
  ["dodge", false],
] as const)("%s has the properties of every estimator in which the objective takes part", (name, isWhole) => {
  const create = { bptt, rtrl, uoro, dodge }[name];
  const checks = estimatorConformance({
    name: `${name} of the final loss`,
    objective: "final",
    isWhole,
    create: (problem, { truncation, particles, resets }) =>
      create(problem, {
        objective: final,
        tasks: particles,
        ...(isWhole ? {} : { truncation, resets }),
      } as never),
    replicates: 16,
  });
  const part = /on planarSystem|on noisySystem|loss is right|plain data/;
  for (const check of checks.filter((one) => part.test(one.name))) test(check.name, check.run);
});

test("what has no final loss, or no end, or no sight of earlier windows, is refused", () => {
  const problem = linearProblem(planarSystem);
  const { finalLoss: _none, ...rest } = problem;
  expect(() => bptt(rest as typeof problem, { objective: final })).toThrow(/problem.finalLoss/);
  const endless = linearProblem(planarSystem, { horizon: Infinity });
  expect(() => rtrl(endless, { objective: final })).toThrow(/horizon must be finite, got Infinity/);
  expect(() => tbptt(problem, { objective: final as never })).toThrow(/objective.*got "final"/);
  expect(() => telescopingPes(rest as typeof problem)).toThrow(/problem.finalLoss/);
});
