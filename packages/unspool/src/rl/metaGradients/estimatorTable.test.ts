/**
 * Oracles of the meta-gradient literature on enumerable bandits: expectations and variances computed once in float64
 * PyTorch by enumeration of all sequences, and checked here against a plain implementation of their own below.
 */
import { describe, expect, test } from "vitest";
import { type Tensor, np, tree } from "../../array/index.ts";
import { engineStatistics } from "../../engine/index.ts";
import {
  type BaselineContext,
  type MetaGradientSwitches,
  bandit,
  estimatorTable,
  exactMetaGradient,
  learnedRates,
} from "../index.ts";
import { plainReturn } from "../testing.ts";

const f64 = (values: number | number[]): Tensor => np.array(values, { dtype: "float64" });
const lambda = (coefficient: number, form: "sum" | "mean" = "sum") => ({
  samplingCorrection: { coefficient, form },
});
const naive = lambda(0);
const full: MetaGradientSwitches = {};
const dice: MetaGradientSwitches = { hessian: "dice", ...naive };
const diceAndCorrection: MetaGradientSwitches = { hessian: "dice" };
const window = (length: number, coefficient: number): MetaGradientSwitches => ({
  truncation: { length },
  ...lambda(coefficient),
});
/** Means as ascent directions of the return. */
const ascent = (table: { rows: { mean: Float64Array }[] }) =>
  table.rows.map(({ mean }) => [...mean].map((x) => -x));
const variances = (table: { rows: { variance: number }[] }) => table.rows.map(({ variance }) => variance);
function near(got: readonly number[], expected: readonly number[], digits: number) {
  expect(got.length).toBe(expected.length);
  got.forEach((x, i) => expect(x).toBeCloseTo(expected[i]!, digits));
}

describe("small lifetime: mu (1, .2, -.5), theta_0 (.1, -.2, 0), T 3, B 1, eta .5", () => {
  const task = bandit({
    arms: [1, 0.2, -0.5],
    updates: 3,
    batch: 1,
    rewardNoise: 0,
    rate: learnedRates(),
    init: () => f64([0.1, -0.2, 0]),
  });
  const settings = [
    naive,
    lambda(0.5),
    full,
    dice,
    diceAndCorrection,
    window(2, 0),
    window(2, 1),
    window(1, 1),
  ];
  const table = estimatorTable(task, { rates: f64(0.5) }, settings);

  test("means and variances of eight settings", () => {
    expect(-table.loss).toBeCloseTo(0.397436726338, 11);
    expect(-table.exact[0]!).toBeCloseTo(0.073079278537, 11);
    near(
      ascent(table).flat(),
      [
        0.071881494408, 0.072480386472, 0.073079278537, 0.073084540206, 0.074282324334, 0.038985797196,
        0.038985797196, 0,
      ],
      11,
    );
    near(
      variances(table),
      [
        0.003668457292, 0.00483165395, 0.007453205537, 0.003989319027, 0.008208246371, 0.002327958032,
        0.002327958032, 0,
      ],
      11,
    );
  });

  test("at one action per trajectory dice, loadedDice and lvc are the same", () => {
    const same = estimatorTable(task, { rates: f64(0.5) }, [
      dice,
      { ...dice, hessian: "loadedDice" },
      { ...dice, hessian: "lvc" },
    ]);
    for (const row of same.rows) {
      expect(row.mean[0]).toBeCloseTo(same.rows[0]!.mean[0]!, 14);
      expect(row.variance).toBeCloseTo(same.rows[0]!.variance, 14);
    }
  });

  test("what is known of a setting is said", () => {
    expect(table.rows.map(({ warnings }) => warnings.length)).toEqual([0, 0, 0, 0, 1, 0, 0, 1]);
  });
});

test("tables of one task share their programs, whatever the numbers", () => {
  const task = bandit({ arms: [1, 0.2], updates: 2, batch: 1, rewardNoise: 0, rate: learnedRates() });
  estimatorTable(task, { rates: f64(0.5) }, [full, dice]);
  const before = engineStatistics();
  estimatorTable(task, { rates: f64(0.7) }, [lambda(0.3), dice]);
  expect(engineStatistics()).toEqual(before);
});

test("two learning rates: T 4, switch after the first update, eta (.5, -.3)", () => {
  const task = bandit({
    arms: [1, 0.2, -0.5],
    updates: 4,
    batch: 1,
    rewardNoise: 0,
    rate: learnedRates([1]),
    init: () => f64([0.1, -0.2, 0]),
  });
  const table = estimatorTable(task, { rates: f64([0.5, -0.3]) }, [
    full,
    naive,
    dice,
    diceAndCorrection,
    window(3, 0),
    window(3, 1),
  ]);
  expect(-table.loss).toBeCloseTo(0.420152455192, 11);
  near(
    [-table.exact[0]!, -table.exact[1]!, ...ascent(table).flat()],
    [
      0.05494346567, 0.035880111508, 0.05494346567, 0.035880111508, 0.053733372648, 0.035427192109,
      0.054969299435, 0.035893749311, 0.056224738196, 0.03634666871, 0.026209049182, 0.032287198997,
      0.026545516331, 0.032589145263,
    ],
    11,
  );
  // Coordinate by coordinate: the same enumeration of 81 sequences in float64 PyTorch.
  near([...table.rows[0]!.variances], [0.009306101181, 0.0021086323], 11);
  near([...table.rows[1]!.variances], [0.00254775745, 0.001119618156], 11);
  for (const { variance, variances: own } of table.rows) expect(own[0]! + own[1]!).toBeCloseTo(variance, 14);
});

test("batches of 2: mu (2, 1), theta_0 (.2, -.1), T 3, eta 1, mean form", () => {
  const task = bandit({
    arms: [2, 1],
    updates: 3,
    batch: 2,
    rewardNoise: 0,
    rate: learnedRates(),
    init: () => f64([0.2, -0.1]),
  });
  const table = estimatorTable(task, { rates: f64(1) }, [
    lambda(2, "mean"),
    lambda(1, "mean"),
    lambda(0, "mean"),
    { hessian: "dice", ...lambda(0, "mean") },
    { hessian: "dice", ...lambda(2, "mean") },
    full,
  ]);
  expect(-table.loss).toBeCloseTo(1.657291063671, 11);
  expect(-table.exact[0]!).toBeCloseTo(0.015185445701, 11);
  near(
    ascent(table).flat(),
    [0.015185445701, 0.01560250572, 0.016019565738, 0.016307723153, 0.015473603116, 0.015185445701],
    11,
  );
});

describe("problem E: mu (2, 1, .5), theta_0 0, T 6, B 1, 729 sequences", () => {
  const task = bandit({ arms: [2, 1, 0.5], updates: 6, batch: 1, rewardNoise: 0, rate: learnedRates() });
  const at = (eta: number, settings: readonly MetaGradientSwitches[]) =>
    estimatorTable(task, { rates: f64(eta) }, settings);
  const J = (eta: number) => -exactMetaGradient(task, { rates: f64(eta) }).loss;
  const plain = (eta: number) =>
    plainReturn({ means: [2, 1, 0.5], start: [0, 0, 0], updates: 6, rate: () => Math.log1p(Math.exp(eta)) });

  test("J over eta, here and in plain float64", () => {
    const etas = [-2, -1, 0, 0.5, 1, 1.5, 2, 3, 4];
    const expected = [
      1.210248, 1.2733831, 1.3599933, 1.3893142, 1.3991314, 1.3905896, 1.3700812, 1.3184786, 1.2735759,
    ];
    near(etas.map(J), expected, 7);
    near(etas.map(J), etas.map(plain), 12);
  });

  test("C1: the exact gradient is that of the plain return by central differences of fourth order", () => {
    const h = 1e-3;
    const slope =
      (8 * (plain(1.5 + h) - plain(1.5 - h)) - (plain(1.5 + 2 * h) - plain(1.5 - 2 * h))) / (12 * h);
    expect(-at(1.5, []).exact[0]!).toBeCloseTo(slope, 10);
  });

  test("C1: the full correction is exact at every eta", () => {
    for (const eta of [-2, 0, 1, 1.5, 3]) {
      const { rows } = at(eta, [full, lambda(1, "mean")]);
      for (const { bias } of rows) expect(bias).toBeLessThan(1e-12);
    }
  });

  test("C2: at eta 1.5 naive and DiCE have the wrong sign, DiCE the larger error", () => {
    const table = at(1.5, [full, naive, dice, diceAndCorrection]);
    near(ascent(table).flat(), [-0.0315419264, 0.0074247752, 0.0074537668, -0.0260195674], 10);
    expect(table.rows[1]!.cosine).toBe(-1);
    expect(table.rows[2]!.bias).toBeGreaterThanOrEqual(table.rows[1]!.bias);
  });

  test("C3: where each expected estimator comes to rest, and what it returns there", () => {
    const rest = (switches: MetaGradientSwitches, low: number, high: number) => {
      for (let i = 0; i < 36; i++) {
        const middle = (low + high) / 2;
        if (-at(middle, [switches]).rows[0]!.mean[0]! > 0) low = middle;
        else high = middle;
      }
      return low;
    };
    const [sc, both, none, estimated] = [
      rest(full, 0.5, 1.5),
      rest(diceAndCorrection, 0.5, 1.5),
      rest(naive, 1.2, 2.5),
      rest(dice, 1.2, 2.5),
    ];
    near([sc, both, none, estimated], [0.9958661, 1.0524515, 1.7887275, 1.8331233], 6);
    near([sc, both, none, estimated].map(J), [1.3991321, 1.3990125, 1.3797307, 1.3777993], 6);
    expect(J(sc) - J(none)).toBeGreaterThan(0.015);
  });

  test("C4: variance rises with the coefficient while bias falls", () => {
    const table = at(
      1.5,
      [0, 0.2, 0.5, 0.8, 1].map((c) => lambda(c)),
    );
    near(variances(table), [0.0108349, 0.03196906, 0.09318025, 0.1898034, 0.27389214], 8);
    near(
      table.rows.map(({ bias }) => bias),
      [0.0389667, 0.03117336, 0.01948335, 0.00779334, 0],
      8,
    );
    expect(at(1.5, [dice]).rows[0]!.variance).toBeCloseTo(0.03159158, 8);
  });

  test("C5: a constant baseline is free, a mean of the agent's own past rewards is not", () => {
    const past = ({ pastReturns }: BaselineContext) => pastReturns;
    const table = at(1.5, [{ baseline: "constant" }, { baseline: past }]);
    expect(table.rows[0]!.bias).toBeLessThan(1e-12);
    expect(-table.rows[1]!.mean[0]!).toBeCloseTo(-0.0218446073, 10);
    near(variances(table), [0.03132831, 0.01417859], 8);
    expect(table.rows[1]!.warnings.join()).toMatch(/own past data/);
  });

  test("windows with uniform starts", () => {
    const table = at(
      1.5,
      [2, 3, 4, 5].flatMap((length) => [window(length, 0), window(length, 1)]),
    );
    near(
      ascent(table).flat(),
      [
        -0.0014274641, -0.0014274641, 0.0004566901, -0.0050577811, 0.002642033, -0.0107784162, 0.0048280787,
        -0.019163854,
      ],
      9,
    );
  });

  test("a window of the whole lifetime is no window, a meta-discount of 1 none, of 0 no correction", () => {
    const table = at(1.5, [full, window(6, 1), { metaDiscount: 1 }, naive, { metaDiscount: 0 }]);
    const means = ascent(table).flat();
    near([means[1]!, means[2]!, means[4]!], [means[0]!, means[0]!, means[3]!], 13);
  });
});

describe("initial parameters as eta: mu (1, .2, -.5), one inner step of size 1, return of the second batch", () => {
  const learner = (batch: number) =>
    bandit<Tensor>({
      arms: [1, 0.2, -0.5],
      updates: 2,
      batch,
      rewardNoise: 0,
      rate: () => tree.scalar(1, "float64"),
      init: (eta) => eta,
    });
  const eta = f64([0.1, -0.2, 0]);
  const last = { objective: "last" } as const;

  test("one sample: MAML without and with correction, DiCE, first order", () => {
    const table = estimatorTable(learner(1), eta, [
      { ...last, ...full },
      { ...last, ...naive },
      { ...last, ...dice },
      { ...last, ...diceAndCorrection },
      { ...last, ...naive, hessian: "firstOrder" },
    ]);
    expect(-table.loss).toBeCloseTo(0.408686519704, 11);
    near([...table.exact], [-0.295208781337, 0.086297937053, 0.208910844284], 11);
    near(
      ascent(table).flat(),
      [
        [0.295208781337, -0.086297937053, -0.208910844284],
        [0.245819201778, -0.043872785636, -0.201946416142],
        [0.294317953126, -0.084064559115, -0.210253394011],
        [0.343707532685, -0.126489710532, -0.217217822152],
        [0.272402585972, -0.048884077627, -0.223518508345],
      ].flat(),
      11,
    );
    near(variances(table).slice(0, 4), [0.396984, 0.12467774, 0.14537893, 0.49737454], 7);
  });

  test("two samples: E-MAML's term is half of the correction", () => {
    const table = estimatorTable(learner(2), eta, [
      { ...last, ...full },
      { ...last, ...lambda(1, "mean") },
    ]);
    expect(-table.loss).toBeCloseTo(0.408017136334, 11);
    near(
      ascent(table).flat(),
      [
        [0.300710335511, -0.089212593618, -0.211497741894],
        [0.276156663141, -0.067921694817, -0.208234968324],
      ].flat(),
      11,
    );
  });
});

test("with two updates and eta in the step size only, the correction has no effect", () => {
  const task = bandit({ arms: [1, 0.2, -0.5], updates: 2, batch: 1, rewardNoise: 0, rate: learnedRates() });
  const table = estimatorTable(task, { rates: f64(0.5) }, [naive, lambda(0.3), full]);
  // c at the second update is the log-probability of the first batch, which no step size touches.
  for (const { bias } of table.rows) expect(bias).toBeLessThan(1e-14);
});

test("errors say what is missing", () => {
  const noisy = bandit({ arms: [1, 2], rewardNoise: 1 });
  expect(() => exactMetaGradient(noisy, { rates: f64([1, 1]) })).toThrow(/task must be enumerable/);
  const small = bandit({ arms: [1, 2], updates: 2, batch: 1, rewardNoise: 0, rate: learnedRates() });
  const eta = { rates: f64(1) };
  expect(() => estimatorTable(small, eta, [{ baseline: "leaveOneOut" }])).toThrow(/baseline must be/);
  const broken = {
    ...small,
    enumerate: () => ({ ...small.enumerate!({ means: f64([1, 2]) }), logChance: [0, -1] }),
  };
  expect(() => exactMetaGradient(broken, eta)).toThrow(/probabilities sum to 1/);
  const large = bandit({ arms: [1, 2], updates: 30, batch: 1, rewardNoise: 0, rate: learnedRates() });
  expect(() => exactMetaGradient(large, eta)).toThrow(/at most 400000 lifetimes/);
});
