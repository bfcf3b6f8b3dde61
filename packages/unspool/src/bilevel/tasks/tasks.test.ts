/** The tasks against their closed forms and against NumPy in float64 where no other source is named. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random, scan, tree } from "../../array/index.ts";
import { adam, sgd } from "../../optimizers/index.ts";
import { compiled } from "../../unroll/index.ts";
import { bilevel } from "../bilevel.ts";
import { hypergradient } from "../hypergradient.ts";
import type { HypergradientOptions } from "../hypergradientOptions.ts";
import { listOf, wide } from "../testing.ts";
import { reverseUnrolled } from "../unrolledHypergradient.ts";
import { antidistillation } from "./antidistillation.ts";
import { dataWeighting } from "./dataWeighting.ts";
import { discAndRing } from "./discAndRing.ts";
import { distillation } from "./distillation.ts";
import { featurePenalties } from "./featurePenalties.ts";
import { learnedAugmentation } from "./learnedAugmentation.ts";
import { rotatingLine } from "./rotatingLine.ts";

const close = (found: ArrayLike<number>, wanted: readonly number[], digits = 10): void =>
  wanted.forEach((value, i) => expect(found[i]).toBeCloseTo(value, digits));

describe("a line that turns", () => {
  const line = rotatingLine();
  const { outer: u, weights: w0 } = line.theta;
  const losses = { inner: (a: Tensor, w: Tensor) => line.inner(a, w, undefined), outer: (a: Tensor, w: Tensor) => line.outer(a, w, undefined) }; // prettier-ignore

  test("implicit gradients and the derivative of the cold start differ at u = 0", () => {
    const w = line.solve(u, w0);
    expect(listOf(w)).toEqual([1, 0.5]);
    expect(hypergradient(losses, u, w, { kind: "exact" }).gradient.item()).toBeCloseTo(0.5, 12);
    const through = reverseUnrolled((at: Tensor) => line.solve(at, w0), losses.outer, u, w0);
    expect(through.gradient.item()).toBeCloseTo(0, 12);
    expect(through.loss.item()).toBe(0.625);
  });

  test("unrolled from w_0 with steps of 0.3", () => {
    const run = (steps: number) =>
      compiled(`line ${steps}`, (at: Tensor) => {
        const train = (moved: Tensor): Tensor =>
          scan(
            (w: Tensor): [Tensor, undefined] => {
              const normal = np.stack([np.cos(moved), np.sin(moved)]);
              return [w.sub(normal.mul(normal.mul(w).sum().sub(1)).mul(0.3)), undefined];
            },
            w0,
            undefined,
            { length: steps },
          )[0];
        return reverseUnrolled(train, losses.outer, at, w0).gradient;
      })(u).item();
    expect(run(1)).toBeCloseTo(0.105, 12);
    expect(run(5)).toBeCloseTo(0.06991123755, 11);
    expect(run(50)).toBeCloseTo(8.99e-9, 11);
  });
});

describe("antidistillation, in closed form", () => {
  const task = antidistillation();
  const table: [HypergradientOptions, number, number, number][] = [
    [{ kind: "exact" }, 2.0190540043, 2.4994678217, 10],
    [{ terms: 1 }, 3.5248389802, 1.2544416228, 10],
    [{ terms: 2 }, 3.0776738566, 1.2941305124, 10],
    [{ terms: 5 }, 2.6091877615, 1.4604507987, 10],
    [{ terms: 20 }, 2.1393849714, 1.9507208311, 10],
    [{ terms: 100 }, 2.0202116073, 2.4432833229, 10],
    [{ kind: "damped", eps: 10 }, 3.0018189028, 1.3073371026, 10],
    [{ kind: "damped", eps: 1 }, 2.2535073093, 1.7552578299, 10],
    [{ kind: "damped", eps: 0.1 }, 2.0286886819, 2.324964221, 10],
  ];
  test.each(table)("%o", (options, outerNorm, weightsNorm, digits) => {
    const limit = task.limit(options);
    expect(limit.outerNorm).toBeCloseTo(outerNorm, 10);
    expect(limit.weightsNorm).toBeCloseTo(weightsNorm, digits);
  });
  test("elements of u", () => {
    const { outer } = task.limit({ kind: "exact" });
    close([outer[8]!, outer[9]!, outer[0]!], [2.0164517, 0.0835438583, -0.00359839725], 8);
    const first = task.limit({ terms: 1, alpha: task.alpha }).outer;
    close([first[0]!, first[8]!], [0.25225082, 2.00182601], 8);
    expect(1 / task.alpha).toBeCloseTo(13, 10);
  });
  test("the method ends there", () => {
    for (const kind of ["exact", "neumann"] as const) {
      const options = kind === "exact" ? { kind } : { kind, terms: 5, alpha: task.alpha };
      const method = bilevel({
        inner: task.inner,
        outer: task.outer,
        solver: task.solve,
        optimizer: sgd({ learningRate: kind === "exact" ? 0.9 : 4 }),
        hypergradient: options,
        retrain: { every: 0 },
      });
      let theta = task.theta;
      let state = method.init(theta, random.key(0));
      let loss = 1;
      for (let i = 0; i < 80; i++) {
        const made = method.step(theta, state, random.key(i));
        ({ theta, state } = made);
        loss = made.loss!;
      }
      expect(loss).toBeLessThan(1e-12);
      const limit = task.limit(options);
      expect(Math.hypot(...listOf(theta.outer))).toBeCloseTo(limit.outerNorm, 6);
      // The real point is passed through.
      expect(task.predict(task.solve(theta.outer, theta.weights), [1])[0]).toBeCloseTo(2, 6);
    }
  });
});

describe("a disc inside a ring", () => {
  const task = discAndRing();
  test("points lie where they should", () => {
    const rows = task.places.toArray() as number[][];
    const radii = rows.map(([x, y]) => Math.hypot(x!, y!));
    expect(rows).toHaveLength(200);
    expect(Math.max(...radii.slice(0, 100))).toBeCloseTo(0.5 * Math.sqrt(0.995), 12);
    expect(Math.min(...radii.slice(100))).toBeCloseTo(1, 12);
    expect(Math.max(...radii.slice(100))).toBeLessThan(1.3);
  });
  test("full training fits both learned points, and many steps come to the same weights", () => {
    const { outer, weights } = task.theta;
    const end = task.solve(outer, weights);
    close(listOf(task.predict(end, outer)), [-1, 1]);
    const walked = compiled("descend", task.descend(500))(outer, weights);
    close(listOf(walked), listOf(end), 8);
    expect(task.inner(outer, end, undefined).item()).toBeLessThan(1e-20);
  });
});

test("penalties of features that explain nothing grow, and the test error falls", () => {
  const task = featurePenalties({ features: 30, relevant: 5, rows: 60 });
  const { inner, outer, solve } = task;
  const method = bilevel({
    inner,
    outer,
    solver: solve,
    optimizer: adam({ learningRate: 0.1 }),
    hypergradient: { kind: "damped", eps: 0 },
    retrain: { every: 0 },
  });
  let theta = task.theta;
  let state = method.init(theta, random.key(0));
  const start = task.testError(task.solve(theta.outer, theta.weights)).item();
  for (let i = 0; i < 100; i++) ({ theta, state } = method.step(theta, state, random.key(i)));
  const penalties = listOf(theta.outer);
  const mean = (values: number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
  expect(mean(penalties.slice(0, 5))).toBeLessThan(mean(penalties.slice(5)));
  expect(task.testError(theta.weights).item()).toBeLessThan(start);
});

test("the hypergradient of penalties is the derivative of the ridge solution's loss", () => {
  const task = featurePenalties({ features: 6, relevant: 3, rows: 20 });
  const losses = { inner: (a: Tensor, w: Tensor) => task.inner(a, w, undefined), outer: (a: Tensor, w: Tensor) => task.outer(a, w, undefined) }; // prettier-ignore
  const at = wide([0.1, -0.5, 0.3, 0, 1, -1]);
  const loss = (penalty: Tensor): number =>
    task.outer(penalty, task.solve(penalty, penalty), undefined).item();
  const { gradient } = hypergradient(losses, at, task.solve(at, at), { kind: "exact" });
  const step = 1e-5;
  for (let i = 0; i < 6; i++) {
    const shift = wide(Array.from({ length: 6 }, (_, j) => (i === j ? step : 0)));
    const slope = (loss(at.add(shift)) - loss(at.sub(shift))) / (2 * step);
    expect(listOf(gradient)[i]).toBeCloseTo(slope, 9);
  }
});

test("examples with wrong labels are weighed less after training", { tags: ["long"] }, () => {
  const task = dataWeighting({ examples: 100, clean: 40, hidden: 16 });
  const theta = task.theta(random.key(1));
  expect(new Set(listOf(task.exampleWeights(theta.outer, theta.weights)))).toEqual(new Set([1]));
  const { inner, outer, start } = task;
  const method = bilevel({
    inner,
    outer,
    start,
    solver: { optimizer: sgd({ learningRate: 0.5 }), steps: 1 },
    optimizer: adam({ learningRate: 0.01 }),
    hypergradient: { kind: "unroll" },
    retrain: { every: 0 },
  });
  let at = theta;
  let state = method.init(at, random.key(0));
  for (let i = 0; i < 200; i++)
    ({ theta: at, state } = method.step(at, state, random.foldIn(random.key(0), i)));
  const weights = listOf(task.exampleWeights(at.outer, at.weights));
  const flips = listOf(task.isFlipped);
  const mean = (wanted: number): number => {
    const chosen = weights.filter((_, i) => flips[i] === wanted);
    return chosen.reduce((sum, x) => sum + x, 0) / chosen.length;
  };
  expect(mean(1)).toBeLessThan(mean(0));
  expect(task.accuracy(at.weights).item()).toBeGreaterThan(0.6);
});

test("distillation: shapes, labels in turn, and a network of the variances that it says", () => {
  const data = {
    inputs: np.ones([40, 9]),
    labels: np.array(Int32Array.from({ length: 40 }, (_, i) => i % 3)),
  };
  const task = distillation({ data, classes: 3, images: 4, hidden: [50], learnLabels: true, smoothing: 0.1 });
  const { outer, weights } = task.theta(random.key(0));
  expect(outer.images.shape).toEqual([4, 9]);
  expect(outer.logits!.shape).toEqual([4, 3]);
  const [first, last] = weights;
  const deviation = (x: Tensor): number => Math.sqrt(x.mul(x).mean().item());
  // 450 and 150 draws: standard errors of 3 and 6 %, of which four are 0.13 and 0.23.
  expect(Math.abs(deviation(first!.weights) / Math.sqrt(2 / 9) - 1)).toBeLessThan(0.13);
  expect(Math.abs(deviation(last!.weights) / Math.sqrt(1 / 50) - 1)).toBeLessThan(0.23);
  const batch = task.data!(random.key(3), "outer");
  expect(batch.inputs.shape).toEqual([128, 9]);
  expect(task.inner(outer, weights, batch).item()).toBeGreaterThan(0);
  expect(task.accuracy(weights, data).item()).toBeLessThanOrEqual(1);
  expect(tree.isFinite(weights)).toBe(true);
});

test("learned augmentation: images change by their class, and one level draws from each set", () => {
  const set = (value: number) => ({
    inputs: np.full([30, 4], value),
    labels: np.array(Int32Array.from({ length: 30 }, (_, i) => i % 3)),
  });
  const task = learnedAugmentation({
    train: set(1),
    validation: set(2),
    classes: 3,
    hidden: [8],
    batchSize: 5,
  });
  const [own, other] = (["inner", "outer"] as const).map((level) => task.data!(random.key(1), level));
  expect([own!.inputs.shape, own!.inputs.data[0], other!.inputs.data[0]]).toEqual([[5, 4], 1, 2]);
  const { outer, weights } = task.theta(random.key(0));
  // Nothing added and factors of 2 make of the training set the other one.
  const doubled = { added: tree.zerosLike(outer.added), factors: np.full([3], 2) };
  const same = { ...other!, labels: own!.labels };
  const [changed, asItIs] = [task.inner(doubled, weights, own!), task.outer(doubled, weights, same)];
  expect(changed.item()).toBeCloseTo(asItIs.item(), 6);
});
