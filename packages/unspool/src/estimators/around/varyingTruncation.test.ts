/** Windows of several lengths on one trajectory: exact sums, and the estimates of each length. */
import { describe, expect, test } from "vitest";
import { random } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { bptt, createEstimator, pes, rtrl, varyingTruncation } from "../index.ts";
import { f64, gradients, linearProblem, scalarSystem } from "../testing.ts";

const problem = linearProblem(scalarSystem, { horizon: 12 });
const theta = f64([0.3]);
const truncations = [1, 2, 6];

/** Gradients of estimates, and the steps of the trajectory after each. */
function run(estimator: ReturnType<typeof varying>, count: number, seed: number) {
  const key = random.key(seed);
  let state = estimator.init(theta, random.foldIn(key, "init"));
  return Array.from({ length: count }, (_, i) => {
    const estimate = estimator.estimate(theta, state, random.foldIn(key, i));
    state = estimate.state;
    return { gradient: estimate.gradient.item(), t: state.t, steps: estimate.metrics.innerSteps };
  });
}

const varying = (schedule?: (estimates: number) => number) =>
  varyingTruncation({
    horizon: 12,
    truncations,
    create: (truncation) => rtrl(problem, { truncation, objective: "sum" }),
    ...(schedule && { schedule }),
  });

describe("random lengths", () => {
  const rows = run(varying(), 40, 3);
  test("rtrl sums to the gradient of bptt over every trajectory, whatever was drawn", () => {
    const [whole] = gradients(bptt(problem, { objective: "sum" }), theta, 1);
    let sum = 0;
    let trajectories = 0;
    for (const { gradient, t } of rows) {
      sum += gradient;
      if (t !== 0) continue;
      expect(sum).toBeCloseTo(whole![0]!, 10);
      sum = 0;
      trajectories++;
    }
    expect(trajectories).toBeGreaterThan(5);
  });
  test("all lengths occur, and none reaches over the end", () => {
    expect(new Set(rows.map(({ steps }) => steps))).toEqual(new Set(truncations));
    let t = 0;
    for (const row of rows) {
      expect(t + row.steps).toBeLessThanOrEqual(12);
      expect(row.t).toBe((t + row.steps) % 12);
      ({ t } = row);
    }
  });
});

test("a schedule: the length that is wanted, or the longest that fits", () => {
  const wanted = [2, 6, 6, 6, 1, 2, 6];
  const rows = run(
    varying((estimates) => wanted[estimates]!),
    7,
    0,
  );
  // 2 + 6 = 8; 4 are left: 2 and 2; then 1 + 2 + 6.
  expect(rows.map(({ steps }) => steps)).toEqual([2, 6, 2, 2, 1, 2, 6]);
  expect(() =>
    run(
      varying(() => 3),
      1,
      0,
    ),
  ).toThrow(/schedule\(0\) must be one of 1, 2, 6, got 3/);
});

test.each(["pes", "nres", "gpes", "truncatedEs", "tbptt"])(
  "%s: a constant schedule gives the bits of the estimator itself",
  (name) => {
    const options = { pairs: 3, sigma: 0.1, objective: "sum" } as const;
    const create = (truncation: number) => createEstimator(name, problem, { ...options, truncation });
    const varied = varyingTruncation({ horizon: 12, truncations: [2, 4], create, schedule: () => 4 });
    expect(gradients(varied, theta, 4)).toEqual(gradients(create(4), theta, 4));
  },
);

test("pes is unbiased: a trajectory of random windows has the mean of the whole gradient", () => {
  const [whole] = gradients(bptt(problem, { objective: "sum" }), theta, 1);
  const options = { pairs: 2000, sigma: 0.1, objective: "sum" } as const;
  const varied = varyingTruncation({
    horizon: 12,
    truncations: [2, 4],
    create: (truncation) => pes(problem, { ...options, truncation }),
  });
  const sums: number[] = [];
  const key = random.key(9);
  let state = varied.init(theta, key);
  let sum = 0;
  for (let i = 0; sums.length < 12; i++) {
    const estimate = varied.estimate(theta, state, random.foldIn(key, i));
    state = estimate.state;
    sum += estimate.gradient.item();
    if (state.t !== 0) continue;
    sums.push(sum);
    sum = 0;
  }
  const mean = sums.reduce((a, b) => a + b, 0) / 12;
  const error = Math.sqrt(sums.reduce((all, x) => all + (x - mean) ** 2, 0) / 11 / 12);
  expect(error / Math.abs(whole![0]!)).toBeLessThan(0.05);
  expect(Math.abs(mean - whole![0]!) / error).toBeLessThan(4);
});

test("what does not fit the estimators that are made is refused", () => {
  const given = {
    horizon: 12,
    truncations: [2, 4],
    create: (truncation: number) => rtrl(problem, { truncation }),
  };
  expect(() => varyingTruncation({ ...given, horizon: 24 })).toThrow(
    "varyingTruncation: horizon must be 12, that of the problem of rtrl, got 24.",
  );
  expect(() => varyingTruncation({ ...given, create: () => rtrl(problem, { truncation: 3 }) })).toThrow(
    /the truncation of create\(2\) must be 2, got 3\. Hand the argument/,
  );
  expect(() => varyingTruncation({ ...given, schedule: "linear" as never })).toThrow(
    /schedule must be "random"/,
  );
});

test.each([
  [[], /at least one/],
  [[5], /divisors of the horizon 12/],
  [[2, 3], /multiples of the shortest, 2, got 3/],
  [[0], /got 0/],
])("window lengths %j are refused", (lengths, text) => {
  const make = () =>
    varyingTruncation({
      horizon: 12,
      truncations: lengths,
      create: (truncation) => rtrl(problem, { truncation }),
    });
  expect(make).toThrow(OptionError);
  expect(make).toThrow(text);
});
