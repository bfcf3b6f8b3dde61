/** Options that are refused, and the pitfalls of section 3 of the card on persistent evolution strategies. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../array/index.ts";
import { NonFiniteError, OptionError, ShapeError } from "../errors.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";
import {
  type EstimatorOptions,
  bptt,
  createEstimator,
  dodge,
  fullEs,
  gpes,
  nres,
  pes,
  pesAnalytic,
  rtrl,
  tbptt,
  telescopingPes,
  truncatedEs,
  uoro,
} from "./index.ts";
import { contributions, f64, gradients, linearProblem, planarSystem, scalarSystem } from "./testing.ts";

const scalar = linearProblem(scalarSystem);
const theta = f64([0.3]);

describe("options that are refused with the value that was given (card 7)", () => {
  const refused: [string, string, EstimatorOptions, RegExp][] = [
    ["pes", "sigma 0", { sigma: 0 }, /sigma.*got 0/],
    ["pes", "sigma below 0", { sigma: -0.1 }, /sigma.*got -0.1/],
    ["nres", "sigma NaN", { sigma: Number.NaN }, /sigma.*got NaN/],
    ["fullEs", "no pairs", { pairs: 0 }, /pairs.*got 0/],
    ["pes", "half a pair", { pairs: 1.5 }, /pairs.*got 1.5/],
    ["pes", "truncation 0", { truncation: 0 }, /truncation.*got 0/],
    ["tbptt", "truncation beyond the horizon", { truncation: 7 }, /truncation.*horizon 6, got 7/],
    ["pes", "truncation beyond the horizon", { truncation: 7 }, /truncation.*horizon 6, got 7/],
    ["tbptt", "truncation that does not divide the horizon", { truncation: 4 }, /truncation.*divisor.*6.*got 4/],
    ["telescopingPes", "truncation that does not divide the horizon", { truncation: 4 }, /truncation.*divisor.*got 4/],
    ["gpes", "noise period between windows", { truncation: 2, noisePeriod: 3 }, /noisePeriod.*multiple.*2.*got 3/],
    ["pes", "objective", { objective: "average" as never }, /objective.*got "average"/],
    ["pes", "nanPolicy", { nanPolicy: "skip" as never }, /nanPolicy.*got "skip"/],
    ["pes", "resets", { resets: "stagered" as never }, /resets.*got "stagered".*"staggered"/],
    ["pes", "resets shorter than a window", { truncation: 3, resets: { minLength: 2, maxLength: 6 } }, /minLength.*got 2/],
    ["pes", "common trajectories that reset apart", { trajectories: "common", resets: "staggered" }, /trajectories.*lockstep/],
    ["rtrl", "tasks 0", { tasks: 0 }, /tasks.*got 0/],
  ]; // prettier-ignore
  test.each(refused)("%s: %s", (name, _what, options, text) => {
    const create = () => createEstimator(name, scalar, options);
    expect(create).toThrow(OptionError);
    expect(create).toThrow(text);
  });
  test("a name that is nearly right is answered with the right one", () => {
    expect(() => createEstimator("press", scalar)).toThrow(/Did you mean/);
  });
  test.each([
    ["fullEs", () => fullEs(linearProblem(scalarSystem, { horizon: Infinity }))],
    ["bptt", () => bptt(linearProblem(scalarSystem, { horizon: Infinity }))],
  ])("%s without a horizon", (_name, create) => expect(create).toThrow(/horizon.*finite, got Infinity/));
  test("telescoping without a final loss", () => {
    const { finalLoss: _none, ...rest } = scalar;
    expect(() => telescopingPes(rest as typeof scalar)).toThrow(/finalLoss/);
  });
  test.each([
    ["tbptt", tbptt],
    ["bptt", bptt],
    ["rtrl", rtrl],
    ["uoro", uoro],
    ["dodge", dodge],
    ["pesAnalytic", pesAnalytic],
  ] as const)("%s on a problem without derivatives", (_name, create) => {
    const rough: Problem<Tensor, Tensor, undefined> = { ...scalar, isDifferentiable: false };
    expect(() => create(rough)).toThrow(/isDifferentiable is false/);
  });
  test("dodge with a noise period between window and trajectory", () => {
    expect(() => dodge(scalar, { truncation: 2, noisePeriod: 4 })).toThrow(/noisePeriod.*got 4/);
  });
  test("theta of another shape than the state, by its path", () => {
    const problem = defineProblem({
      horizon: 2,
      init: () => np.zeros([]),
      step: (at: { rate: Tensor }, s: Tensor) => ({ state: s, loss: at.rate.sum() }),
    });
    const estimator = pes(problem, { pairs: 2, truncation: 1 });
    const state = estimator.init({ rate: np.ones([2]) }, random.key(0));
    const wrong = () => estimator.estimate({ rate: np.ones([3]) }, state, random.key(0));
    expect(wrong).toThrow(ShapeError);
    expect(wrong).toThrow(/"rate".*float32\[3\].*float32\[2\]/);
  });
});

describe("losses that are not finite", () => {
  /** The loss is NaN for the member of pair `pair` with `sign` from inner step `step` on. */
  const failing = (limit: number) =>
    defineProblem({
      name: "failing",
      horizon: 6,
      init: () => np.zeros([]),
      step(at: Tensor, s: Tensor, { t }) {
        const isBad = np.logicalAnd(at.slice(0).greater(limit), t.greaterEqual(tree.scalar(4, "int32")));
        return { state: s, loss: np.where(isBad, Number.NaN, at.slice(0)) };
      },
    });
  // Perturbations by hand: pair 0 at ±0.1, pair 1 at ±0.2, pair 2 at ∓0.5.
  const noise = (_theta: unknown, { pair }: { pair: Tensor }): Tensor =>
    np.take(f64([0.1, 0.2, -0.5]), pair).reshape([1]);
  const options = { pairs: 3, truncation: 3, sigma: 0.1, noise } as const;
  test("the error names pair, sign, step of the trajectory and step of the window", () => {
    // Only -(-0.5) passes 0.3: the negative member of pair 2, at step 4 = window 1, step 1 of it.
    const estimator = nres(failing(0.3), options);
    const first = estimator.estimate(f64([0]), estimator.init(f64([0]), random.key(0)), random.key(0));
    try {
      estimator.estimate(f64([0]), first.state, random.key(1));
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(NonFiniteError);
      expect((error as NonFiniteError).details).toMatchObject({
        pair: 2,
        sign: "-",
        step: 4,
        stepInWindow: 1,
        estimate: 1,
      });
    }
  });
  test('nanPolicy "zero" leaves the pair out as 0, counts the particle, and keeps metrics finite', () => {
    const lenient = pes(failing(0.3), { ...options, nanPolicy: "zero", objective: "sum", truncation: 6 });
    const { gradient, loss, metrics } = lenient.estimate(
      f64([0]),
      lenient.init(f64([0]), random.key(0)),
      random.key(0),
    );
    // Pairs 0 and 1 of 3: eps * 6 * 2 eps / (2 sigma²) = 6 and 24; pair 2 counts as 0.
    expect(gradient.item()).toBeCloseTo((6 + 24) / 3, 10);
    expect(metrics.nonFinite).toBe(1);
    expect(Number.isFinite(loss)).toBe(true);
    expect(Number.isFinite(metrics.lossDifferenceStd)).toBe(true);
  });
  test("derivatives that overflow are named by the leaf of theta", () => {
    const exploding = defineProblem({
      horizon: 1,
      init: () => np.ones([]),
      step: (at: { rate: Tensor }, s: Tensor) => ({ state: s, loss: np.sqrt(at.rate).mul(s) }),
    });
    const at = { rate: tree.scalar(0, "float64") };
    const estimator = bptt(exploding);
    expect(() => estimator.estimate(at, estimator.init(at, random.key(0)), random.key(0))).toThrow(
      /theta "rate"\[0\] is Infinity/,
    );
  });
  test("a norm at 0, whose derivative is NaN, was said to overflow: what was not measured is not claimed", () => {
    const atPoint = defineProblem({
      horizon: 2,
      init: () => np.ones([]),
      step: (at: { w: Tensor }, s: Tensor) => ({ state: s, loss: np.sqrt(at.w.mul(at.w).sum()).mul(s) }),
    });
    const at = { w: np.zeros([2]) };
    const estimator = bptt(atPoint);
    const run = (): unknown => estimator.estimate(at, estimator.init(at, random.key(0)), random.key(0));
    expect(run).toThrow(
      /theta "w"\[0\] is NaN .*losses are finite\. Either the loop has no derivative at a point/,
    );
    expect(run).not.toThrow(/the derivative of the loop overflows/);
  });
});

describe("pitfalls (card 3)", () => {
  const noisy = defineProblem({
    horizon: 4,
    init: (_theta: Tensor, key) => random.normal(key, []).mul(10),
    data: (key) => random.normal(key, []).mul(10),
    step(at: Tensor, s: Tensor, { key, batch }) {
      const next = s
        .mul(0.5)
        .add(at.slice(0))
        .add(batch.astype(s.dtype))
        .add(random.normal(key, []).astype(s.dtype));
      return { state: next, loss: next };
    },
  });
  test.each(["pes", "nres", "truncatedEs", "fullEs", "gpes"])(
    "%s: L+ - L- is O(sigma) with random starts, data and steps",
    (name) => {
      // The losses have a spread of about 10; ds/dtheta is at most 2, so the summed difference is at most 16 |eps|.
      const sigma = 1e-3;
      const estimator = createEstimator(name, noisy, { sigma, pairs: 64, truncation: 4, objective: "sum" });
      const at = f64([0.2]);
      const { metrics } = estimator.estimate(at, estimator.init(at, random.key(3)), random.key(4));
      expect(metrics.lossDifferenceStd!).toBeLessThan(16 * sigma * 1.5);
      expect(metrics.lossDifferenceStd!).toBeGreaterThan(sigma);
    },
  );
  test(
    "the mean objective is the sum divided by the truncation, loss and gradient",
    { tags: ["long"] },
    () => {
      for (const name of [
        "pes",
        "nres",
        "truncatedEs",
        "fullEs",
        "gpes",
        "pesAnalytic",
        "tbptt",
        "bptt",
        "rtrl",
        "uoro",
        "dodge",
      ]) {
        const [sum, mean] = (["sum", "mean"] as const).map((objective) => {
          const estimator = createEstimator(name, scalar, { sigma: 0.1, pairs: 2, truncation: 3, objective });
          return estimator.estimate(theta, estimator.init(theta, random.key(5)), random.key(6));
        });
        const steps = name === "fullEs" || name === "bptt" ? 6 : 3;
        expect(mean!.loss * steps).toBeCloseTo(sum!.loss, 10);
        expect(mean!.gradient.item() * steps).toBeCloseTo(sum!.gradient.item(), 10);
      }
    },
  );
  test("the sum of the windows of NRES is full ES with the same perturbations (card 6.6)", () => {
    const options = { sigma: 0.3, pairs: 5, objective: "sum" } as const;
    const windows = gradients(nres(scalar, { ...options, truncation: 2 }), theta, 3, 7).flat();
    const [whole] = gradients(fullEs(scalar, options), theta, 1, 7).flat();
    expect(windows.reduce((sum, g) => sum + g, 0)).toBeCloseTo(whole!, 10);
  });
  test.each(["pes", "nres", "gpes", "truncatedEs"] as const)(
    "%s: a pair contributes the same, whatever the number of pairs",
    (name) => {
      const problem = linearProblem(planarSystem);
      const rows = [2, 5].map((pairs) =>
        contributions(
          (executor) => createEstimator(name, problem, { sigma: 0.1, pairs, truncation: 2, executor }),
          f64([0.3, -0.2]),
          3,
          8,
        ),
      );
      rows[0]!.forEach((few, w) => expect([...rows[1]![w]!.slice(0, few.length)]).toEqual([...few]));
    },
  );
  test("a particle-state truncated ES forgets: its mean is that of truncated ES, not of PES", () => {
    const estimator = truncatedEs(scalar, {
      state: "particles",
      sigma: 0.1,
      pairs: 20_000,
      truncation: 2,
      objective: "sum",
    });
    // 6.2 (a): windows -0.552, 0.15072, 0.6004608; their standard errors are below 0.02.
    gradients(estimator, theta, 3, 9)
      .flat()
      .forEach((g, w) => expect(Math.abs(g - [-0.552, 0.15072, 0.6004608][w]!)).toBeLessThan(0.08));
  });
  test("gpes with the truncation as noise period is pes, with the horizon nres, bit for bit", () => {
    const options = { sigma: 0.1, pairs: 3, truncation: 2 } as const;
    expect(gradients(gpes(scalar, options), theta, 7)).toEqual(gradients(pes(scalar, options), theta, 7));
    expect(gradients(gpes(scalar, { ...options, noisePeriod: 6 }), theta, 7)).toEqual(
      gradients(nres(scalar, options), theta, 7),
    );
  });
});
