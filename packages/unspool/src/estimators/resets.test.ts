/**
 * Resets inside a window against a plain simulation of one pair that follows "Reset inside a window" of section 2.2
 * of the card on persistent evolution strategies step by step.
 */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../array/index.ts";
import { type ResetPolicy, defineProblem } from "../unroll/index.ts";
import { pes } from "./index.ts";
import { f64 } from "./testing.ts";

const sigma = 0.5;
const truncation = 4;

/** s' = 0.7 s + theta, l = s'² / 2 + t / 10, from 1. */
const problem = defineProblem({
  horizon: 6,
  init: () => np.ones([]),
  step(theta: Tensor, s: Tensor, { t }) {
    const next = s.mul(0.7).add(theta.slice(0));
    return { state: next, loss: next.mul(next).mul(0.5).add(t.astype(s.dtype).mul(0.1)) };
  },
});

/** Perturbation of pair i in window w. */
const eps = (pair: number, window: number): number => Math.sin(1 + 3 * pair + 7 * window) * sigma;

const table = np.array(
  Array.from({ length: 3 * 20 }, (_, i) => eps(Math.floor(i / 20), i % 20)),
  { dtype: "float64" },
);
const noise = (_theta: unknown, { pair, window }: { pair: Tensor; window: Tensor }): Tensor =>
  np.take(table, pair.mul(tree.scalar(20, "int32")).add(window)).reshape([1]);

/** Of a trajectory that begins after so many estimates. */
const growing = (estimates: Tensor): Tensor => estimates.astype("float32").mul(0.5).add(4);

interface Simulated {
  theta: number;
  pair: number;
  lengths: number[];
  windows: number;
}

/** Contributions of one pair, window by window. */
function simulate({ theta, pair, lengths, windows }: Simulated): number[] {
  let [plus, minus, t, trajectory, xi] = [1, 1, 0, 0, 0];
  const step = (s: number, at: number) => 0.7 * s + at;
  const loss = (s: number) => (s * s) / 2 + t / 10;
  return Array.from({ length: windows }, (_, w) => {
    const e = eps(pair, w);
    let [before, after, stepsAfter, hasReset] = [0, 0, 0, false];
    for (let k = 0; k < truncation; k++) {
      [plus, minus] = [step(plus, theta + e), step(minus, theta - e)];
      const difference = loss(plus) - loss(minus);
      t++;
      // Up to and including the last step of the old trajectory: the first sum.
      if (hasReset) [after, stepsAfter] = [after + difference, stepsAfter + 1];
      else before += difference;
      if (t === lengths[trajectory]) {
        [plus, minus, t, hasReset] = [1, 1, 0, true];
        trajectory++;
      }
    }
    const contribution = ((xi + e) * before + e * after) / (2 * sigma ** 2);
    if (hasReset) xi = stepsAfter > 0 ? e : 0;
    else xi += e;
    return contribution;
  });
}

function estimated(resets: ResetPolicy, pairs: number, windows: number) {
  const options = { sigma, pairs, truncation, objective: "sum", resets, noise } as const;
  const estimator = pes(problem, options);
  const theta = f64([0.2]);
  let state = estimator.init(theta, random.key(31));
  const seen: number[][] = Array.from({ length: pairs }, () => []);
  const gradients: number[] = [];
  const note = () => {
    const { length, trajectory } = state.units.clock;
    for (let i = 0; i < pairs; i++) seen[i]![trajectory.data[i]!] = length.data[i]!;
  };
  note();
  for (let w = 0; w < windows; w++) {
    const estimate = estimator.estimate(theta, state, random.key(w));
    gradients.push(estimate.gradient.item());
    state = estimate.state;
    note();
  }
  return { gradients, lengths: seen };
}

/** A window has at most one reset, so the clocks between windows show the length of every trajectory. */
describe("PES with resets inside windows of 4 steps", () => {
  test.each([
    ["lockstep, 6 steps: the third trajectory ends on the edge of a window", "lockstep"],
    ["staggered starts", "staggered"],
    ["random offsets", "random-offset"],
    ["random lengths of 4 to 9", { minLength: 4, maxLength: 9 }],
    ["lengths by a schedule, with noise", { minLength: 4, maxLength: 9, length: growing, jitter: 1 }],
  ] as const)("%s", (_name, resets) => {
    const [pairs, windows] = [3, 12];
    const { gradients, lengths } = estimated(resets, pairs, windows);
    const simulated = lengths.map((own, pair) => simulate({ theta: 0.2, pair, lengths: own, windows }));
    gradients.forEach((g, w) => {
      const wanted = simulated.reduce((sum, own) => sum + own[w]!, 0) / pairs;
      expect(Math.abs(g - wanted), `window ${w}: ${g} against ${wanted}`).toBeLessThan(
        1e-12 * Math.max(1, Math.abs(wanted)) * 10,
      );
    });
    expect(new Set(lengths.flat()).size).toBeGreaterThan(resets === "lockstep" ? 0 : 1);
  });
});

test("lengths follow the estimates that were made when a trajectory began", () => {
  const { lengths } = estimated({ minLength: 4, maxLength: 9, length: growing }, 1, 12);
  let steps = 0;
  const wanted = lengths[0]!.map((length, i) => {
    // The estimate in which the trajectory before has ended counts those before it.
    const begun = i === 0 ? 0 : Math.ceil(steps / truncation) - 1;
    steps += length;
    return Math.min(9, Math.floor(4 + begun / 2 + 0.5));
  });
  expect(lengths[0]).toEqual(wanted);
  expect(new Set(wanted).size).toBeGreaterThan(3);
});

test("staggered first trajectories of 3 units, horizon 6, windows of 2: after 2, 4 and 6 steps", () => {
  const estimator = pes(problem, { pairs: 3, truncation: 2, resets: "staggered" });
  const { units } = estimator.init(f64([0.2]), random.key(0));
  expect([...units.clock.length.data]).toEqual([2, 4, 6]);
});

test("random lengths stay between their bounds, and their logarithm is uniform", { tags: ["long"] }, () => {
  const resets = { minLength: 10, maxLength: 99 };
  const estimator = pes(problem, { pairs: 2000, truncation: 10, resets });
  const lengths = [...estimator.init(f64([0.2]), random.key(1)).units.clock.length.data];
  expect(Math.min(...lengths)).toBeGreaterThanOrEqual(10);
  expect(Math.max(...lengths)).toBeLessThanOrEqual(99);
  // P(length < 32) = ln(3.2) / ln(10); standard error 0.0112.
  const share = lengths.filter((length) => length < 32).length / 2000;
  expect(Math.abs(share - Math.log(3.2) / Math.log(10)) / 0.0112).toBeLessThan(4);
});
