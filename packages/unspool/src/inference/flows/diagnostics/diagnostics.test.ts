/** Diagnostics of weights and flows, each with its error, against closed forms. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../../../array/index.ts";
import { adam } from "../../../optimizers/index.ts";
import { compiled } from "../../../unroll/index.ts";
import { ais } from "../ais/ais.ts";
import { hmc } from "../ais/hmc.ts";
import { metropolis } from "../ais/metropolis.ts";
import { actNorm } from "../bijectors/actNorm.ts";
import { defineFlow } from "../flow.ts";
import { gaussianBase } from "../flowBase.ts";
import { realNvp } from "../realNvp.ts";
import { sampleDensity } from "../sampleDensity.ts";
import type { DensityTarget } from "../targets/densityTarget.ts";
import { diagnoseFlow } from "./diagnoseFlow.ts";
import { modeCoverage } from "./modeCoverage.ts";
import { summariseWeights, weightedMean } from "./summariseWeights.ts";

const f64 = (x: number[] | number[][]): Tensor => np.array(x, { dtype: "float64" });

describe("weights", () => {
  test("have the effective share of the formula: (Σw)² / (n Σw²) of log w = 0, -1, 1, 2", () => {
    const { effectiveShare, logZ, largestShare, dead } = summariseWeights([0, -1, 1, 2]);
    expect(effectiveShare.value).toBeCloseTo(0.521527693210819, 14);
    expect(logZ.value).toBeCloseTo(Math.log((1 + Math.exp(-1) + Math.E + Math.E ** 2) / 4), 14);
    expect(largestShare).toBeCloseTo(Math.E ** 2 / (1 + Math.exp(-1) + Math.E + Math.E ** 2), 14);
    expect(dead).toBe(0);
    // Whatever the scale: logarithms of thousands.
    expect(summariseWeights([3000, 2999, 3001, 3002]).effectiveShare.value).toBeCloseTo(
      0.521527693210819,
      12,
    );
    expect(summariseWeights([0, -Infinity]).effectiveShare.value).toBe(0.5);
  });

  test("errors are the spread over repeats: log w normal with variance 0.49, 400 sets of 500", () => {
    const draw = compiled("noise", (key: Tensor) => random.normal(key, [500], { dtype: "float64" }));
    const sets = Array.from({ length: 400 }, (_, i) => {
      const noise = draw(random.foldIn(random.key(1), i));
      return {
        ...summariseWeights(noise.mul(0.7)),
        mean: weightedMean(Array.from(noise.data, Number), noise.mul(0.7)),
      };
    });
    for (const [of, truth] of [
      // E w = exp(σ²/2), the share exp(-σ²), and E f of the tilted normal is σ.
      [(one: (typeof sets)[number]) => one.logZ, 0.245],
      [(one: (typeof sets)[number]) => one.effectiveShare, Math.exp(-0.49)],
      [(one: (typeof sets)[number]) => one.mean, 0.7],
    ] as const) {
      const values = sets.map((one) => of(one).value);
      const mean = values.reduce((a, b) => a + b) / 400;
      const spread = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 399);
      const claimed = sets.map((one) => of(one).error).reduce((a, b) => a + b) / 400;
      expect(Math.abs(mean - truth)).toBeLessThan((4 * spread) / 20 + 0.01);
      expect(claimed / spread).toBeGreaterThan(0.8);
      expect(claimed / spread).toBeLessThan(1.2);
    }
  });

  test("that are no numbers, or all 0, are said", () => {
    expect(() => summariseWeights([0, NaN])).toThrow("summariseWeights: log w of point 1 is NaN");
    expect(() => summariseWeights([-Infinity])).toThrow("all weights are 0");
    expect(weightedMean(np.array([1, 3]), [0, 0]).value).toBe(2);
    expect(() => weightedMean(np.ones([2, 2]), [0, 0])).toThrow("values must be [2]");
    expect(() => weightedMean([1], [0, 0])).toThrow("values must be as many as weights, 2, got 1");
  });
});

test("a mode is covered from a tenth of its share on", () => {
  const modes = { centres: [[0, 0], [10, 0], [20, 0]], radius: 3, shares: [0.5, 0.25, 0.25] }; // prettier-ignore
  const points = f64([
    ...Array.from({ length: 95 }, () => [0.1, 0]),
    [10, 1],
    [10, 2],
    [10, 0],
    [20, 0],
    [50, 0],
  ]);
  const { covered, shares, ratios, uncertain, elsewhere } = modeCoverage(points, modes);
  expect(covered).toBe(2);
  expect(shares.map(({ value }) => value)).toEqual([0.95, 0.03, 0.01]);
  expect(ratios[1]!.value).toBeCloseTo(0.12, 12);
  expect(shares[1]!.error).toBeCloseTo(Math.sqrt((0.03 * 0.97) / 100), 12);
  expect(uncertain).toBe(2);
  expect(elsewhere).toBeCloseTo(0.01, 12);
  const around = { centres: [[3.1], [0]], radius: Infinity, isCircular: true };
  expect(modeCoverage(f64([[-3.1], [-1]]), around).shares.map(({ value }) => value)).toEqual([0.5, 0.5]);
});

/** log N(-1/2, I) + log 3. */
const tripled: DensityTarget = {
  name: "tripled",
  dim: 1,
  logZ: Math.log(3),
  logDensity: (x) =>
    x
      .add(0.5)
      .mul(x.add(0.5))
      .sum(1)
      .div(-2)
      .add(Math.log(3) - Math.log(2 * Math.PI) / 2),
  sample: (key, count) => random.normal(key, [count, 1], { dtype: "float64" }).sub(0.5),
  modes: { centres: [[-0.5]], radius: Infinity },
};

test("a normal flow on a normal target has its closed forms: share e^-1, log 3, KL 1/2, forward share e^-1", () => {
  const dtype = "float64" as const;
  const flow = defineFlow({
    name: "shifted",
    base: gaussianBase({ dim: 1, isTrainable: false, dtype }),
    bijectors: [actNorm({ dim: 1, dtype })],
  });
  const theta = { base: {}, layers: [{ shift: f64([0.5]), logScale: f64([0]) }] };
  const sampler = ais({ levels: 3, transition: hmc({ stepSize: 0.5 }) });
  const found = diagnoseFlow({ flow, theta, target: tripled, key: random.key(3), samples: 20_000, sampler });
  const near = ({ value, error }: { value: number; error: number }, truth: number): void =>
    expect(Math.abs(value - truth) / error).toBeLessThan(4);
  // w = exp(-x): log-normal of variance 1.
  near(found.effectiveShare, Math.exp(-1));
  near(found.logZ, Math.log(3));
  near(found.annealedLogZ!, Math.log(3));
  near(found.forwardKl!, 0.5);
  near(found.forwardShare!, Math.exp(-1));
  near(found.meanLogQ!, -Math.log(2 * Math.PI) / 2 - 1);
  expect(found.annealedShare!.value).toBeGreaterThan(found.effectiveShare.value);
  // Of 1000 points, log Ẑ is off by 0.8 √((e - 1) / 1000) = 0.033 in the mean.
  expect(found.logZMiss!.value).toBeGreaterThan(0.015);
  expect(found.logZMiss!.value).toBeLessThan(0.06);
  expect(found.coverage!.covered).toBe(1);
});

describe("sampleDensity", () => {
  const small = realNvp({ dim: 2, layers: 1, hidden: [8] });
  const logDensity = (x: Tensor): Tensor => x.sub(1).mul(x.sub(1)).sum(1).mul(-2).add(5);

  test("learns a density of which only the logarithm is known", () => {
    let told = 0;
    const sampler = sampleDensity({
      ...{ logDensity, dim: 2, steps: 100, batch: 64, flow: small },
      ...{ sampler: ais({ levels: 1, transition: metropolis() }), optimizer: adam({ learningRate: 3e-3 }) },
      onStep: () => told++,
    });
    expect(told).toBe(sampler.steps);
    const { effectiveShare, logZ } = sampler.summary(4000);
    // ∫ exp(5 - 2 |x - 1|²) = e⁵ π / 2.
    expect(Math.abs(logZ.value - 5 - Math.log(Math.PI / 2))).toBeLessThan(4 * logZ.error + 0.02);
    expect(effectiveShare.value).toBeGreaterThan(0.5);
    const { x, logW } = sampler.draw(random.key(5), 4000);
    const mean = weightedMean(Array.from(x.slice([], 0).data, Number), logW);
    expect(Math.abs(mean.value - 1)).toBeLessThan(4 * mean.error);
  });

  test("stops when it is told to; wrong options are said", () => {
    const stop = new AbortController();
    const onStep = ({ step }: { step: number }): void => void (step === 3 && stop.abort());
    expect(
      sampleDensity({ logDensity, dim: 2, flow: small, batch: 8, onStep, signal: stop.signal }).steps,
    ).toBe(3);
    expect(() => sampleDensity({ logDensity, dim: 1 })).toThrow(
      "dim must be an integer of at least 2, got 1",
    );
    const flow = defineFlow({ name: "plain", base: gaussianBase({ dim: 3 }), bijectors: [] });
    const torus = { logDensity, dim: 2, flow: small, isCircular: true };
    expect(() => sampleDensity(torus)).toThrow("isCircular must be left out beside a flow of your own");
    expect(() => sampleDensity({ logDensity, dim: 2, flow })).toThrow("a flow of 2 numbers, as dim says");
    expect(() => sampleDensity({ logDensity: (x: Tensor) => x, dim: 2, flow: small })).toThrow("must be [2]");
  });
});
