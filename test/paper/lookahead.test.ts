/**
 * Lookahead on a small network (Zhang, Lucas, Hinton, Ba 2019, sections 5 and 6, at CPU size): 196-100-10 without
 * biases on 5,000 MNIST images, 500 updates with batches of 50, three seeds. `npm run test:paper`; recorded in
 * docs/results.md. Reference values: an independent float64 NumPy program, with permutations for epochs.
 */
import { lookaheadMnist } from "@unspool/experiments";
import { type CellResults, type StudySummary, runStudy } from "unspool";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Method,
  methodNames,
  settings,
} from "../../packages/experiments/src/lookaheadMnist/lookaheadMethods.ts";
import { profilesOf, sweepOf } from "../../packages/experiments/src/lookaheadMnist/lookaheadMnist.ts";
import type { Trained } from "../../packages/experiments/src/shared/trainedGrid.ts";

const report = (claim: string, figures: unknown) => console.log(`${claim}: ${JSON.stringify(figures)}`);
const seeds = 3;
let results: CellResults;
let summary: StudySummary;
let trained: Record<Method, Trained[]>;

beforeAll(async () => {
  ({ results, summary } = await runStudy(lookaheadMnist, { config: { seeds }, seed: 11 }));
  trained = sweepOf(results, seeds) as Record<Method, Trained[]>;
}, 900_000);

const at = (name: Method, learningRate: number, momentum = 0.9): Trained =>
  trained[name][settings.findIndex((one) => one.learningRate === learningRate && one.momentum === momentum)]!;

/** Final training losses at the four learning rates with momentum, from the smallest. */
const withMomentum = (name: Method): number[] => trained[name].slice(-4).map(({ trainLoss }) => trainLoss);

test("the whole sweep", () => {
  for (const name of methodNames) {
    report(
      name,
      settings.map((setting, i) => [
        setting.momentum,
        setting.learningRate,
        trained[name][i]!.trainLoss,
        trained[name][i]!.testAccuracy,
      ]),
    );
  }
  // Reference: plain .2865 .1616 .0753 .0503, Lookahead 0.5 .3834 .2278 .1197 .0739 without momentum.
  for (const [learningRate, plain, slow] of [
    [0.03, 0.2865, 0.3834],
    [0.1, 0.1616, 0.2278],
    [0.3, 0.0753, 0.1197],
    [0.6, 0.0503, 0.0739],
  ] as const) {
    expect(Math.abs(at("plain", learningRate, 0).trainLoss / plain - 1)).toBeLessThan(0.15);
    expect(Math.abs(at("Lookahead 0.5", learningRate, 0).trainLoss / slow - 1)).toBeLessThan(0.15);
  }
});

describe("claim 3: with momentum 0.9", () => {
  test("at learning rate 0.2 Lookahead ends with at most a third of the loss, and 3 points more accuracy", () => {
    const [plain, slow] = [at("plain", 0.2), at("Lookahead 0.5", 0.2)];
    report("claim 3", { plain: plain.trainLosses, lookahead: slow.trainLosses });
    expect(slow.trainLoss * 3).toBeLessThan(plain.trainLoss);
    expect(slow.testAccuracy).toBeGreaterThan(plain.testAccuracy + 0.03);
  });
  test("at 0.1 it is ahead, at 0.01 plain SGD is", () => {
    expect(at("Lookahead 0.5", 0.1).trainLoss).toBeLessThan(at("plain", 0.1).trainLoss);
    expect(at("plain", 0.01).trainLoss * 1.2).toBeLessThan(at("Lookahead 0.5", 0.01).trainLoss);
  });
  test("at its best learning rate it is more accurate than plain SGD at any", () => {
    const best = (name: Method): number => Math.max(...trained[name].map(({ testAccuracy }) => testAccuracy));
    report("best accuracy", Object.fromEntries(methodNames.map((name) => [name, best(name)])));
    // With momentum: .9321 against .9391 in the reference.
    const top = (name: Method): number =>
      Math.max(...trained[name].slice(-4).map(({ testAccuracy }) => testAccuracy));
    expect(top("Lookahead 0.5")).toBeGreaterThan(top("plain"));
  });
  test("robustness: Lookahead's worst learning rate is the smallest, that of plain SGD the largest", () => {
    const [plain, slow] = [withMomentum("plain"), withMomentum("Lookahead 0.5")];
    const spread = (losses: number[]) => Math.max(...losses) / Math.min(...losses);
    report("robustness", { plain: spread(plain), lookahead: spread(slow) });
    expect(spread(slow)).toBeLessThan(8);
    expect(slow.indexOf(Math.max(...slow))).toBe(0);
    expect(plain.indexOf(Math.max(...plain))).toBe(3);
  });
  test("averages of plain iterates beat Lookahead at 0.1, and not at 0.2", () => {
    for (const name of ["EMA 0.98", "SWA of epoch ends"] as const) {
      expect(at(name, 0.1).trainLoss).toBeLessThan(at("Lookahead 0.5", 0.1).trainLoss);
      expect(at(name, 0.2).trainLoss).toBeGreaterThan(2 * at("Lookahead 0.5", 0.2).trainLoss);
    }
  });
});

test("claim 4: within a window the loss rises, and the pull takes back a quarter of it or more", () => {
  const { profile } = profilesOf(results).find(({ learningRate }) => learningRate === 0.2)!;
  report("claim 4", profile);
  const { fast, slow } = profile;
  for (let i = 1; i < fast.length; i++) expect(fast[i]).toBeGreaterThan(fast[i - 1]!);
  expect(slow).toBeLessThanOrEqual(0.75 * fast.at(-1)!);
});

test("the study tunes learning rate, momentum and alpha, and draws what it found", () => {
  const { initialMeanLoss, tunedMeanLoss } = summary.metrics as Record<string, number>;
  report("tuned", summary.metrics);
  expect(tunedMeanLoss).toBeLessThan(0.95 * initialMeanLoss!);
  for (const { series } of summary.figures!)
    for (const { y } of series) expect(y.every(Number.isFinite)).toBe(true);
});
