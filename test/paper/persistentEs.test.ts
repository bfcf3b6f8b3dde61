/**
 * Claims of the card on persistent evolution strategies that need whole runs: C1 (wrong direction of truncated
 * estimators), C2 (fewer particles), C3 (chaos). `npm run test:paper`; recorded in docs/results.md.
 */
import { influenceBalancing, toyRegression } from "@unspool/experiments";
import { describe, expect, test } from "vitest";
import { type StepRecord, train } from "unspool";

interface Outcome {
  theta: number[];
  metrics: readonly StepRecord[];
}

async function balance(config: Record<string, unknown>, seed = 0): Promise<Outcome> {
  const { metrics } = await train(influenceBalancing, { config, seed });
  return { theta: metrics.at(-1)!.theta!["theta"]!, metrics };
}

const optimum = -1 / 6;
const seeds = [0, 1, 2];
const report = (claim: string, figures: unknown) => console.log(`${claim}: ${JSON.stringify(figures)}`);

describe("C1: influence balancing, 3000 updates, SGD 1e-4", () => {
  test("RTRL ends at -0.16667", async () => {
    const { theta } = await balance({ estimator: "rtrl" });
    report("C1 rtrl", theta);
    expect(theta[0]).toBeCloseTo(-0.16667, 4);
  });
  test.each(seeds)("PES with 500 pairs ends within 1e-3 of -1/6, seed %i", async (seed) => {
    const { theta, metrics } = await balance({ estimator: "pes" }, seed);
    report(`C1 pes seed ${seed}`, { end: theta, at500: metrics[499]!.theta!["theta"] });
    expect(Math.abs(theta[0]! - optimum)).toBeLessThan(1e-3);
  });
  test("TBPTT with K = 1 ends above 3, truncated ES within 2 % of it", async () => {
    const tbptt = (await balance({ estimator: "tbptt" })).theta[0]!;
    const tes = (await balance({ estimator: "truncatedEs" })).theta[0]!;
    report("C1 tbptt, truncatedEs", { tbptt, tes });
    expect(tbptt).toBeGreaterThan(3);
    expect(Math.abs(tes / tbptt - 1)).toBeLessThan(0.02);
  });
  test("TBPTT with K = 10 is beyond 1000 before update 600", async () => {
    const { metrics } = await balance({ estimator: "tbptt", truncation: 10, steps: 600, dtype: "float64" });
    const first = metrics.findIndex(({ theta }) => Math.abs(theta!["theta"]![0]!) > 1e3);
    report("C1 tbptt K=10", { firstUpdateBeyond1000: first + 1 });
    expect(first).toBeGreaterThanOrEqual(0);
  });
  test("TBPTT with K = 100, SGD 1e-5, is above 3 at update 500", async () => {
    const { theta } = await balance({ estimator: "tbptt", truncation: 100, learningRate: 1e-5, steps: 500 });
    report("C1 tbptt K=100", theta);
    expect(theta[0]).toBeGreaterThan(3);
  });
});

test("C2: with 50 pairs NRES ends within 1e-4 in 3 of 3 seeds, PES beyond 1e-3 in at least 2", async () => {
  const errors = async (estimator: string) =>
    Promise.all(
      seeds.map(async (seed) =>
        Math.abs((await balance({ estimator, pairs: 50 }, seed)).theta[0]! - optimum),
      ),
    );
  const [nres, pes] = [await errors("nres"), await errors("pes")];
  report("C2", { nres, pes });
  for (const error of nres) expect(error).toBeLessThan(1e-4);
  expect(pes.filter((error) => error > 1e-3).length).toBeGreaterThanOrEqual(2);
});

describe("C3: toy regression, 5000 updates, K = 10, 50 pairs", () => {
  const cases: [string, Record<string, unknown>, (loss: number) => void][] = [
    ["pes", { estimator: "pes" }, (loss) => expect(loss).toBeLessThan(600)],
    ["nres", { estimator: "nres" }, (loss) => expect(loss).toBeLessThan(600)],
    [
      "truncated ES, sigma 1",
      { estimator: "truncatedEs", sigma: 1 },
      (loss) => expect(loss).toBeGreaterThan(1000),
    ],
    ["truncated ES, sigma 0.3", { estimator: "truncatedEs" }, (loss) => expect(loss).toBeGreaterThan(2400)],
    ["tbptt", { estimator: "tbptt" }, (loss) => expect(loss).toBeGreaterThan(2400)],
    ["rtrl", { estimator: "rtrl" }, (loss) => expect(loss).toBeGreaterThan(2400)],
  ];
  test.each(cases.flatMap((one) => seeds.map((seed) => [one[0], seed, one[1], one[2]] as const)))(
    "%s, seed %i",
    async (name, seed, config, check) => {
      const { metaLosses } = await toyRun({ ...config, steps: 5000, surface: 0 }, seed);
      const loss = metaLosses.reduce((sum, x) => sum + x, 0) / metaLosses.length;
      report(`C3 ${name} seed ${seed}`, loss);
      check(loss);
    },
  );
});

/** Meta-losses at the thetas of updates 4100, 4200, …, 5000. */
async function toyRun(config: Record<string, unknown>, seed: number): Promise<{ metaLosses: number[] }> {
  const { metrics } = await train(toyRegression, { config, seed });
  const thetas = metrics
    .filter(({ step }) => step > 4000 && step % 100 === 0)
    .map(({ theta }) => theta!["logLearningRate"]!);
  return { metaLosses: thetas.map(([start, end]) => metaLoss(start!, end!)) };
}

/** Summed loss of 100 steps of the toy regression in plain float64: an implementation of its own. */
function metaLoss(logStart: number, logEnd: number): number {
  let [x, y, sum] = [1, 1, 0];
  for (let t = 0; t < 100; t++) {
    const rate = (1 - t / 100) * Math.exp(logStart) + (t / 100) * Math.exp(logEnd);
    const bell = Math.exp(-5 * x * x);
    const dx = x / Math.sqrt(x * x + 5) - 10 * x * Math.sin(y) ** 2 * bell;
    const dy = 2 * Math.sin(y) * Math.cos(y) * bell + 0.25 * Math.sign(y - 100);
    [x, y] = [x - rate * dx, y - rate * dy];
    sum +=
      Math.sqrt(x * x + 5) -
      Math.sqrt(5) +
      Math.sin(y) ** 2 * Math.exp(-5 * x * x) +
      0.25 * Math.abs(y - 100);
  }
  return sum;
}
