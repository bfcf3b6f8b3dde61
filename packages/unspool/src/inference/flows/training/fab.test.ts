/** The losses and the method; the buffer and a single update have tests of their own. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, np, random, tree } from "../../../array/index.ts";
import { adam } from "../../../optimizers/index.ts";
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
import { fab, fabFillingSteps } from "./fab.ts";
import type { FabOptions } from "./fabOptions.ts";
import { fabLosses } from "./losses.ts";

const f64 = (x: number | number[] | number[][]): Tensor => np.array(x, { dtype: "float64" });
const numbers = (x: Tensor): number[] => Array.from(x.data, Number);

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

  test("a normal flow finds the mean of a normal target, by annealing and by reverse KL", () => {
    const flow = shifted;
    const sampler = ais({ levels: 1, transition: hmc({ stepSize: 0.8 }) });
    for (const name of ["fab", "rkl"] as const) {
      const options: FabOptions = {
        ...{ flow, logDensity: target, sampler, batch: 64, loss: name },
        optimizer: adam({ learningRate: 0.05 }),
        ...(name === "fab" && { buffer: { least: 256, most: 640, updates: 4 } }),
      };
      const { params } = trained(options, 100);
      const { shift, logScale } = params.layers[0] as { shift: Tensor; logScale: Tensor };
      expect(Math.abs(shift.item() + 0.5), name).toBeLessThan(0.2);
      expect(Math.abs(logScale.item()), name).toBeLessThan(0.2);
    }
  });

  test.each(["aisP", "alpha2q", "ml"] as const)("%s takes a step", (loss) => {
    const targetSamples = (key: Tensor, count: number) =>
      random.normal(key, [count, 1], { dtype: "float64" });
    const sampler = ais({ levels: 1, transition: metropolis() });
    const options: FabOptions = {
      flow: shifted,
      logDensity: target,
      sampler,
      batch: 16,
      loss,
      targetSamples,
    };
    const [{ loss: value, metrics }] = trained(options, 1).records as [
      ReturnType<typeof trained>["records"][0],
    ];
    expect(value).toBeTypeOf("number");
    // Chains, or points of the flow, and the update.
    expect(metrics.innerSteps).toBe(16 * { aisP: 3, alpha2q: 2, ml: 1 }[loss]);
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

test("points of another shape, and states that are none of this method, are refused", () => {
  const key = random.key(0);
  const options = { flow: shifted, logDensity: target, batch: 8 };
  const few = fab({ ...options, loss: "ml", targetSamples: (k) => random.normal(k, [5, 1]) });
  expect(() => few.step(at(0), few.init(at(0), key), key)).toThrow(
    /fab: targetSamples must give \[8, 1\], got traced float32\[5,1\]\. Its second argument/,
  );
  const method = fab(options);
  const state = method.init(at(0), key);
  const lost = JSON.parse(JSON.stringify(state)) as typeof state;
  expect(() => method.step(at(0), lost, key)).toThrow(/int32\[\] has lost its elements: .* encodeState/);
  const { buffer: _, ...other } = state;
  expect(() => method.step(at(0), other, key)).toThrow(
    /fab: state\.buffer\.additions must be a tensor of one number, got undefined\. Give what init or step/,
  );
});
