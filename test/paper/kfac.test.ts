/**
 * Claims of Martens and Grosse (ICML 2015), sections 6, 7 and 13, on a small autoencoder of MNIST: 1000 images of 14 by
 * 14 pixels, layers of 196-100-50-20-50-100-196 units, all images in every step, squared error after 100 steps. Three
 * seeds, each claim for every seed (5: the median). `npm run test:paper`; recorded in docs/results.md.
 */
import { describe, expect, test } from "vitest";
import { type KfacOptions, NonFiniteError, type ObjectiveOptimizer, kfac, random, train } from "unspool";
import {
  autoencoderImages,
  autoencoderTheta,
  baseline,
} from "../../packages/experiments/src/kfacAutoencoder/autoencoder.ts";
import {
  autoencoderSetup,
  trainingCurve,
  trainingSeconds,
} from "../../packages/experiments/src/kfacAutoencoder/autoencoderTraining.ts";

const seeds = [1, 2, 3];
const sizes = [196, 100, 50, 20, 50, 100, 196];
const images = autoencoderImages(1000);

interface Trained {
  /** After the last step; NaN if the training diverged. */
  error: number;
  msPerStep: number;
}

async function run(optimizer: ObjectiveOptimizer, steps: number): Promise<Trained[]> {
  const trained: Trained[] = [];
  for (const seed of seeds) {
    const setup = () =>
      autoencoderSetup({
        theta: autoencoderTheta(sizes, random.key(seed)),
        key: random.key(seed),
        ...{ optimizer, images, steps, measureEvery: 100 },
      });
    const experiment = { name: "autoencoder", summary: "", config: { parse: () => ({}) }, setup };
    trained.push(
      await train(experiment, { seed }).then(
        ({ metrics }) => ({
          error: trainingCurve(metrics).errors.at(-1)!,
          msPerStep: (1000 * trainingSeconds(optimizer, metrics).at(-1)!) / steps,
        }),
        (error: unknown) => {
          if (error instanceof NonFiniteError) return { error: NaN, msPerStep: NaN };
          throw error;
        },
      ),
    );
  }
  return trained;
}

const known = new Map<string, number[]>();

/** Errors after 100 steps. */
async function errorsOf(name: string, options: KfacOptions): Promise<number[]> {
  const already = known.get(name);
  if (already !== undefined) return already;
  const trained = await run(kfac({ l2: 1e-5, damping: 1, ...options }) as ObjectiveOptimizer, 100);
  const errors = trained.map(({ error }) => error);
  console.log(`${name}: ${JSON.stringify({ errors, msPerStep: trained.map(({ msPerStep }) => msPerStep) })}`);
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
  test("1: after 100 steps it is below Nesterov momentum after 1000, the best of four learning rates", async () => {
    const best = seeds.map(() => Infinity);
    for (const learningRate of [0.02, 0.03, 0.04, 0.06]) {
      const errors = (await run(baseline(learningRate), 1000)).map(({ error }) => error);
      console.log(`Nesterov ${learningRate}: ${JSON.stringify(errors)}`);
      errors.forEach((error, i) => (best[i] = Math.min(best[i]!, Number.isNaN(error) ? Infinity : error)));
    }
    for (const ratio of ratios(await block(), best)) expect(ratio).toBeLessThan(1);
  });

  test("2: the tridiagonal structure has at most 0.9 of the error of the block-diagonal one", async () => {
    for (const ratio of ratios(await tridiagonal(), await block())) expect(ratio).toBeLessThan(0.9);
  });

  test("3: without momentum the error is at least twice as large", async () => {
    for (const ratio of ratios(await blockPlain(), await block())) expect(ratio).toBeGreaterThan(2);
    for (const ratio of ratios(await tridiagonalPlain(), await tridiagonal()))
      expect(ratio).toBeGreaterThan(2);
  });

  test("4: raw steps, without the quadratic model, have at least five times the error", async () => {
    const raw = { learningRate: 1, momentum: 0, gamma: 1, adaptGamma: false } as const;
    for (const ratio of ratios(await errorsOf("no rescaling, γ = 1", raw), await block()))
      expect(ratio).toBeGreaterThan(5);
  });

  test("5: factored damping is at least 1.1 times better than exact damping of blocks (median)", async () => {
    const exact = await errorsOf("exact damping", { eigenbasis: "exact" });
    expect(median(ratios(exact, await block()))).toBeGreaterThan(1.1);
    await errorsOf("π = 1", { pi: "even" });
    await errorsOf("EKFAC", { eigenbasis: "ekfac" });
  });

  test("6: with the empirical Fisher information the error is at least 1.5 times as large", async () => {
    const empirical = await errorsOf("empirical Fisher", { fisher: "empirical" });
    for (const ratio of ratios(empirical, await block())) expect(ratio).toBeGreaterThan(1.5);
  });

  test("7: two and five steps of conjugate gradients each have at most 0.75 and 0.6 of the error of one", async () => {
    for (const [conjugateSteps, most] of [
      [2, 0.75],
      [5, 0.6],
    ] as const) {
      const errors = await errorsOf(`${conjugateSteps} conjugate steps`, { conjugateSteps });
      for (const ratio of ratios(errors, await block())) expect(ratio).toBeLessThan(most);
    }
  });
});
