/**
 * Claims about flow annealed importance sampling bootstrap (Midgley et al., ICLR 2023) at CPU size: nine modes in the plane,
 * Many Well in six dimensions, and the signal of the gradient between two normals. `npm run test:paper -- fab`; recorded in
 * docs/results.md.
 */
import { describe, expect, test } from "vitest";
import {
  type DensityTarget,
  type FabOptions,
  type FlowDiagnosis,
  type FlowParams,
  type LogDensity,
  type Tensor,
  adam,
  ais,
  compiled,
  diagnoseFlow,
  fab,
  fabFillingSteps,
  gmm9,
  hmc,
  manyWell,
  metropolis,
  np,
  random,
  realNvp,
} from "unspool";

/** The flow after so many outer steps with a loss. */
function trained(options: FabOptions, steps: number, seed: number): FlowParams {
  const method = fab(options);
  const key = random.key(seed);
  let theta = options.flow.init(random.foldIn(key, "flow"));
  let state = method.init(theta, random.foldIn(key, "init"));
  for (let i = 0; i < steps + fabFillingSteps(options); i++)
    ({ theta, state } = method.step(theta, state, random.foldIn(random.foldIn(key, "step"), i)));
  return theta;
}

const measured = (options: FabOptions, target: DensityTarget, theta: FlowParams): FlowDiagnosis =>
  diagnoseFlow({ flow: options.flow, theta, target, key: random.key(99), samples: 20_000 });

function report(
  name: string,
  { effectiveShare, logZ, forwardKl, coverage }: FlowDiagnosis,
  known: number,
): void {
  const of = ({ value, error }: { value: number; error: number }): string =>
    `${value.toFixed(3)} ± ${error.toFixed(3)}`;
  const ratios = coverage!.ratios.map(({ value }) => value.toFixed(2)).join(" ");
  console.log(
    `${name}: ${coverage!.covered}/${coverage!.modes} modes (${ratios}), share ${of(effectiveShare)}, log Z off by ${of({ ...logZ, value: logZ.value - known })}, KL ${of(forwardKl!)}`,
  );
}

describe("nine modes", () => {
  const target = gmm9();
  const seeds = [0, 1, 2];
  const known = new Map<string, FlowDiagnosis>();
  const run = (name: "fab" | "fresh" | "rkl" | "ml", seed: number): FlowDiagnosis => {
    const id = `${name} ${seed}`;
    const done = known.get(id);
    if (done !== undefined) return done;
    const options: FabOptions = {
      flow: realNvp({ dim: 2, layers: 8, hidden: [64, 64] }),
      logDensity: (x) => target.logDensity(x),
      sampler: ais({ levels: 2, transition: metropolis({ stepSize: 2 }) }),
      ...{ batch: 128, loss: name === "fresh" ? "fab" : name, optimizer: adam({ learningRate: 1e-3 }) },
      ...(name !== "fab" && { buffer: null }),
      targetSamples: (key, count) => target.sample!(key, count),
    };
    // As many updates as the buffer has: four to a step.
    const steps = name === "ml" ? 3200 : 800;
    const found = measured(options, target, trained(options, steps, seed));
    report(id, found, 0);
    known.set(id, found);
    return found;
  };

  test("with a buffer all are found: each has a tenth of its share, share ≥ 0.45, |log Z| ≤ 0.05", () => {
    for (const seed of seeds) {
      const { coverage, effectiveShare, logZ } = run("fab", seed);
      expect(coverage!.covered).toBe(9);
      expect(effectiveShare.value).toBeGreaterThanOrEqual(0.45);
      expect(Math.abs(logZ.value)).toBeLessThanOrEqual(0.05);
    }
  });

  test("reverse KL finds at most four, and reports a share of at least 0.8 and a log Z that is 0.7 too low", () => {
    for (const seed of seeds) {
      const { coverage, effectiveShare, logZ } = run("rkl", seed);
      expect(coverage!.covered).toBeLessThanOrEqual(4);
      expect(effectiveShare.value).toBeGreaterThanOrEqual(0.8);
      expect(logZ.value).toBeLessThanOrEqual(-0.7);
    }
  });

  test("at equal batches of chains a buffer doubles the effective share, in the mean of three seeds", () => {
    const ratios = seeds.map((seed) => {
      const [fresh, buffered] = [run("fresh", seed), run("fab", seed)];
      expect(fresh.coverage!.covered).toBe(9);
      return buffered.effectiveShare.value / fresh.effectiveShare.value;
    });
    console.log(`with a buffer over without: ${ratios.map((ratio) => ratio.toFixed(2)).join(", ")}`);
    // In one of the three it is below 2, which docs/results.md says.
    expect(ratios.reduce((a, b) => a + b) / ratios.length).toBeGreaterThanOrEqual(2);
    for (const ratio of ratios) expect(ratio).toBeGreaterThanOrEqual(1.5);
  });

  test("with a buffer it is as good as maximum likelihood on exact points of the target, within 0.15", () => {
    const [ml, buffered] = [run("ml", 0), run("fab", 0)];
    expect(ml.coverage!.covered).toBe(9);
    expect(buffered.effectiveShare.value).toBeGreaterThan(ml.effectiveShare.value - 0.15);
  });
});

describe("Many Well in six dimensions", () => {
  const target = manyWell(6);
  const parts: FabOptions = {
    flow: realNvp({ dim: 6, layers: 4, hidden: [64, 64] }),
    logDensity: (x) => target.logDensity(x),
    sampler: ais({ levels: 4, transition: hmc({ stepSize: 0.3 }) }),
    ...{ batch: 128, optimizer: adam({ learningRate: 5e-4 }) },
  };
  /** Shares of points in the left well of each pair. */
  const left = (theta: FlowParams): number[] => {
    const draw = compiled("left", (own: FlowParams, key: Tensor) =>
      parts.flow.sample(own, key, 20_000).less(0).astype("float32").mean(0),
    );
    const shares = draw(theta, random.key(98)).data;
    return [0, 2, 4].map((k) => Number(shares[k]));
  };

  test("the annealed bootstrap has log Z within 0.1, and each left well has .08 to .35 (truth .156)", () => {
    const theta = trained(parts, 500, 0);
    const found = measured(parts, target, theta);
    report(
      `fab, left ${left(theta)
        .map((x) => x.toFixed(3))
        .join(" ")}`,
      found,
      target.logZ!,
    );
    expect(Math.abs(found.logZ.value - target.logZ!)).toBeLessThanOrEqual(0.1);
    for (const share of left(theta)) {
      expect(share).toBeGreaterThan(0.08);
      expect(share).toBeLessThan(0.35);
    }
  });

  test("reverse KL has no left wells, and a log Z that is 0.3 too low at least", () => {
    const options: FabOptions = { ...parts, loss: "rkl" };
    const theta = trained(options, 2800, 0);
    const found = measured(options, target, theta);
    report(
      `rkl, left ${left(theta)
        .map((x) => x.toFixed(3))
        .join(" ")}`,
      found,
      target.logZ!,
    );
    expect(found.logZ.value - target.logZ!).toBeLessThanOrEqual(-0.3);
  });
});

describe("the signal of the gradient: p = N(-1/2, I), q = N(1/2, I), batches of 100", () => {
  const dtype = "float64" as const;
  const [batch, repeats] = [100, 300];
  const normal =
    (mean: number): LogDensity =>
    (x) =>
      x
        .sub(mean)
        .mul(x.sub(mean))
        .sum(1)
        .mul(-0.5)
        .sub((x.shape[1]! / 2) * Math.log(2 * Math.PI));
  const [logQ, logP] = [normal(0.5), normal(-0.5)];

  /** |mean| / deviation of the mean over a batch of w (x₁ - 1/2), whose mean is -2 e^D. */
  const signal = (x: Tensor, logW: Tensor, shift: number): number => {
    const each = (np.exp(logW.sub(shift)) as Tensor)
      .mul(x.slice([], 0).sub(0.5))
      .reshape([repeats, batch])
      .mean(1);
    const values = Array.from(each.data, Number);
    const mean = values.reduce((a, b) => a + b) / repeats;
    return Math.abs(mean) / Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (repeats - 1));
  };

  const annealed = (dim: number): number => {
    const sampler = ais({ levels: dim - 1, transition: hmc({ stepSize: 0.5, isTuned: false }) });
    const run = compiled("signal", (key: Tensor) => {
      const x = random.normal(random.foldIn(key, "q"), [batch * repeats, dim], { dtype }).add(0.5);
      return sampler.run({ start: { x, logProb: logQ(x) }, logQ, logP, state: sampler.init(dtype), key });
    });
    const { x, logW } = run(random.key(dim));
    return signal(x, logW, dim);
  };

  test("exact points of p: 20 / √(10 e^D - 4)", () => {
    for (const dim of [1, 2]) {
      const x = random.normal(random.key(7), [batch * repeats, dim], { dtype }).sub(0.5);
      const found = signal(x, logP(x).sub(logQ(x)), dim);
      const exact = 20 / Math.sqrt(10 * Math.exp(dim) - 4);
      console.log(`exact points, D = ${dim}: ${found.toFixed(2)}, closed form ${exact.toFixed(2)}`);
      // The deviation is of heavy-tailed numbers: a third of it is what 300 repeats give.
      expect(found / exact).toBeGreaterThan(0.67);
      expect(found / exact).toBeLessThan(1.5);
    }
  });

  test("annealed to p²/q it stays as the dimension grows: at 16 half of that at 4, and 100 times that of exact points", () => {
    const found = new Map([2, 4, 8, 16].map((dim) => [dim, annealed(dim)]));
    console.log(
      `annealed: ${[...found].map(([dim, value]) => `${value.toFixed(1)} at D = ${dim}`).join(", ")}`,
    );
    expect(found.get(16)!).toBeGreaterThanOrEqual(0.5 * found.get(4)!);
    expect(found.get(16)!).toBeGreaterThanOrEqual((100 * 20) / Math.sqrt(10 * Math.exp(16) - 4));
  });
});
