/**
 * Replay on an enumerable bandit: expected returns and meta-gradients computed once in float64 PyTorch, by recursion over all
 * actions and all choices of batches with derivatives through agents and ratios; three updates, means (1, .2, -.5), logits
 * (.1, -.2, 0), step size softplus(.5).
 */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../../array/index.ts";
import {
  type RateEta,
  bandit,
  estimatorTable,
  exactMetaGradient,
  learnedRates,
  metaGradient,
  replayedTask,
} from "../index.ts";

const f64 = (values: number | number[]): Tensor => np.array(values, { dtype: "float64" });
const task = bandit<RateEta>({
  arms: [1, 0.2, -0.5],
  updates: 3,
  batch: 1,
  rewardNoise: 0,
  rate: learnedRates(),
  init: () => f64([0.1, -0.2, 0]),
});
const eta = { rates: f64(0.5) };

describe("expected return and its exact gradient", () => {
  test.each([
    ["one batch kept is the bandit itself", { capacity: 1 }, 0.397436726338, 0.073079278537],
    ["all batches, with ratios", {}, 0.39627117144, 0.068919416381],
    ["two batches, with ratios", { capacity: 2 }, 0.39627117144, 0.068919416381],
    ["all batches, as if they were new", { ratios: "none" }, 0.393357889858, 0.068599595341],
  ] as const)("%s", (_name, options, value, gradient) => {
    const { loss, gradient: exact } = exactMetaGradient(replayedTask(task, options), eta);
    expect(-loss).toBeCloseTo(value, 11);
    expect(-exact.rates.item()).toBeCloseTo(gradient, 11);
  });
});

test("the full sampling correction is exact with differentiated ratios, and biased with constant ones", () => {
  const full = (ratios: "exact" | "stopped" | "none") =>
    estimatorTable(replayedTask(task, { capacity: 2, ratios }), eta, [
      {},
      { samplingCorrection: { coefficient: 0 } },
    ]);
  for (const ratios of ["exact", "none"] as const) {
    const [corrected, naive] = full(ratios).rows;
    expect(corrected!.bias).toBeLessThan(1e-12);
    expect(naive!.bias).toBeGreaterThan(1e-4);
  }
  const stopped = full("stopped");
  // The return is the same; the gradient misses what eta does through the ratios.
  expect(-stopped.loss).toBeCloseTo(0.39627117144, 11);
  expect(Math.abs(stopped.rows[0]!.mean[0]! + 0.068919416381)).toBeGreaterThan(1e-4);
});

test("20,000 sampled lifetimes have that mean, |z| < 4", () => {
  const estimator = metaGradient(replayedTask(task), { lifetimes: 20_000 });
  const { info, gradient, loss } = estimator.estimate(eta, estimator.init(eta, random.key(1)), random.key(2));
  const samples = [...info.perLifetimeGradient.data];
  const mean = samples.reduce((sum, x) => sum + x, 0) / samples.length;
  const variance = samples.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (samples.length - 1);
  const error = Math.sqrt(variance / samples.length);
  // Four standard errors are a twentieth of the gradient.
  expect(error).toBeLessThan(0.001);
  expect(Math.abs(gradient.rates.item() + 0.068919416381) / error).toBeLessThan(4);
  expect(Math.abs(loss + 0.39627117144)).toBeLessThan(0.02);
});

test("dice weighs what the update has learned from: with one batch kept, as without replay", () => {
  const settings = [{ hessian: "dice" }] as const;
  const [plain, kept] = [task, replayedTask(task, { capacity: 1 })].map((one) =>
    estimatorTable(one as typeof task, eta, settings),
  );
  plain!.rows.forEach(({ mean, variance }, i) => {
    expect(kept!.rows[i]!.mean[0]).toBeCloseTo(mean[0]!, 12);
    expect(kept!.rows[i]!.variance).toBeCloseTo(variance, 12);
  });
});

test("options", () => {
  expect(() => replayedTask(task, { capacity: 0 })).toThrow(/capacity.*got 0/);
  expect(() => replayedTask(task, { ratios: "clipped" as never })).toThrow(/ratios.*got "clipped"/);
  expect(replayedTask(task, { capacity: 7 }).enumerate).toBeUndefined();
});
