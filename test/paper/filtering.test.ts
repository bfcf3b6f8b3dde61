/**
 * Online variational filtering and parameter learning (Campbell, Shi, Rainforth and Doucet, NeurIPS 2021), at CPU size.
 * `npm run test:paper -- filtering`; recorded in docs/results.md. Claims are those of a reference of ours in PyTorch, with other
 * seeds than these. The oracles are unit tests: packages/unspool/src/inference/online/linearOracles.test.ts.
 */
import { describe, expect, test } from "vitest";
import {
  type DiagonalLinearGaussianTheta,
  type Key,
  type OnlineFilter,
  type OnlineVariationalFilter,
  type Tensor,
  adam,
  chaoticRnn,
  createOnlineFilter,
  diagonalLinearGaussian,
  drawDiagonals,
  filterStream,
  gaussianFamily,
  kalmanLearning,
  kernelRidge,
  median,
  mlpMean,
  np,
  onlineVariationalFilter,
  random,
  simulate,
  smootherElbo,
  tree,
} from "unspool";
import { phiGradientErrors } from "../../packages/unspool/src/inference/online/oracleTesting.ts";

const report = (claim: string, figures: unknown) => console.log(`${claim}: ${JSON.stringify(figures)}`);
const round = (x: number, digits = 3): number => Number(x.toFixed(digits));
const meanOf = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
const listOf = (x: Tensor): number[] => Array.from(x.data, Number);

test("2: with kernel ridge regression the gradient by phi is 10 % off at most in the mean, without the past 85 %", () => {
  const errors = (samples: number): number[] =>
    [0, 1, 2, 3, 4].map((seed) => phiGradientErrors(kernelRidge({ samples }), seed));
  const [wide, narrow] = [errors(500), errors(250)];
  report("relative errors of the gradient", {
    wide: wide.map((x) => round(x)),
    narrow: narrow.map((x) => round(x)),
  });
  // Single seeds go beyond 10 %, also in a program of ours in NumPy (12 seeds: mean 5.0 %, largest 13.8 %).
  expect(meanOf(wide)).toBeLessThan(0.1);
  expect(Math.max(...wide)).toBeLessThan(0.2);
  expect(meanOf(narrow)).toBeLessThan(0.15);
  const alone = phiGradientErrors(undefined, 0);
  report("without the past", round(alone));
  expect(alone).toBeCloseTo(0.85, 1);
});

/** The weights that the authors' code starts from: torch's default of a linear layer. */
const fanInUniform = (
  key: Key,
  shape: readonly [number, number],
  dtype: "float32" | "float64" = "float64",
): Tensor => {
  const limit = 1 / Math.sqrt(shape[0]);
  return random.uniform(key, shape, { minval: -limit, maxval: limit, dtype });
};

describe("a chaotic network of 5 units, 40 observations, M = 500, N = 250", () => {
  const model = chaoticRnn({ units: 5 });
  const seeds = [1, 2, 3];
  const made = (name: string, start: "prior" | "family") =>
    createOnlineFilter(name, {
      model,
      variational: {
        family: gaussianFamily({ past: mlpMean({ weights: fanInUniform }) }),
        phi: { start },
        regressors: { T: "kernelRidge", V: "kernelRidge" },
        keepHistory: true,
      },
    });

  /** Bound by backward sampling, the filter's own estimate, and the mean error of its mean. */
  function run<State>(filter: OnlineFilter<{ weights: Tensor }, State>, seed: number) {
    const key = random.key(seed);
    const theta = model.init(random.foldIn(key, "theta"));
    const { x, y } = simulate(model, theta, random.foldIn(key, "data"), 40);
    let state = filter.init(theta, key);
    const errors: number[] = [];
    let own = NaN;
    for (let t = 0; t < 40; t++) {
      const step = filter.step(theta, state, y.slice(t), random.foldIn(key, t));
      const gap = listOf(step.mean.sub(x.slice(t)));
      errors.push(Math.sqrt(meanOf(gap.map((e) => e * e))));
      [state, own] = [step.state, step.logEvidence ?? NaN];
    }
    const variational = filter as OnlineFilter<{ weights: Tensor }> as OnlineVariationalFilter<
      { weights: Tensor },
      unknown
    >;
    const { elbo } =
      "settings" in filter
        ? smootherElbo(variational, theta, state as never, { samples: 4000 })
        : { elbo: NaN };
    return { elbo: round(elbo, 2), own: round(own, 2), rmse: round(meanOf(errors), 4) };
  }

  test("3: from the authors' starts the bound is higher by 4 nats at least, and its own estimate nearer", () => {
    const filters = { ovf: made("ovf", "family"), aelbo2: made("aelbo2", "family") };
    const rows = seeds.map((seed) => ({ ovf: run(filters.ovf, seed), aelbo2: run(filters.aelbo2, seed) }));
    report("from the authors' starts", rows);
    for (const { ovf, aelbo2 } of rows) {
      expect(ovf.elbo).toBeGreaterThan(aelbo2.elbo + 4);
      expect(Math.abs(ovf.own - ovf.elbo)).toBeLessThan(Math.abs(aelbo2.own - aelbo2.elbo));
      // Always upward.
      expect(aelbo2.own).toBeGreaterThan(aelbo2.elbo);
    }
    expect(meanOf(rows.map(({ aelbo2 }) => aelbo2.own - aelbo2.elbo))).toBeGreaterThan(3);
  });

  test("from the prior both bounds are higher than that, and ours is the higher one", () => {
    const filters = { ovf: made("ovf", "prior"), aelbo2: made("aelbo2", "prior") };
    const rows = seeds.map((seed) => ({ ovf: run(filters.ovf, seed), aelbo2: run(filters.aelbo2, seed) }));
    report("from the prior", rows);
    for (const { ovf, aelbo2 } of rows) {
      expect(ovf.elbo).toBeGreaterThan(aelbo2.elbo + 0.5);
      expect(Math.abs(ovf.own - ovf.elbo)).toBeLessThan(3);
    }
  });

  test("6: the filter that takes the last state to be independent has larger errors", () => {
    const filters = ["ovf", "aelbo1", "enkf", "bpf"].map((name) => [name, made(name, "prior")] as const);
    const rows = filters.map(
      ([name, filter]) => [name, meanOf(seeds.map((seed) => run(filter, seed).rmse))] as const,
    );
    report("root mean square errors", Object.fromEntries(rows.map(([name, x]) => [name, round(x, 4)])));
    const [ours, independent] = [rows[0]![1], rows[1]![1]];
    expect(independent / ours).toBeGreaterThan(1.15);
  });
});

describe("4: learning F and G of two chains from 8000 observations", () => {
  const [U, V] = [0.1 ** 2, 0.25 ** 2];
  const falling = (step: Tensor): Tensor => {
    const k = np.power(step.astype("float64"), 0.6) as Tensor;
    return np.reciprocal(k.add(10)).mul(0.3) as Tensor;
  };
  const seeds = [0, 1, 2, 3, 4, 5];

  async function errorsOf(
    make: (model: ReturnType<typeof diagonalLinearGaussian>) => OnlineFilter<DiagonalLinearGaussianTheta>,
  ): Promise<{ F: number; G: number }> {
    const rows: { F: number; G: number }[] = [];
    const filter = make(diagonalLinearGaussian({ F: [0.7, 0.7], G: [0.7, 0.7], U, V }));
    for (const seed of seeds) {
      const key = random.key(seed);
      const truth = drawDiagonals(random.foldIn(key, "truth"), 2);
      const world = diagonalLinearGaussian({ ...truth, U, V });
      const { y } = simulate(world, world.init(key), random.foldIn(key, "stream"), 8000);
      const start = diagonalLinearGaussian({ ...drawDiagonals(random.foldIn(key, "start"), 2), U, V });
      let theta = start.init(key);
      const ys = Array.from({ length: 8000 }, (_, t) => y.slice(t));
      const stream = filterStream(filter, ys, { theta, key, optimizer: adam({ learningRate: falling }) });
      for await (const seen of stream) theta = seen.theta;
      const error = (found: Tensor, wanted: readonly number[]): number =>
        meanOf(listOf(found).map((x, i) => Math.abs(x - wanted[i]!)));
      rows.push({ F: error(theta.F, truth.F), G: error(theta.G, truth.G) });
    }
    return { F: meanOf(rows.map(({ F }) => F)), G: meanOf(rows.map(({ G }) => G)) };
  }

  test("the gradient of the whole history is near recursive maximum likelihood, that of one step is not", async () => {
    const family = gaussianFamily({ past: "diagonal" });
    const common = { family, phi: "kalman" as const, learns: true, elboSamples: 1 };
    const exact = await errorsOf((model) => kalmanLearning({ model }));
    const ours = await errorsOf((model) =>
      onlineVariationalFilter({ ...common, model, regressors: { T: "zero", S: "exact" } }),
    );
    const biased = await errorsOf((model) =>
      onlineVariationalFilter({ ...common, model, objective: "aelbo2" }),
    );
    report("mean absolute errors", { exact, ours, biased });
    expect(ours.G).toBeLessThan(0.1);
    expect(biased.G / ours.G).toBeGreaterThan(1.7);
    expect(exact.G).toBeLessThan(ours.G + 0.02);
  });
});

test("5: a step costs the same after a thousand observations, and memory stays", () => {
  const model = chaoticRnn({ units: 2 });
  const theta = model.init(random.key(1));
  const { y } = simulate(model, theta, random.key(2), 1001);
  const filter = onlineVariationalFilter({
    model,
    family: gaussianFamily({ past: "affine" }),
    regressors: { T: kernelRidge({ samples: 100 }), V: kernelRidge({ samples: 100 }) },
    phi: { steps: 50 },
    elboSamples: 100,
  });
  let state = filter.init(theta, random.key(3));
  const times: number[] = [];
  const sizes: number[] = [];
  for (let t = 0; t <= 1000; t++) {
    const from = performance.now();
    state = filter.step(theta, state, y.slice(t), random.foldIn(random.key(3), t)).state;
    times.push(performance.now() - from);
    sizes.push(tree.size([state.phi, state.links, state.functions]));
  }
  const [early, late] = [median(times.slice(100, 200)), median(times.slice(900, 1000))];
  report("milliseconds of a step, at 100 to 200 and at 900 to 1000", [round(early), round(late)]);
  expect(Math.abs(late / early - 1)).toBeLessThan(0.2);
  expect(sizes[1000]).toBe(sizes[100]);
});
