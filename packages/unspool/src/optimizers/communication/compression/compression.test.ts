/** Compressors against their definitions, in float64, and what holds for all of the registry. */
import { describe, expect, test } from "vitest";
import { type Key, type Tensor, np, random, tree, vmap } from "../../../array/index.ts";
import { compiled } from "../../../unroll/index.ts";
import { expectClose, expectSameBits, f32, f64, numbers, throughData } from "../../testing.ts";
import type { Compressor } from "./compressor.ts";
import { type DeepGradientCompressionState, deepGradientCompression } from "./deepGradientCompression.ts";
import { errorFeedback } from "./errorFeedback.ts";
import { naturalCompression } from "./naturalCompression.ts";
import { noCompression } from "./noCompression.ts";
import { oneBit } from "./oneBit.ts";
import { type PowerSgdState, powerSgd } from "./powerSgd.ts";
import { qsgd, randomLevels } from "./qsgd.ts";
import { randomK } from "./randomK.ts";
import { reduceOver } from "./reduceOver.ts";
import { compressorNames, compressors, createCompressor } from "./registry.ts";
import { scaledSign } from "./scaledSign.ts";
import { largest } from "./selection.ts";
import { ternGrad, ternary } from "./ternGrad.ts";
import { topK } from "./topK.ts";

const key = random.key(7);
// The oracle vectors of hand computations below.
const g = f64([0.5, -1.5, 0.25, 2, -0.75]);
const g2 = f64([-0.2, 0.1, 0.3, -0.4, 0.6]);
const u = f64([0.1, 0.6, 0.9, 0.3, 0.5]);

function decode(compressor: Compressor, gradient: Tensor, from: Key = key): Tensor {
  return compressor.compress(gradient, compressor.init(gradient), from).decoded;
}

describe("values by hand", () => {
  test("QSGD with 4 levels: r = 4|g|/‖g‖ = (.749, 2.248, .375, 2.997, 1.124), rounded up where u is below the rest", () => {
    const norm = np.sqrt(g.mul(g).sum());
    const decoded = norm
      .mul(np.sign(g))
      .mul(randomLevels(g, norm, 4, u))
      .div(4);
    expectClose(decoded, [0.6673173908, -1.3346347815, 0, 2.0019521723, -0.6673173908], 1e-10);
  });
  test("TernGrad: all or nothing of the largest", () => {
    expectClose(ternary(g, f64(2), u).mul(2), [2, -2, 0, 2, 0]);
  });
  test("given draws take the place of the key's, leaf by leaf", () => {
    const tree_ = { a: g, b: g.mul(0) };
    const draws = { a: u, b: u };
    const sent = (compressor: Compressor) => compressor.compress(tree_, compressor.init(tree_), key).decoded;
    const levels = sent(qsgd({ levels: 4, draws }));
    expectClose(levels.a, [0.6673173908, -1.3346347815, 0, 2.0019521723, -0.6673173908], 1e-10);
    expectClose(levels.b, [0, 0, 0, 0, 0]);
    // Buckets of 2 have norms of their own: r of the last is |g| / |g| · 4, which no draw rounds.
    expectClose(sent(qsgd({ levels: 4, bucket: 2, draws })).a.slice(4), [-0.75]);
    expectClose(sent(ternGrad({ clip: null, draws })).a, [2, -2, 0, 2, 0]);
    expect(() => sent(qsgd({ draws: { a: u } }))).toThrow(
      'qsgd: draws at "b" must be numbers [5], as the gradient has there, got undefined.',
    );
    expect(() => qsgd({ draws: () => u })).toThrow("qsgd: draws must be null, or numbers in the structure");
    expect(() => sent(ternGrad({ draws: { a: u, b: f64([1]) } }))).toThrow(
      'draws at "b" must be numbers of at least 0 and below 1',
    );
  });
  test("a rank above the shape, and a gradient of integers, are typed errors", () => {
    const small = { w: f64([1, 2, 3, 4, 5, 6]).reshape([2, 3]), b: g };
    expect(() => powerSgd({ rank: 3 }).init(small)).toThrow(
      "powerSgd: rank must be at most 2, the shorter side of the largest matrix, got 3. With a larger one every matrix is sent whole.",
    );
    expect(() => powerSgd({ rank: 2 }).init(small)).not.toThrow();
    const integers = { n: np.array([1, 2], { dtype: "int32" }) };
    for (const name of compressorNames)
      expect(
        () => createCompressor(name).compress(integers, createCompressor(name).init(integers), key),
        name,
      ).toThrow(/the dtype of the gradient at "n" must be float32 or float64, got "int32"/);
  });
  test("scaled sign: ‖g‖₁ / n = 1", () => {
    const sent = errorFeedback(scaledSign()).compress(g, errorFeedback(scaledSign()).init(g), key);
    expectClose(sent.decoded, [1, -1, 1, 1, -1]);
    expectClose(sent.state.error, [-0.5, -0.5, -0.75, 1, 0.25]);
    expect(sent.bytes.item()).toBe(1 + 8);
  });
  test("one bit: means of the upper and of the lower half, twice with error feedback", () => {
    const compressor = errorFeedback(oneBit());
    const first = compressor.compress(g, compressor.init(g), key);
    expectClose(first.decoded, [0.9166666667, -1.125, 0.9166666667, 0.9166666667, -1.125], 1e-10);
    const second = compressor.compress(g2, first.state, key);
    expectClose(
      second.decoded,
      [-0.4194444444, -0.4194444444, -0.4194444444, 0.8291666667, 0.8291666667],
      1e-10,
    );
  });
  test("one bit of a matrix has two values per column", () => {
    const matrix = f64([1, -2, 3, 4, -1, -4]).reshape([3, 2]);
    expectClose(decode(oneBit(), matrix), [2, -3, 2, 4, -1, -3]);
  });
  test("top-2 with error feedback on updates of SGD, η = 0.1: what was sent is the sum of updates but for e", () => {
    const compressor = errorFeedback(topK({ fraction: 0.4 }));
    let [state, w] = [compressor.init(g), np.zerosLike(g)];
    const places = [g, g2, f64([0.3, 0.3, 0.3, 0.3, 0.3])].map((gradient) => {
      const sent = compressor.compress(gradient.mul(0.1), state, key);
      [state, w] = [sent.state, w.sub(sent.decoded)];
      const leaf = sent.message as { "": { places: Tensor; values: Tensor } };
      return [...leaf[""].places.data];
    });
    expect(places).toEqual([
      [1, 3],
      [2, 3],
      [0, 1],
    ]);
    expectClose(w, [-0.06, 0.11, -0.055, -0.16, 0]);
    expectClose(state.error, [0, 0, 0.03, 0.03, 0.015]);
    const total = g.add(g2).add(0.3).mul(-0.1);
    expectClose(w.sub(state.error as Tensor), numbers(total));
  });
  test("deep gradient compression, momentum 0.9, 2 of 5", () => {
    const compressor = deepGradientCompression({ fraction: 0.4 });
    const first = compressor.compress(g, compressor.init(g), key);
    expectClose(first.decoded, [0, -1.5, 0, 2, 0]);
    expectClose(compressor.compress(g2, first.state, key).decoded, [0, 0, 0.775, 0, -0.825]);
  });
  test("deep gradient compression clips to clipNorm / √workers, and sends less from stage to stage", () => {
    const [clip, n] = [deepGradientCompression({ fraction: 1, clipNorm: 4, workers: 4 }), 4096];
    // ‖g‖ = √7.125, cut to 4 / √4.
    expectClose(decode(clip as never, g), numbers(g.mul(2 / Math.sqrt(7.125))));
    const compressor = deepGradientCompression({ fraction: 0.001, warmupStageSteps: 2 });
    const step = compiled("dgc", (gradient: Tensor, state: DeepGradientCompressionState) =>
      compressor.compress(gradient, state, key),
    );
    let state = compressor.init(np.zeros([n]));
    const gradient = random.normal(key, [n]);
    const bytes = Array.from({ length: 10 }, () => {
      const sent = step(gradient, state);
      state = sent.state;
      return sent.bytes.item();
    });
    expect(bytes).toEqual([1024, 1024, 256, 256, 64, 64, 16, 16, 4, 4].map((k) => 8 * k));
  });
  test("PowerSGD of rank 1 from ones; its warm-started iterations end at the second singular value", () => {
    const matrix = f64([1, 2, 0, 0, -1, 3]).reshape([2, 3]);
    const compressor = powerSgd({ rank: 1 });
    let state: PowerSgdState = { bases: { "": np.ones([3, 1], { dtype: "float64" }) } };
    const first = compressor.compress(matrix, state, key);
    const expected = [0.6923076923, 0.9230769231, 1.3846153846, 0.4615384615, 0.6153846154, 0.9230769231];
    expectClose(first.decoded, expected, 1e-10);
    const errorOf = (decoded: Tensor) => Math.hypot(...numbers(matrix.sub(decoded)));
    expect(errorOf(first.decoded)).toBeCloseTo(3.2105595, 6);
    const step = compiled("power", (from: PowerSgdState) => compressor.compress(matrix, from, key));
    for (let i = 0; i < 16; i++) state = step(state).state;
    expect(errorOf(step(state).decoded)).toBeCloseTo(2.0732674409, 8);
    // A matrix [2, 3] is no longer than rank 2 (2 + 3) numbers: sent whole.
    expectClose(decode(powerSgd({ rank: 2 }) as never, matrix), numbers(matrix));
  });
  test("PowerSGD goes on after a zero gradient", () => {
    const matrix = random.normal(key, [8, 8]);
    const compressor = powerSgd({ rank: 2 });
    const still = compressor.compress(np.zerosLike(matrix), compressor.init(matrix), key);
    expect(numbers(still.decoded).every((x) => x === 0)).toBe(true);
    const moved = compressor.compress(matrix, still.state, key).decoded;
    expect(numbers(moved).some((x) => x !== 0)).toBe(true);
  });
  test("natural compression gives neighbouring powers of two, and powers of two themselves", () => {
    for (const [x, values] of [
      [0.75, [0.5, 1]],
      [-5, [-4, -8]],
      [0.125, [0.125]],
      [0, [0]],
    ] as const) {
      const drawn = numbers(decode(naturalCompression(), f32(Array.from({ length: 64 }, () => x))));
      expect([...new Set(drawn)].toSorted()).toEqual(values.map((v) => v).toSorted());
    }
  });
  test("sizes: Elias' gamma code of ξ + 1 and signs for QSGD, bytes of 4 per number in float32", () => {
    // ‖(3, 0, 4, 0)‖ = 5 with 5 levels: ξ = (3, 0, 4, 0) whatever u, codes of 4, 1, 5, 1: 5 + 1 + 5 + 1 bits, 2 signs.
    const sent = qsgd({ levels: 5 }).compress(f32([3, 0, 4, 0]), {}, key);
    expectClose(sent.decoded, [3, 0, 4, 0], 1e-6);
    expect(sent.bytes.item()).toBe((12 + 2 + 32) / 8);
    const bytes = (name: string, options = {}) => {
      const compressor = createCompressor({ name, ...options });
      const leaf = random.normal(key, [50, 20]);
      return compressor.compress(leaf, compressor.init(leaf), key).bytes.item();
    };
    expect(bytes("noCompression")).toBe(4000);
    expect(bytes("majorityVote")).toBe(125);
    expect(bytes("scaledSign")).toBe(129);
    expect(bytes("oneBit")).toBe(125 + 2 * 20 * 4);
    expect(bytes("ternGrad")).toBe(254);
    expect(bytes("naturalCompression")).toBe(1125);
    expect(bytes("topK", { fraction: 0.01 })).toBe(80);
    expect(bytes("randomK", { fraction: 0.01 })).toBe(40);
    expect(bytes("powerSgd", { rank: 2 })).toBe(4 * 2 * 70);
  });
});

test("the k largest, ties by index, are those of sorting, in float32 and float64", () => {
  const draws = random.randint(key, [300], 0, 40);
  for (const dtype of ["float32", "float64"] as const) {
    const x = draws.astype(dtype).div(7);
    for (const k of [1, 57, 300]) {
      const order = numbers(x)
        .map((value, i) => [value, i] as const)
        .toSorted(([a, i], [b, j]) => b - a || i - j)
        .slice(0, k)
        .map(([, i]) => i);
      const kept = numbers(largest(x, k)).flatMap((is, i) => (is ? [i] : []));
      expect(kept).toEqual(order.toSorted((a, b) => a - b));
    }
  }
});

describe("unbiased where it says so", () => {
  const draws = 4096;
  /** Exact standard deviations of one draw by the definitions, for a vector in one bucket. */
  const cases: [string, Compressor, (x: number[]) => number[]][] = [
    ...[1, 4, 16].map((levels): [string, Compressor, (x: number[]) => number[]] => [
      `qsgd ${levels}`,
      qsgd({ levels }) as Compressor,
      (x) => {
        const norm = Math.hypot(...x);
        return x.map((value) => {
          const r = (levels * Math.abs(value)) / norm;
          const part = r - Math.floor(r);
          return (norm / levels) ** 2 * part * (1 - part);
        });
      },
    ]),
    [
      "ternGrad",
      ternGrad({ clip: null }) as Compressor,
      (x) => x.map((value) => Math.abs(value) * (2 - Math.abs(value))),
    ],
    [
      "naturalCompression",
      naturalCompression() as Compressor,
      (x) =>
        x.map((value) => {
          const low = 2 ** Math.floor(Math.log2(Math.abs(value)));
          return (Math.abs(value) - low) * (2 * low - Math.abs(value));
        }),
    ],
    ["randomK", randomK({ fraction: 0.4 }) as Compressor, (x) => x.map((value) => value * value * (2.5 - 1))],
  ];
  const variances: Record<string, number> = {
    "qsgd 1": 6.221347815,
    "qsgd 4": 0.3206315104,
    "qsgd 16": 0.0145605866,
    ternGrad: 2.875,
  };
  // 4096 draws see a bias of 6 % of the deviation of one draw with probability above 0.4, of 10 % above 0.99.
  test.each(cases)(
    "%s: mean within 4 standard errors, variance as computed",
    (name, compressor, variance) => {
      const program = compiled(
        name,
        vmap((own: Key) => compressor.compress(g, compressor.init(g), own).decoded),
      );
      const drawn = program(random.split(key, draws));
      expect(compressor.isUnbiased).toBe(true);
      const expected = variance(numbers(g));
      const total = expected.reduce((sum, x) => sum + x, 0);
      if (variances[name] !== undefined) expect(total).toBeCloseTo(variances[name], 7);
      const error = numbers(drawn.mean(0).sub(g));
      error.forEach((off, i) => {
        expect(Math.abs(off)).toBeLessThanOrEqual(4 * Math.sqrt(expected[i]! / draws) + 1e-12);
      });
      // 8 % is more than 4 standard errors: the squares of a draw deviate by at most about their mean.
      const spread = numbers(drawn.sub(g).mul(drawn.sub(g)).mean(0)).reduce((sum, x) => sum + x, 0);
      expect(Math.abs(spread / total - 1)).toBeLessThan(0.08);
    },
  );
});

describe.each(compressors.map((entry) => [entry.name, entry] as const))("%s", (name, entry) => {
  const make = (hasFeedback: boolean) => createCompressor({ name, errorFeedback: hasFeedback });

  test("keeps structure, dtypes and integer leaves; zeros stay zeros; the size is a float64 scalar", () => {
    const theta = {
      a: f64([1, -2, 3, 0.5]).reshape([2, 2]),
      b: f32([0.25, -1]),
      index: np.array([3, 1], { dtype: "int32" }),
    };
    for (const hasFeedback of [false, true]) {
      const compressor = make(hasFeedback);
      const sent = compressor.compress(theta, compressor.init(theta), key);
      tree.requireSame(name, "decoded", theta, sent.decoded);
      tree.requireSame(name, "state", compressor.init(theta), sent.state);
      expectSameBits(sent.decoded.index, theta.index);
      expect([sent.bytes.dtype, sent.bytes.ndim]).toEqual(["float64", 0]);
      const zero = tree.map(np.zerosLike, theta);
      const nothing = compressor.compress(zero, compressor.init(zero), key);
      expect(numbers(nothing.decoded).every((x) => x === 0)).toBe(true);
      expect(tree.isFinite(nothing.state)).toBe(true);
    }
  });

  test("the same key gives the same bits, through a copy of its state too; compiled it gives the same", () => {
    const compressor = make(true);
    const theta = { a: random.normal(key, [6, 5]), b: random.normal(random.key(8), [7]) };
    const first = compressor.compress(theta, compressor.init(theta), random.key(1));
    const [one, two] = [first.state, throughData(first.state)].map((state) =>
      compressor.compress(theta, state, random.key(2)),
    );
    expectSameBits(one!.decoded, two!.decoded);
    const program = compiled(name, (state: typeof first.state) =>
      compressor.compress(theta, state, random.key(2)),
    );
    expectClose(program(first.state).decoded, numbers(one!.decoded), 1e-5);
  });

  test("with error feedback what was sent and what is left make the sum of gradients, for 3 workers too", () => {
    const compressor = make(true);
    const workers = 3;
    const gradientAt = (t: number) => ({
      a: random.normal(random.key(t), [workers, 6, 5], { dtype: "float64" }),
    });
    const like = { a: np.zeros([6, 5], { dtype: "float64" }) };
    let states = tree.map((leaf) => np.stack([leaf, leaf, leaf]) as Tensor, compressor.init(like));
    let [sent, given] = [np.zeros([6, 5], { dtype: "float64" }), np.zeros([6, 5], { dtype: "float64" })];
    for (let t = 0; t < 2; t++) {
      const gradients = gradientAt(t);
      const reduced = reduceOver(compressor, gradients, states, random.key(t));
      states = reduced.states;
      // The vote is not the mean of the messages.
      sent = sent.add(name === "majorityVote" ? reduced.decoded.a.mean(0) : reduced.mean.a);
      given = given.add(gradients.a.mean(0));
    }
    if (name === "deepGradientCompression") return;
    const { error } = states as { error: { a: Tensor } };
    expectClose(sent.add(error.a.mean(0)), numbers(given), 1e-12);
  });

  test("lists its options, and refuses others", () => {
    expect(entry.summary).toMatch(/\S/);
    expect(createCompressor({ name, ...entry.defaults }).name).toBe(name);
    if (Object.keys(entry.defaults).length > 0) {
      expect(() => createCompressor({ name, nothing: 1 })).toThrow(/name of an option/);
    }
  });
});

test("wrong options are typed errors", () => {
  expect(() => createCompressor("topk")).toThrow(/Did you mean "topK"/);
  expect(() => topK({ fraction: 0 })).toThrow(/topK: fraction must be .* got 0/);
  expect(() => powerSgd({ rank: 0 })).toThrow(/rank/);
  expect(() => qsgd({ levels: 0.5 })).toThrow(/levels/);
  expect(() => naturalCompression({ mantissaBits: 23 })).toThrow(/mantissaBits/);
  expect(() => errorFeedback(noCompression(), { units: "bytes" as never })).toThrow(/units/);
  expect(() => errorFeedback({} as never)).toThrow(/compressor/);
  expect(new Set(compressorNames).size).toBe(compressorNames.length);
});

test("majority vote of three workers", () => {
  const compressor = createCompressor("majorityVote");
  const gradients = f64([1, -2, 0, 3, 5, 0, -1, -1, 1]).reshape([3, 3]);
  expectClose(reduceOver(compressor, gradients, {}, key).mean, [1, -1, 1]);
});
