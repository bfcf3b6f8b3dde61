/**
 * Claims of Benzing (ICML 2022) at CPU size: networks 196-100-100-100-10 without biases on 2000 images of MNIST pooled
 * to 14 x 14, batches of 100, 200 updates; learning rates and dampings fixed. `npm run test:paper`; recorded in
 * docs/results.md.
 */
import {
  type DirectionOptions,
  type NeuronTask,
  compareDirections,
  loadMnist,
  trainer as trainerOf,
  type TrainedOptimizer,
} from "@unspool/experiments";
import { describe, expect, test } from "vitest";
import { firstOrder, foof, kfacSimple, momentum, naturalGradient, random, sgd } from "unspool";

const { train } = loadMnist(2);
const task = (images: number, hidden: number[], batchSize: number, updates: number): NeuronTask => ({
  inputs: train.inputs.slice([0, images]),
  labels: train.labels.slice([0, images]),
  sizes: [196, ...hidden, 10],
  batchSize,
  updates,
});
const small = task(2000, [100, 100, 100], 100, 200);
/** All images in every batch. */
const control = task(128, [64, 64], 128, 60);

const report = (claim: string, figures: unknown) => console.log(`${claim}: ${JSON.stringify(figures)}`);
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const mean = (values: readonly number[]) => {
  const sum = values.reduce((all, x) => all + x, 0);
  // A statistic that is NaN would make every comparison false, whichever was meant.
  if (!Number.isFinite(sum)) throw new Error(`the mean of ${values.length} numbers is ${sum}`);
  return sum / values.length;
};

/**
 * Final training losses over seeds, trained when first asked for; a run that diverged counts as infinite.
 */
function finalLosses(
  name: string,
  on: NeuronTask,
  optimizer: unknown,
  seeds: number,
  burnIn = 0,
): () => number[] {
  let losses: number[] | undefined;
  return () => {
    if (losses !== undefined) return losses;
    const trained = trainerOf(on, optimizer as TrainedOptimizer, { burnIn });
    losses = Array.from({ length: seeds }, (_, seed) => orInfinite(trained(random.key(seed)).finalLoss));
    report(name, { median: median(losses), losses });
    return losses;
  };
}

const orInfinite = (loss: number) => (Number.isFinite(loss) ? loss : Infinity);

describe("claims 1 to 5: medians of final training losses", () => {
  const sgdMomentum = finalLosses("SGD+M (.03)", small, firstOrder(momentum({ learningRate: 0.03 })), 5);
  const natural = finalLosses(
    "natural MC (.3; 1)",
    small,
    naturalGradient({ learningRate: 0.3, damping: 1 }),
    5,
  );
  const byBlocks = { learningRate: 0.03, damping: 0.1, blockDiagonal: true };
  const blocks = finalLosses("natural by blocks (.03; .1)", small, naturalGradient(byBlocks), 5);
  const subsampled = { learningRate: 0.03, damping: 0.01, ema: 0 };
  const kfacLast = finalLosses("K-FAC m = 0 (.03; .01)", small, kfacSimple(subsampled), 5);
  const kfac = finalLosses("K-FAC (.3; .1)", small, kfacSimple({ learningRate: 0.3, damping: 0.1 }), 5, 50);
  const foofOptions = { learningRate: 3, damping: 1, factorBatch: "same" } as const;
  const foofs = finalLosses("FOOF (3; 1)", small, foof(foofOptions), 5, 50);

  test("1: K-FAC with the last batch's factors ends at least 5 times below the exact natural gradient", () => {
    expect(median(natural()) / median(kfacLast())).toBeGreaterThan(5);
  });
  test("2: the natural gradient is within a factor of 3 of SGD with momentum", () => {
    const ratio = median(natural()) / median(sgdMomentum());
    expect(ratio).toBeGreaterThan(1 / 3);
    expect(ratio).toBeLessThan(3);
  });
  test("3: by blocks, the exact natural gradient is at least 5 times worse than K-FAC", () => {
    expect(median(blocks()) / median(kfacLast())).toBeGreaterThan(5);
  });
  test("4: heuristic damping is what matters: 4 times with the last batch's factors, 1.5 with running means", () => {
    const standard = { learningRate: 0.3, damping: 1, ema: 0, dampingMode: "standard" } as const;
    const last = finalLosses("K-FAC standard m = 0 (.3; 1)", small, kfacSimple(standard), 3);
    expect(median(last()) / median(kfacLast())).toBeGreaterThan(4);
    // Eigenvectors of running means hold for five steps.
    const means = { learningRate: 0.1, damping: 0.1, dampingMode: "standard", inversePeriod: 5 } as const;
    const running = finalLosses("K-FAC standard (.1; .1)", small, kfacSimple(means), 3);
    expect(median(running()) / median(kfac())).toBeGreaterThan(1.5);
  });
  test("5: FOOF ends at least 5 times below SGD with momentum, with a spread over seeds below 1.2", () => {
    expect(median(sgdMomentum()) / median(foofs())).toBeGreaterThan(5);
    expect(Math.max(...foofs()) / Math.min(...foofs())).toBeLessThan(1.2);
  });
});

/** Directions at the points of a trajectory of K-FAC; one that diverges is an error, at its update. */
function compared(name: string, options: DirectionOptions, { on = small, seed = 1 } = {}) {
  const { cosines, kfac, foof: other } = compareDirections(on, options, random.key(seed));
  const better = mean(kfac.map((value, i) => (other[i]! > value ? 1 : 0)));
  const figures = { cosine: mean(cosines), kfac: mean(kfac), foof: mean(other), better };
  report(name, figures);
  return figures;
}

describe.each([0, 1, 2])("5, Figure 4C, the first half of a trajectory of K-FAC, seed %i", (seed) => {
  // Later points are those of losses near 0, where runs at (.3; .1) become unstable: in some seeds NaN, by processor.
  const on = { ...small, updates: 100 };
  test("FOOF's direction is better at (.03; .01)", () => {
    const gentle = compared(
      `trajectory (.03; .01), ${seed}`,
      { learningRate: 0.03, damping: 0.01 },
      { on, seed },
    );
    expect(gentle.better).toBeGreaterThan(0.8);
    expect(gentle.foof - gentle.kfac).toBeGreaterThan(0.02);
  });
  test("and worse at (.3; .1)", () => {
    const fast = compared(`trajectory (.3; .1), ${seed}`, { learningRate: 0.3, damping: 0.1 }, { on, seed });
    expect(fast.better).toBeLessThan(0.3);
    expect(fast.kfac - fast.foof).toBeGreaterThan(0.05);
  });
});

test("6: damping makes K-FAC and FOOF alike, heuristic damping more than standard", () => {
  const along = [
    [1e-4, 0.003],
    [1e-2, 0.03],
    [1e-1, 0.1],
  ].map(
    ([damping, learningRate]) =>
      compared(`cosine, damping ${damping}`, { learningRate: learningRate!, damping: damping! }).cosine,
  );
  expect(along[1]).toBeGreaterThan(along[0]!);
  expect(along[2]).toBeGreaterThan(along[1]!);
  expect(along[2]! - along[0]!).toBeGreaterThan(0.1);
  const standard = { learningRate: 0.1, damping: 0.1, dampingMode: "standard", inversePeriod: 5 } as const;
  expect(compared("cosine, standard damping .1", standard).cosine).toBeLessThan(along[2]!);
});

test("7: on full batches the exact Fisher information beats drawn targets and gradient descent, and K-FAC all", () => {
  const of = (name: string, optimizer: unknown) => median(finalLosses(name, control, optimizer, 3)());
  const same = { damping: 0.1, fisherBatch: "same" } as const;
  const descent = of("control, GD (.3)", firstOrder(sgd({ learningRate: 0.3 })));
  of("control, GD+M (.3)", firstOrder(momentum({ learningRate: 0.3 })));
  const drawn = of("control, natural MC (.1; .1)", naturalGradient({ ...same, learningRate: 0.1 }));
  const exact = of(
    "control, natural full (.3; .1)",
    naturalGradient({ ...same, learningRate: 0.3, fisher: "full" }),
  );
  const kfac = of(
    "control, K-FAC m = 0 (.03; 1e-4)",
    kfacSimple({ learningRate: 0.03, damping: 1e-4, ema: 0 }),
  );
  expect(descent / drawn).toBeGreaterThan(1.5);
  expect(drawn / exact).toBeGreaterThan(1.5);
  expect(exact / kfac).toBeGreaterThan(50);
});
