/** The closed-form oracles of the card on persistent evolution strategies (sections 6.1 to 6.6), in float64. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../array/index.ts";
import {
  type GradientEstimator,
  bptt,
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
} from "../estimators/index.ts";
import { defineProblem, unroll } from "../unroll/index.ts";
import { influenceBalancing, linearSystem, toyRegression } from "./index.ts";

const f64 = { dtype: "float64" } as const;

/** Gradients of `count` estimates at fixed theta. */
function windows<Theta>(estimator: GradientEstimator<Theta>, theta: Theta, count: number): number[][] {
  const key = random.key(0);
  let state = estimator.init(theta, key);
  return Array.from({ length: count }, (_, i) => {
    const estimate = estimator.estimate(theta, state, random.foldIn(key, i));
    state = estimate.state;
    return [...tree.flatten(estimate.gradient)];
  });
}

function expectClose(got: number[], wanted: number[], relative = 1e-11): void {
  expect(got.length).toBe(wanted.length);
  got.forEach((value, i) => {
    const scale = Math.max(1e-3, Math.abs(wanted[i]!));
    expect(Math.abs(value - wanted[i]!) / scale, `entry ${i}: ${value} against ${wanted[i]}`).toBeLessThan(
      relative,
    );
  });
}

/** 6.2 (a). */
const scalarSystem = linearSystem({
  transition: [[0.8]],
  control: [[1]],
  start: [0.5],
  target: [1],
  horizon: 6,
});
const scalarTheta = np.array([0.3], f64);
/** 6.2 (b). */
const planar = linearSystem({
  transition: [[0.9, 0.2], [-0.1, 0.7]], // prettier-ignore
  control: [[1, 0], [0.5, -1]], // prettier-ignore
  start: [1, -1],
  target: [0.5, -0.25],
  horizon: 4,
});
const planarTheta = np.array([0.3, -0.2], f64);

describe("6.1 influence balancing", () => {
  const at = { theta: np.array(0.5, f64) };
  test.each([
    [1, 0.125, 0.5],
    [10, 48.125, 192.5],
    [50, 607.346948656, 2408.003968872],
    [100, 994.784358382, 3571.63062561],
  ])("T = %i: summed loss %f and gradient %f by BPTT", (horizon, loss, gradient) => {
    const estimator = bptt(influenceBalancing({ horizon }), { objective: "sum", checkpoints: "sqrt" });
    const estimate = estimator.estimate(at, estimator.init(at, random.key(0)), random.key(0));
    expectClose([estimate.loss, estimate.gradient.theta.item()], [loss, gradient]);
  });
  test.each([
    [1, -4],
    [10, -220],
    [100, -232.0],
    [200, 2168],
  ])("the detached window gradient at the steady state, K = %i, is %f", (truncation, wanted) => {
    // 60 steps bring a system with spectral radius 1/2 (and Jordan blocks of 23) to its steady state: 400 to be sure.
    const settled = 400;
    const problem = influenceBalancing();
    const warm = tbptt(problem, { truncation: settled, objective: "sum" });
    const { state } = warm.estimate(at, warm.init(at, random.key(0)), random.key(0));
    const estimator = tbptt(problem, { truncation, objective: "sum" });
    expectClose([estimator.estimate(at, state, random.key(0)).gradient.theta.item()], [wanted], 1e-9);
  });
});

describe("6.2 linear-quadratic systems", () => {
  test("(a) full gradient by BPTT under every checkpoint policy, and by RTRL", () => {
    for (const checkpoints of ["all", "sqrt", { states: 1 }, { states: 2 }] as const) {
      const estimator = bptt(scalarSystem, { objective: "sum", checkpoints });
      const { loss, gradient } = estimator.estimate(
        scalarTheta,
        estimator.init(scalarTheta, random.key(1)),
        random.key(1),
      );
      expectClose([loss, gradient.item()], [0.102092909568, 1.14236909568]);
    }
    const sum = windows(rtrl(scalarSystem, { objective: "sum" }), scalarTheta, 6).reduce(
      (s, [g]) => s + g!,
      0,
    );
    expectClose([sum], [1.14236909568]);
  });
  test("(a) TBPTT windows for K = 2, and their sum for K = 1", () => {
    const two = windows(tbptt(scalarSystem, { truncation: 2, objective: "sum" }), scalarTheta, 3).flat();
    expectClose(two, [-0.552, 0.15072, 0.6004608]);
    const one = windows(tbptt(scalarSystem, { truncation: 1, objective: "sum" }), scalarTheta, 6).flat();
    expectClose([one.reduce((s, g) => s + g, 0)], [0.048576]);
  });
  test("(b) full gradient and TBPTT sum", () => {
    expectClose(
      windows(bptt(planar, { objective: "sum" }), planarTheta, 1).flat(),
      [8.723299625, -4.00319615],
    );
    const one = windows(tbptt(planar, { truncation: 1, objective: "sum" }), planarTheta, 4);
    expectClose(
      [0, 1].map((i) => one.reduce((s, g) => s + g[i]!, 0)),
      [3.409775, -1.03535],
    );
  });
});

describe("6.3 outputs for fixed noise, system (a), K = 2, 2 pairs, sigma = 0.2", () => {
  const table = np.array([0.1, -0.2, 0.05, -0.3, 0.1, 0.2], { ...f64, shape: [2, 3] });
  const fromTable =
    (rows: Tensor) =>
    (_theta: unknown, { pair, window }: { pair: Tensor; window: Tensor }) =>
      np.take(rows.flatten(), pair.mul(tree.scalar(3, "int32")).add(window)).reshape([1]);
  const noise = fromTable(table);
  const options = { sigma: 0.2, pairs: 2, truncation: 2, objective: "sum", noise } as const;
  const { objective: _objective, ...endOptions } = options;
  const { truncation: _truncation, ...wholeOptions } = options;
  const cases: [string, GradientEstimator<Tensor>, number[]][] = [
    ["PES", pes(scalarSystem, options), [-0.69, 0.054288, 0.02561842752]],
    ["NRES", nres(scalarSystem, options), [-0.69, 0.296976, 1.8209853696]],
    ["truncated ES, pair mean", truncatedEs(scalarSystem, options), [-0.69, 0.0942, 0.3189948]],
    [
      "truncated ES, shared mean",
      truncatedEs(scalarSystem, { ...options, state: "shared-mean" }),
      [-0.69, 0.0942, 0.3189948],
    ],
    ["telescoping", telescopingPes(scalarSystem, endOptions), [-0.315, 0.380088, -0.05517654048]],
    [
      "plain difference",
      telescopingPes(scalarSystem, { ...endOptions, weighting: "joint" }),
      [-0.315, 0.222588, -0.00391974048],
    ],
    ["PES-Analytic", pesAnalytic(scalarSystem, options), [-0.552, 0.259296, 0.8093211648]],
    ["full ES", fullEs(scalarSystem, wholeOptions), [1.4279613696]],
    // The second draw of the card is column 2; ours is asked for in window 2.
    [
      "GPES with noise redrawn every 2 windows",
      gpes(scalarSystem, {
        ...options,
        noisePeriod: 4,
        noise: fromTable(np.array([0.1, NaN, -0.2, -0.3, NaN, 0.1], { ...f64, shape: [2, 3] })),
      }),
      [-0.69, 0.296976, 0.5352046848],
    ],
  ];
  test.each(cases)("%s", (_name, estimator, wanted) => {
    expectClose(windows(estimator, scalarTheta, wanted.length).flat(), wanted);
  });
  test("window-1 losses average those of the card", () => {
    const estimator = pes(scalarSystem, options);
    const { loss } = estimator.estimate(
      scalarTheta,
      estimator.init(scalarTheta, random.key(0)),
      random.key(0),
    );
    expectClose([loss], [(0.0208 + 0.4112 + 0.1312 + 0.08) / 4]);
  });
});

describe("6.4 toy regression", () => {
  test.each([
    [-4, 2487.76877020064, [-3.91079512, -1.71153172]],
    // The card prints -2.02742694 for the first: forward-mode differentiation in dual numbers gives -2.027426403002.
    [0, 2423.46829894658, [-2.027426403, -0.04595895]],
  ])("loss and gradient at (%f, %f)", (value, loss, gradient) => {
    const theta = { logLearningRate: np.array([value, value], f64) };
    const estimator = bptt(toyRegression(), { objective: "sum" });
    const estimate = estimator.estimate(theta, estimator.init(theta, random.key(0)), random.key(0));
    expectClose([estimate.loss], [loss], 1e-13);
    // The card prints the gradients with 8 decimals.
    gradient.forEach((wanted, k) => {
      expect(Math.abs(estimate.gradient.logLearningRate.data[k]! - wanted)).toBeLessThan(6e-9);
    });
  });
});

test("6.4 where the inner descent of the toy regression ends", () => {
  const theta = { logLearningRate: np.array([-4, -4], f64) };
  const { state } = unroll(toyRegression(), theta, { key: random.key(0) });
  expectClose([...tree.flatten(state)].slice(0, 2), [0.791174479527, 1.423350103807]);
});

describe("6.5 RTRL and UORO on a tanh network", () => {
  const exact = (values: number[] | number[][]) => np.array(values as number[], f64);
  const [a, b, c] = [exact([[0.5, -0.3], [0.2, 0.4]]), exact([[1, 0.5], [-0.4, 0.8]]), exact([0.1, -0.2])]; // prettier-ignore
  const network = defineProblem({
    horizon: 4,
    init: () => exact([0, 0.5]),
    step(theta: Tensor, s: Tensor) {
      const next = np.tanh(np.matmul(a, s).add(np.matmul(b, theta)).add(c));
      const miss = next.sub(exact([0.3, -0.1]));
      return { state: next, loss: miss.mul(miss).sum().mul(0.5) };
    },
  });
  const theta = exact([0.2, -0.5]);
  const sum = [-0.181886803285, -1.467281287149];
  test("RTRL per step; its sum is BPTT's gradient", () => {
    const steps = windows(rtrl(network, { objective: "sum" }), theta, 4);
    expectClose(
      steps.flat(),
      [
        -0.284779826261, -0.41968487, -0.160240356847, -0.442254146178, 0.073015729978, -0.324965718832,
        0.19011764985, -0.280376552139,
      ],
      1e-8,
    );
    expectClose(windows(bptt(network, { objective: "sum" }), theta, 1).flat(), sum, 1e-10);
    const { losses } = unroll(network, theta, { key: random.key(0) });
    expectClose([[...losses.data].reduce((total, loss) => total + loss, 0)], [0.73600004811], 1e-10);
  });
  test(
    "UORO averaged over all 4³ sign choices is exact, and has the variance of the card",
    { tags: ["long"] },
    () => {
      const choices = Array.from({ length: 64 }, (_, choice) => {
        const signs = ({ t }: { t: Tensor }): Tensor =>
          np.take(
            exact([0, 1, 2, 3, 4, 5].map((bit) => ((choice >> bit) & 1 ? 1 : -1)).concat([1, 1])),
            np.arange(2).add(t.mul(tree.scalar(2, "int32"))),
          );
        const steps = windows(uoro(network, { objective: "sum", signs }), theta, 4);
        return [0, 1].map((i) => steps.reduce((s, g) => s + g[i]!, 0));
      });
      const mean = [0, 1].map((i) => choices.reduce((s, g) => s + g[i]!, 0) / 64);
      expectClose(mean, sum, 1e-10);
      const variance =
        choices.reduce((s, g) => s + (g[0]! - mean[0]!) ** 2 + (g[1]! - mean[1]!) ** 2, 0) / 64;
      expectClose([variance], [0.136794923094], 1e-6);
    },
  );
  test("6.6 sigma -> 0: NRES tends to DODGE along eps / sigma", () => {
    const sigma = 1e-5;
    const direction = exact([0.7, -1.3]);
    const noise = (): Tensor => direction.mul(sigma);
    const es = windows(nres(network, { sigma, pairs: 1, truncation: 2, objective: "sum", noise }), theta, 2);
    const forward = windows(
      dodge(network, { truncation: 2, objective: "sum", noise: () => direction }),
      theta,
      2,
    );
    expectClose(es.flat(), forward.flat(), 1e-6);
  });
});

test("6.6 one window of the whole horizon: PES, NRES, full ES and truncated ES agree sample by sample", () => {
  const options = { sigma: 0.3, pairs: 3, objective: "sum" } as const;
  const whole = { ...options, truncation: 4 };
  const all = [pes(planar, whole), nres(planar, whole), truncatedEs(planar, whole), fullEs(planar, options)];
  const [first, ...others] = all.map((estimator) => windows(estimator, planarTheta, 2).flat());
  for (const other of others) expectClose(other, first!, 1e-12);
});
