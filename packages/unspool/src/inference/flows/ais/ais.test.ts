/** AIS against closed forms of normals: p = N(-1/2, 1), q = N(1/2, 1), so that f_β ∝ N(1/2 - 2β, 1) and ∫ p²/q = e. */
import { expect, test } from "vitest";
import { type Tensor, grad, np, random } from "../../../array/index.ts";
import { compiled } from "../../../unroll/index.ts";
import { type Ais, type AisOptions, ais } from "./ais.ts";
import { aisBetas } from "./aisBetas.ts";
import { type LogDensity, annealedPath } from "./annealedPoints.ts";
import { hmc, leapfrog } from "./hmc.ts";
import { metropolis } from "./metropolis.ts";
import type { Transition } from "./transition.ts";
import { transitions } from "./transitions.ts";

const dtype = "float64" as const;
const f64 = (x: number | number[] | number[][]): Tensor => np.array(x, { dtype });

/** log N(mean, variance I). */
const normal =
  (mean: number, variance = 1): LogDensity =>
  (x) =>
    x
      .sub(mean)
      .mul(x.sub(mean))
      .sum(1)
      .div(-2 * variance)
      .sub((x.shape[1]! / 2) * Math.log(2 * Math.PI * variance));

const [logQ, logP] = [normal(0.5), normal(-0.5)];

/** Independent draws of f_β: perfect transitions of the two normals. */
const exact: Transition = {
  ...{ name: "exact", stepSize: 1, tuning: undefined, needsGradients: false, evaluations: 1, options: {} },
  move: ({ path, points, beta, key }) => ({
    points: path.at(random.normal(key, [...points.x.shape], { dtype }).add(beta.mul(-2).add(0.5))),
    acceptance: f64(1),
  }),
};

function chains(sampler: Ais, dim: number, count: number, seed = 1, target = logP) {
  const run = compiled("ais", (key: Tensor) => {
    const x = random.normal(random.foldIn(key, "q"), [count, dim], { dtype }).add(0.5);
    const start = { x, logProb: logQ(x) };
    return sampler.run({ start, logQ, logP: target, state: sampler.init(dtype), key });
  });
  return run(random.key(seed));
}

const moments = (x: Tensor) => {
  const values = Array.from(x.data, Number);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, variance: values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length };
};

test("levels lie where the authors' lie", () => {
  expect(aisBetas(3)).toEqual([0, 0.25, 0.5, 0.75, 1]);
  const wanted = [0, 0.005, 0.01, 0.0464159, 0.2154435, 1];
  aisBetas(4, "geometric").forEach((beta, i) => expect(beta).toBeCloseTo(wanted[i]!, 7));
  expect(() => aisBetas(0)).toThrow("levels must be an integer of at least 1, got 0");
});

test("the path ends in p²/q, whose integral is e with derivative 2e by q's mean (quadrature)", () => {
  const line = Array.from({ length: 2501 }, (_, i) => -11.5 + i * 0.01);
  const x = f64(line.map((one) => [one]));
  const integral = (mean: Tensor, [q, p]: [number, number]): Tensor => {
    const d = x.sub(mean.add(q));
    const own: LogDensity = (at) =>
      at
        .sub(mean.add(q))
        .mul(d)
        .sum(1)
        .div(-2)
        .sub(Math.log(2 * Math.PI) / 2);
    const path = annealedPath({ alpha: 2, logQ: own, logP: normal(p), needsGradients: false });
    return np
      .exp(path.logDensity(path.at(x), f64(1)))
      .sum()
      .mul(0.01);
  };
  expect(integral(f64(0), [0.5, -0.5]).item()).toBeCloseTo(Math.E, 12);
  expect(grad((m: Tensor) => integral(m, [0.5, -0.5]))(f64(0)).item()).toBeCloseTo(5.43656365691809, 11);
  expect(integral(f64(0), [0.2, 1]).item()).toBeCloseTo(1.8964808793049515, 12);
  expect(grad((m: Tensor) => integral(m, [0.2, 1]))(f64(0)).item()).toBeCloseTo(-3.0343694068879223, 11);
});

test("leapfrog has the values of an independent program (q = N(0, 1), p = N(2, 1/4), α = 2, β = 1/2)", () => {
  const path = annealedPath({ alpha: 2, logQ: normal(0), logP: normal(2, 0.25), needsGradients: true });
  const [beta, stepSize] = [f64(0.5), f64(0.1)];
  const points = path.at(f64([[0.3]]));
  const before = path.logDensity(points, beta).item();
  expect(before).toBeCloseTo(-6.00579135264, 11);
  const end = leapfrog({ path, points, momentum: f64([[0.7]]), beta, stepSize, steps: 5, maxGradient: 1e3 });
  const [x, p] = [end.points.x.item(), end.momentum.item()];
  expect(x).toBeCloseTo(1.38019866624, 11);
  expect(p).toBeCloseTo(3.226941489152, 11);
  const logRatio = path.logDensity(end.points, beta).item() - p ** 2 / 2 - before + 0.7 ** 2 / 2;
  expect(logRatio).toBeCloseTo(0.05011692613, 10);
});

test.each([4, 8, 16])(
  "with perfect transitions log w is normal: mean D (n-1)/(n+1), variance 4D/(n+1), D = %d",
  (dim) => {
    const [levels, count] = [dim - 1, 4000];
    const { logW } = chains(ais({ levels, transition: exact }), dim, count);
    const { mean, variance } = moments(logW);
    const wanted = (4 * dim) / (levels + 1);
    const deviation = Math.sqrt(wanted / count);
    expect(Math.abs(mean - (dim * (levels - 1)) / (levels + 1)) / deviation).toBeLessThan(4);
    expect(Math.abs(variance - wanted) / (wanted * Math.sqrt(2 / count))).toBeLessThan(4);
  },
);

const kernels: readonly (readonly [string, AisOptions])[] = [
  ["hmc", { levels: 2, transition: hmc({ stepSize: 0.5 }) }],
  ["hmc, two trajectories", { levels: 1, transition: hmc({ stepSize: 0.3, trajectories: 2 }) }],
  ["metropolis", { levels: 3, transition: metropolis({ stepSize: 1 }) }],
  [
    "metropolis, tuned, three proposals",
    { levels: 1, transition: metropolis({ proposals: 3, isTuned: true }) },
  ],
  ["hmc with resampling", { levels: 4, transition: hmc({ stepSize: 0.5 }), resampleBelow: 0.9 }],
  ["geometric levels", { levels: 5, spacing: "geometric", transition: hmc({ stepSize: 0.5 }) }],
];

test.each(kernels)("%s: the mean weight is e, and weighted points are of N(-3/2, 1)", (_, options) => {
  const count = 8000;
  const { x, logW, logP: atP, logQ: atQ } = chains(ais(options), 1, count);
  const weights = Array.from(logW.data, (value) => Math.exp(Number(value)));
  const total = weights.reduce((a, b) => a + b, 0);
  const mean = total / count;
  const error = Math.sqrt(weights.reduce((sum, w) => sum + (w - mean) ** 2, 0)) / count;
  expect(Math.abs(mean - Math.E) / error).toBeLessThan(4);
  const where = weights.reduce((sum, w, i) => sum + w * Number(x.data[i]), 0) / total;
  const deviation =
    Math.sqrt(weights.reduce((sum, w, i) => sum + (w * (Number(x.data[i]) - where)) ** 2, 0)) / total;
  expect(Math.abs(where + 1.5) / deviation).toBeLessThan(4);
  // What is carried is what is there.
  expect(atP.data[5]).toBeCloseTo(Number(logP(x).data[5]), 12);
  expect(atQ.data[5]).toBeCloseTo(Number(logQ(x).data[5]), 12);
});

test("α = 1 at run time has the target itself: the mean weight is Z = 1 for p, 3 for 3 p", () => {
  const sampler = ais({ levels: 3, transition: hmc({ stepSize: 0.5 }) });
  const run = compiled("alpha 1", (key: Tensor) => {
    const x = random.normal(random.foldIn(key, "q"), [4000, 1], { dtype }).add(0.5);
    const start = { x, logProb: logQ(x) };
    const target: LogDensity = (at) => logP(at).add(Math.log(3));
    return sampler.run({
      start,
      logQ,
      logP: target,
      state: sampler.init(dtype),
      key,
      alpha: 1,
      isTuned: false,
    });
  });
  const { logW, state } = run(random.key(3));
  const weights = Array.from(logW.data, (value) => Math.exp(Number(value)));
  const mean = weights.reduce((a, b) => a + b, 0) / weights.length;
  const error = Math.sqrt(weights.reduce((sum, w) => sum + (w - mean) ** 2, 0)) / weights.length;
  expect(Math.abs(mean - 3) / error).toBeLessThan(4);
  // Evaluations leave step sizes as they are.
  expect(Array.from(state.stepSizes.data)).toEqual([0.5, 0.5, 0.5]);
});

test("step sizes of each level follow their own acceptance", () => {
  const tiny = chains(ais({ levels: 2, transition: hmc({ stepSize: 0.01 }) }), 1, 50);
  expect(Array.from(tiny.state.stepSizes.data, Number)).toEqual([0.0105, 0.0105]);
  const huge = chains(ais({ levels: 2, transition: metropolis({ stepSize: 100, isTuned: true }) }), 1, 50);
  expect(huge.state.stepSizes.data[0]).toBeCloseTo(100 / 1.05, 10);
  expect(Math.max(...Array.from(huge.acceptance.data, Number))).toBeLessThan(0.2);
});

test("points that are not valid are never moved to, and replaced at the start", () => {
  const isValid = (x: Tensor): Tensor => x.slice([], 0).greater(0);
  const { x, validStarts } = chains(ais({ levels: 2, isValid, transition: hmc({ stepSize: 0.5 }) }), 1, 400);
  expect(Math.min(...Array.from(x.data, Number))).toBeGreaterThan(0);
  // P(N(1/2, 1) > 0) = 0.6915.
  expect(Math.abs(validStarts.item() - 400 * 0.6915) / Math.sqrt(400 * 0.6915 * 0.3085)).toBeLessThan(4);
  const nowhere = chains(ais({ levels: 1, transition: metropolis() }), 1, 8, 1, (at) => at.sum(1).mul(NaN));
  expect(nowhere.validStarts.item()).toBe(0);
});

test("an enormous ratio is accepted, one that is not a number is not", () => {
  const steep: LogDensity = (x) => x.sum(1).mul(1e6);
  const { x } = chains(ais({ levels: 1, transition: metropolis({ stepSize: 5 }) }), 1, 200, 1, steep);
  expect(moments(x).mean).toBeGreaterThan(1.5);
});

test("wrong options are said", () => {
  expect(() => ais({ levels: 0 })).toThrow("ais: levels must be an integer of at least 1, got 0");
  expect(() => ais({ alpha: 0 })).toThrow(
    "ais: alpha must be a finite number above 0, got 0. At 0 the target would be q",
  );
  expect(() => ais({ alpha: -1 })).toThrow("got -1");
  expect(ais({ alpha: 0.5 }).options.alpha).toBe(0.5);
  expect(() => ais({ resampleBelow: 2 })).toThrow("resampleBelow must be a share");
  const uncalled: unknown = hmc;
  expect(() => ais({ transition: uncalled as Transition })).toThrow("Call it: hmc().");
  expect(() => hmc({ stepSize: 0 })).toThrow("stepSize must be a finite number above 0");
  expect(() => hmc({ tuningFactor: 1 })).toThrow("tuningFactor must be a finite number above 1, got 1");
  expect(() => transitions.create("hcm")).toThrow('Did you mean "hmc"?');
  const wrong: LogDensity = (x) => x;
  expect(() => chains(ais({ levels: 1, transition: metropolis() }), 2, 4, 1, wrong)).toThrow(
    "logDensity: a log-density of points [4, 2] must be [4]",
  );
});
