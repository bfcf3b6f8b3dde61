/** The buffer, the losses and the method. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, np, random, tree } from "../../../array/index.ts";
import { type Optimizer, adam, sgd } from "../../../optimizers/index.ts";
import { compiled } from "../../../unroll/index.ts";
import { ais } from "../ais/ais.ts";
import { type LogDensity } from "../ais/annealedPoints.ts";
import { hmc } from "../ais/hmc.ts";
import { metropolis } from "../ais/metropolis.ts";
import { actNorm } from "../bijectors/actNorm.ts";
import { type Flow, type FlowParams, defineFlow } from "../flow.ts";
import { gaussianBase } from "../flowBase.ts";
import { realNvp } from "../realNvp.ts";
import { gmm9 } from "../targets/gmm9.ts";
import { adaptiveClip, adaptiveLimit, watchNorm } from "./adaptiveClip.ts";
import { fab, fabFillingSteps } from "./fab.ts";
import type { FabOptions } from "./fabOptions.ts";
import { gradientStep } from "./gradientStep.ts";
import { fabLosses } from "./losses.ts";
import { addToBuffer, adjustBuffer, drawByAge, drawByWeight, emptyBuffer } from "./sampleBuffer.ts";

const f64 = (x: number | number[] | number[][]): Tensor => np.array(x, { dtype: "float64" });
const numbers = (x: Tensor): number[] => Array.from(x.data, Number);

describe("the buffer", () => {
  const batch = (from: number, n = 4) => ({
    x: f64(Array.from({ length: n }, (_, i) => [from + i])),
    logW: f64(Array.from({ length: n }, (_, i) => (i === 3 ? NaN : 0))),
    logQ: f64(Array.from({ length: n }, () => -1)),
  });

  test("is a ring: the oldest points go first, and what is not finite has no weight", () => {
    const add = compiled("add", addToBuffer);
    let buffer = emptyBuffer(6, 1, "float64");
    for (let i = 0; i < 4; i++) buffer = add(buffer, batch(10 * i));
    // Places 0-3, 4 5 0 1, 2-5, 0-3.
    expect(numbers(buffer.x)).toEqual([30, 31, 32, 33, 22, 23]);
    expect(numbers(buffer.logW)).toEqual([0, 0, 0, -Infinity, 0, -Infinity]);
    expect(numbers(buffer.stored)).toEqual([4, 4, 4, 4, 3, 3]);
  });

  test("is drawn from by weight without replacement: the first place of a draw is a draw ∝ w", () => {
    const logW = f64([0, Math.log(2), Math.log(5), -Infinity]);
    const buffer = { ...emptyBuffer(4, 1, "float64"), logW };
    const draw = compiled("draw", (key: Tensor) => drawByWeight(buffer, key, 2));
    const count = 2000;
    const pairs = Array.from({ length: count }, (_, i) =>
      numbers(draw(random.key(i)))
        .toSorted()
        .join(),
    );
    // P of a pair without order: w_a w_b / T (1 / (T - w_a) + 1 / (T - w_b)) with T = 8.
    const pair = (a: number, b: number): number => ((a * b) / 8) * (1 / (8 - a) + 1 / (8 - b));
    const wanted = { "0,1": pair(1, 2), "0,2": pair(1, 5), "1,2": pair(2, 5) };
    for (const [name, p] of Object.entries(wanted)) {
      const share = pairs.filter((one) => one === name).length / count;
      expect(Math.abs(share - p) / Math.sqrt((p * (1 - p)) / count)).toBeLessThan(4);
    }
    expect(pairs.every((one) => one in wanted)).toBe(true);
  });

  test("is drawn from by age: temperature 0 is uniform, a high one the newest", () => {
    let buffer = emptyBuffer(12, 1, "float64");
    for (let i = 0; i < 2; i++) buffer = addToBuffer(buffer, batch(10 * i));
    const newest = compiled("newest", (key: Tensor) => drawByAge(buffer, key, 4, 200));
    expect(numbers(newest(random.key(1))).toSorted((a, b) => a - b)).toEqual([4, 5, 6, 7]);
    const any = compiled("any", (key: Tensor) => drawByAge(buffer, key, 1, 0));
    const draws = Array.from({ length: 2000 }, (_, i) => any(random.key(i)).data[0]!);
    for (let place = 0; place < 8; place++) {
      const share = draws.filter((one) => one === place).length / 2000;
      expect(Math.abs(share - 1 / 8) / Math.sqrt(7 / 64 / 2000)).toBeLessThan(4);
    }
  });

  test("follows the flow: log w += (1 - α)(log q - log q_old); what is not finite is taken out", () => {
    const buffer = addToBuffer(emptyBuffer(6, 1, "float64"), batch(0));
    const places = np.array([2, 0, 1], { dtype: "int32" });
    const { logW, logQ } = adjustBuffer(buffer, places, f64([-1.5, -0.8, NaN]), 2);
    numbers(logW)
      .slice(0, 3)
      .forEach((value, i) => expect(value).toBeCloseTo([-0.2, -Infinity, 0.5][i]!, 12));
    expect(numbers(logQ).slice(0, 3)).toEqual([-0.8, -1, -1.5]);
  });
});

/** q = N(m, 1) with m learned; the scale of the base is not. */
const shifted: Flow = defineFlow({
  name: "shifted",
  base: gaussianBase({ dim: 1, isTrainable: false, dtype: "float64" }),
  bijectors: [actNorm({ dim: 1, dtype: "float64" })],
});
const at = (mean: number): FlowParams => ({ base: {}, layers: [{ shift: f64([mean]), logScale: f64([0]) }] });
const target: LogDensity = (x) =>
  x
    .add(0.5)
    .mul(x.add(0.5))
    .sum(1)
    .div(-2)
    .sub(Math.log(2 * Math.PI) / 2);

describe("losses", () => {
  const count = 4000;
  const slope = (
    name: string,
    points: { x: Tensor; logW: Tensor; logQ: Tensor; logP: Tensor },
    alpha = 2,
  ): number => {
    const of = fabLosses.create(name);
    const context = { flow: shifted, logDensity: target, alpha, batch: count, key: random.key(1), points };
    const gradient = compiled(
      "slope",
      grad((params: FlowParams) => of({ ...context, params })),
    )(at(0.5));
    return (gradient.layers[0] as { shift: Tensor }).shift.item();
  };
  // A fine grid over all that matters, weighted by g / grid density: quadrature.
  const x = f64(Array.from({ length: 3001 }, (_, i) => [-10 + i * 0.006]));
  const logQ = shifted.logProb(at(0.5), x);
  const logP = target(x);
  const onGrid = { x, logQ, logP, logW: logP.mul(2).sub(logQ) };

  test("fab and aisP: -E_g[x - m] = 2 with g = N(-3/2, 1), so that times ∫ p²/q = e it is the derivative 2e", () => {
    expect(slope("fab", onGrid) * Math.E).toBeCloseTo(5.43656365691809, 8);
    expect(slope("aisP", { ...onGrid, logW: logP })).toBeCloseTo(2, 8);
    // α = 1/2: g = N(0, 1), and the sign is the same.
    expect(slope("fab", { ...onGrid, logW: logP.add(logQ).mul(0.5) }, 0.5)).toBeCloseTo(0.5, 8);
    // A weight that is not a number weighs nothing.
    const broken = { ...onGrid, logW: np.where(x.reshape([3001]).less(-9.9), NaN, onGrid.logW) as Tensor };
    expect(slope("fab", broken)).toBeCloseTo(2, 6);
  });

  test("ml, rkl and alpha2q have the slopes of their integrals", () => {
    const draws = random.normal(random.key(2), [count, 1], { dtype: "float64" });
    const none = np.zeros([count]);
    // Forward KL: E_p[m - x] = 1; reverse KL: E_q of d/dm (x + 1/2)²/2 = E_q[x] + 1/2 = 1.
    const ml = slope("ml", { x: draws.sub(0.5), logW: none, logQ: none, logP: none });
    expect(Math.abs(ml - 1) * Math.sqrt(count)).toBeLessThan(4);
    const rkl = slope("rkl", { x: none, logW: none, logQ: none, logP: none });
    expect(Math.abs(rkl - 1) * Math.sqrt(count)).toBeLessThan(4);
    // -E_q[(p/q)² (x - m)] = 2e; its terms are heavy-tailed: p/q = exp(-x), and the second moment e^10·… is large.
    const own = draws.add(0.5);
    const terms = numbers(target(own).sub(shifted.logProb(at(0.5), own))).map(
      (log, i) => -Math.exp(2 * log) * (Number(own.data[i]) - 0.5),
    );
    const nis = slope("alpha2q", {
      x: own,
      logW: none,
      logQ: shifted.logProb(at(0.5), own),
      logP: target(own),
    });
    expect(nis).toBeCloseTo(terms.reduce((a, b) => a + b) / count, 8);
  });

  test("names are suggested", () => {
    expect(() => fabLosses.create("fap")).toThrow('Did you mean "fab"?');
    expect(fabLosses.entry("nis").name).toBe("alpha2q");
  });
});

describe("an update", () => {
  const optimizer: Optimizer = sgd({ learningRate: 1 }) as Optimizer;
  const start = { x: f64([3, 4]), whole: np.array([1, 2], { dtype: "int32" }) };
  const moved = (loss: (x: Tensor) => Tensor, clip: number | null) =>
    gradientStep({ theta: start, optimizer: optimizer.init(start) }, { optimizer, clip }, ({ x }) => loss(x));

  test("is clipped by the norm of the gradient, and leaves whole numbers alone", () => {
    const square = (x: Tensor): Tensor => x.mul(x).sum().mul(0.5);
    const { trained, record } = moved(square, 1);
    expect(record.gradientNorm.item()).toBeCloseTo(5, 12);
    numbers(trained.theta.x).forEach((value, i) => expect(value).toBeCloseTo([2.4, 3.2][i]!, 12));
    expect(numbers(trained.theta.whole)).toEqual([1, 2]);
    expect(numbers(moved(square, null).trained.theta.x)).toEqual([0, 0]);
  });

  test("is left out and counted where loss or gradient is not finite", () => {
    const { trained, record } = moved((x) => np.log(x.sub(3)).sum() as Tensor, 1);
    expect(record.isSkipped.item()).toBe(1);
    expect(numbers(trained.theta.x)).toEqual([3, 4]);
  });

  test("adaptive: twice the median of the norms that were seen, and nothing beyond ten times", () => {
    let state = adaptiveClip("float64");
    expect(adaptiveLimit(state).limit.item()).toBe(Infinity);
    for (const norm of [1, 9, 2, 3, NaN])
      state = watchNorm(state, f64(norm), np.isfinite(f64(norm)) as Tensor);
    expect(adaptiveLimit(state).limit.item()).toBe(4);
    expect(adaptiveLimit(state).most.item()).toBe(20);
    for (let i = 0; i < 100; i++) state = watchNorm(state, f64(7), np.array(true));
    expect(adaptiveLimit(state).limit.item()).toBe(14);
  });
});

const small: FabOptions = {
  flow: realNvp({ dim: 2, layers: 1, hidden: [4] }),
  logDensity: gmm9().logDensity,
  sampler: ais({ levels: 1, transition: metropolis({ stepSize: 2 }) }),
  batch: 8,
  optimizer: adam({ learningRate: 1e-2 }),
};
const buffer = { least: 16, most: 40, updates: 2 };

describe("fab", () => {
  const theta = small.flow.init(random.key(0));
  const trained = (options: FabOptions, steps: number) => {
    const method = fab(options);
    let [params, state] = [
      options.flow.init(random.key(0)),
      undefined as ReturnType<typeof method.init> | undefined,
    ];
    state = method.init(params, random.key(1));
    const records = [];
    for (let i = 0; i < steps; i++) {
      const made = method.step(params, state, random.foldIn(random.key(2), i));
      [params, state] = [made.theta, made.state];
      records.push(made);
    }
    return { params, state, records };
  };

  test("steps fill the buffer first, and then have a loss and their cost", () => {
    const options = { ...small, buffer };
    expect(fabFillingSteps(options)).toBe(2);
    const { records } = trained(options, 3);
    expect(records.map(({ loss }) => loss === null)).toEqual([true, true, false]);
    // One start and one proposal for each of 8 chains; then two updates of 8 points more.
    expect(records.map(({ metrics }) => metrics.innerSteps)).toEqual([16, 16, 32]);
    expect(Object.keys(records[2]!.metrics)).toContain("acceptance.1");
  });

  test("a normal flow finds the mean of a normal target by each loss", () => {
    const flow = shifted;
    const sampler = ais({ levels: 1, transition: hmc({ stepSize: 0.8 }) });
    const draws = (key: Tensor, count: number) =>
      random.normal(key, [count, 1], { dtype: "float64" }).sub(0.5);
    for (const name of ["fab", "aisP", "ml", "rkl"] as const) {
      const options: FabOptions = {
        ...{ flow, logDensity: target, sampler, batch: 64, loss: name, targetSamples: draws },
        optimizer: adam({ learningRate: 0.05 }),
        ...(name === "fab" && { buffer: { least: 256, most: 640, updates: 4 } }),
      };
      const { params } = trained(options, 100);
      const { shift, logScale } = params.layers[0] as { shift: Tensor; logScale: Tensor };
      expect(Math.abs(shift.item() + 0.5), name).toBeLessThan(0.2);
      expect(Math.abs(logScale.item()), name).toBeLessThan(0.2);
    }
  });

  test("where no point of the flow is valid, the step says so", () => {
    const nowhere: FabOptions = { ...small, logDensity: (x) => x.sum(1).mul(NaN), buffer: null };
    expect(() => trained(nowhere, 1)).toThrow("fab: no point of the flow is valid");
  });

  test("a log-density without a derivative is refused for hmc, and taken for metropolis", () => {
    // Plain the first time it is looked at, and refused where it is differentiated.
    let looks = 0;
    const rounded: LogDensity = (x) => {
      if (looks++ > 0) throw new Error("no derivative here");
      return x.sum(1);
    };
    const sampler = ais({ levels: 1, transition: hmc() });
    expect(() => fab({ ...small, sampler, logDensity: rounded }).init(theta, random.key(0))).toThrow(
      'fab: logDensity must be differentiable for the transition "hmc"',
    );
    expect(() =>
      fab({ ...small, logDensity: (x) => np.floor(x).sum(1) }).init(theta, random.key(0)),
    ).not.toThrow();
  });

  test("wrong options are said", () => {
    const wrong = (options: Partial<FabOptions>) => () => fab({ ...small, ...options });
    expect(wrong({ buffer: { least: 16, updates: 4 } })).toThrow(
      "fab.buffer: least must be at least updates · batch, 32, got 16.",
    );
    expect(wrong({ buffer: { least: 64, most: 64 } })).toThrow(
      "fab.buffer: most must be above least, 64, got 64.",
    );
    expect(wrong({ buffer: { largestAdjustment: 0 } })).toThrow(
      "largestAdjustment must be above 0, got 0. Infinity",
    );
    expect(wrong({ loss: "rkl", buffer: {} })).toThrow('buffer must be null with the loss "rkl"');
    expect(wrong({ loss: "ml" })).toThrow("targetSamples must be a function of a key and a count");
    expect(wrong({ gradientClip: -1 })).toThrow("gradientClip must be a finite number above 0, got -1.");
    expect(wrong({ loss: "rkll" as "rkl" })).toThrow('Did you mean "rkl"?');
    const shape = fab({ ...small, logDensity: (x) => x });
    expect(() => shape.init(theta, random.key(0))).toThrow("a log-density of points [2, 2] must be [2]");
    const other = realNvp({ dim: 2, layers: 2, hidden: [4] }).init(random.key(0));
    expect(() => fab(small).init(other, random.key(0))).toThrow(/^fab: .*theta/);
  });
});

test("parameters of flows are trees of floats and whole numbers", () => {
  const theta = realNvp({ dim: 3, layers: 1, linear: "lu", hidden: [4] }).init(random.key(0));
  expect(new Set(tree.leaves(theta).map(({ dtype }) => dtype))).toEqual(new Set(["float32", "int32"]));
});
