/**
 * Claims of Martens and Grosse (ICML 2015), sections 6, 7 and 13, on a small autoencoder of MNIST: 1000 images of 14 by
 * 14 pixels, layers of 196-100-50-20-50-100-196 units, all images in every step, squared error after 100 steps. Three
 * seeds, each claim for every seed (5: the median). `npm run test:paper`; recorded in docs/results.md.
 */
import { describe, expect, test } from "vitest";
import { type KfacOptions, kfac, random } from "unspool";
import {
  type TrainingCurve,
  autoencoderImages,
  autoencoderTheta,
  autoencoderTraining,
  baseline,
} from "../../packages/experiments/src/kfacAutoencoder/autoencoder.ts";

const seeds = [1, 2, 3];
const sizes = [196, 100, 50, 20, 50, 100, 196];
const images = autoencoderImages(1000);

function run(
  optimizer: Parameters<typeof autoencoderTraining>[0],
  steps: number,
  of = seeds,
): TrainingCurve[] {
  const train = autoencoderTraining(optimizer, images);
  return of.map((seed) =>
    train({
      start: autoencoderTheta(sizes, random.key(seed)),
      steps,
      key: random.key(seed),
      measureEvery: 100,
    }),
  );
}

const known = new Map<string, number[]>();

/** Errors after 100 steps. */
function errorsOf(name: string, options: KfacOptions): number[] {
  const errors =
    known.get(name) ??
    (() => {
      const curves = run(kfac({ l2: 1e-5, damping: 1, ...options }), 100);
      const perStep = curves.map(({ seconds }) => (1000 * seconds.at(-1)!) / 100);
      const found = curves.map((curve) => curve.errors.at(-1)!);
      console.log(`${name}: ${JSON.stringify({ errors: found, msPerStep: perStep })}`);
      return found;
    })();
  known.set(name, errors);
  return errors;
}

const block = () => errorsOf("block-diagonal, momentum", {});
const tridiagonal = () => errorsOf("tridiagonal, momentum", { structure: "tridiagonal" });
const blockPlain = () => errorsOf("block-diagonal, no momentum", { momentum: 0 });
const tridiagonalPlain = () =>
  errorsOf("tridiagonal, no momentum", { structure: "tridiagonal", momentum: 0 });
const ratios = (a: number[], b: number[]): number[] => a.map((x, i) => x / b[i]!);
const median = (values: number[]): number => values.toSorted((a, b) => a - b)[1]!;

describe("K-FAC", () => {
  test("1: after 100 steps it is below Nesterov momentum after 1000, the best of four learning rates", () => {
    const best = seeds.map(() => Infinity);
    for (const learningRate of [0.02, 0.03, 0.04, 0.06]) {
      const errors = run(baseline(learningRate), 1000).map((c) => c.errors.at(-1)!); // prettier-ignore
      console.log(`Nesterov ${learningRate}: ${JSON.stringify(errors)}`);
      errors.forEach((error, i) => (best[i] = Math.min(best[i]!, Number.isNaN(error) ? Infinity : error)));
    }
    for (const ratio of ratios(block(), best)) expect(ratio).toBeLessThan(1);
  });

  test("2: the tridiagonal structure has at most 0.9 of the error of the block-diagonal one", () => {
    for (const ratio of ratios(tridiagonal(), block())) expect(ratio).toBeLessThan(0.9);
  });

  test("3: without momentum the error is at least twice as large", () => {
    for (const ratio of ratios(blockPlain(), block())) expect(ratio).toBeGreaterThan(2);
    for (const ratio of ratios(tridiagonalPlain(), tridiagonal())) expect(ratio).toBeGreaterThan(2);
  });

  test("4: raw steps, without the quadratic model, have at least five times the error", () => {
    const raw = { learningRate: 1, momentum: 0, gamma: 1, adaptGamma: false } as const;
    for (const ratio of ratios(errorsOf("no rescaling, γ = 1", raw), block()))
      expect(ratio).toBeGreaterThan(5);
  });

  test("5: factored damping is at least 1.1 times better than exact damping of blocks (median)", () => {
    const exact = errorsOf("exact damping", { eigenbasis: "exact" });
    expect(median(ratios(exact, block()))).toBeGreaterThan(1.1);
    errorsOf("π = 1", { pi: "even" });
    errorsOf("EKFAC", { eigenbasis: "ekfac" });
  });

  test("6: with the empirical Fisher information the error is at least 1.5 times as large", () => {
    const empirical = errorsOf("empirical Fisher", { fisher: "empirical" });
    for (const ratio of ratios(empirical, block())) expect(ratio).toBeGreaterThan(1.5);
  });
});
