/** Normal numbers and vectors, and Student's t. Values: torch.distributions 1.13 in float64, and mpmath 1.3 for Student's t. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, jit, jvp, np, random, vmap } from "../array/index.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { compiled } from "../unroll/index.ts";
import { diagonalNormal, independent, multivariateNormal, normal, studentT } from "./index.ts";
import { drawsOf, expectClose, expectMean, wide } from "./testing.ts";

const mean = wide([0.5, -1, 2]);
const sd = wide([0.7, 2.5, 1e-3]);
const logProbs = [-9.745937058653697, -1.9704292650788278, -12499994.011183254];

describe("normal", () => {
  test("log-density and entropy", () => {
    const x = wide([-2.5, 0.3, 7]);
    expectClose(normal({ mean, sd }).logProb(x), logProbs);
    expectClose(normal({ mean, logSd: np.log(sd) }).logProb(x), logProbs);
    const entropies = [1.0622635892659402, 2.3352292650788278, -5.488816745777465];
    expectClose(normal({ mean, sd }).entropy(), entropies);
    expectClose(normal({ mean, logSd: np.log(sd) }).entropy(), entropies);
    expectClose(diagonalNormal({ mean, sd }).logProb(x), [logProbs[0]! + logProbs[1]! + logProbs[2]!]);
    const narrow = normal({ mean: mean.astype("float32"), sd: sd.astype("float32") });
    expectClose(narrow.logProb(x.astype("float32")), logProbs, 1e-5);
  });

  test("plain numbers take the dtype of what they meet", () => {
    const law = normal({ mean: 0, sd: 0.1 });
    expect(law.sample(random.key(0)).dtype).toBe("float32");
    // sd is 0.1 in float64, not the float32 next to it.
    expectClose(law.logProb(wide(0.3)), [-4.5 - Math.log(0.1) - Math.log(2 * Math.PI) / 2], 1e-15);
    expect(normal({ mean: wide(0), sd: 0.1 }).sample(random.key(0), [2]).dtype).toBe("float64");
  });

  test("draws have the shape asked for, mean and variance", () => {
    const law = normal({ mean: [[1], [-2]], sd: [0.5, 2, 3] });
    expect([law.batchShape, law.eventShape]).toEqual([[2, 3], []]);
    const draws = drawsOf(law, 3, 20_000);
    expect(draws.shape).toEqual([20_000, 2, 3]);
    expectMean(draws, [...law.mean().data]);
    expectMean(np.square(draws.sub(law.mean())), [...law.variance().data]);
  });

  test("draws carry derivatives, and everything maps", () => {
    const draw = (m: Tensor, s: Tensor) => normal({ mean: m, logSd: s }).sample(random.key(1), [3]).sum();
    // Draws are float32 inside, whose last digits differ between programs.
    const noise = random.normal(random.key(1), [3], { dtype: "float64" }).sum().item();
    expect(grad(draw)(wide(0.2), wide(0.3)).item()).toBe(3);
    expectClose(jvp(draw, [wide(0.2), wide(0.3)], [wide(0), wide(1)])[1], [Math.exp(0.3) * noise], 1e-6);
    const each = vmap(([m, s]: [Tensor, Tensor]) =>
      diagonalNormal({ mean: m.reshape([1]), sd: s }).logProb(m.reshape([1]).add(1)),
    );
    expectClose(jit(each)([mean, sd]), [...normal({ mean, sd }).logProb(mean.add(1)).data]);
  });

  test("far values give -Infinity, and derivatives that are not NaN", () => {
    const at = (x: Tensor, m: Tensor, s: Tensor) => normal({ mean: m, sd: s }).logProb(x);
    for (const x of [1e200, Infinity, -Infinity]) {
      expect(at(wide(x), wide(0), wide(1)).item()).toBe(-Infinity);
      const slopes = [0, 1, 2].map((argnums) => grad(at, argnums)(wide(x), wide(0), wide(1)) as Tensor);
      for (const slope of slopes) expect(slope.item()).not.toBeNaN();
    }
  });
});

describe("multivariateNormal", () => {
  const centre = wide([0.5, -1]);
  const covariance = wide([
    [2, 0.6],
    [0.6, 0.5],
  ]);
  const x = wide([
    [1, 2],
    [0, -1],
  ]);
  const expected = [-14.368639765095132, -1.7123897650951359];

  test("log-density and entropy, by covariance and by its factor", () => {
    const law = multivariateNormal({ mean: centre, covariance });
    expectClose(law.logProb(x), expected);
    expectClose(law.entropy(), [2.6147335150951356]);
    const { scaleTril } = law.parameters;
    // What is above the diagonal is not read.
    const factor = scaleTril.add(
      wide([
        [0, 7],
        [0, 0],
      ]),
    );
    expectClose(multivariateNormal({ mean: centre, scaleTril: factor }).logProb(x), expected);
    expectClose(law.variance(), [2, 0.5]);
  });

  test("batches of means and of matrices broadcast", () => {
    const both = np.stack([covariance, covariance.mul(4)]);
    const law = multivariateNormal({
      mean: np.stack([centre, centre.mul(0)]).reshape([2, 1, 2]),
      covariance: both,
    });
    expect([law.batchShape, law.eventShape]).toEqual([[2, 2], [2]]);
    const each = [0, 1].flatMap((i) =>
      [0, 1].map(
        (j) =>
          multivariateNormal({ mean: centre.mul(1 - i), covariance: covariance.mul(1 + 3 * j) }).logProb(x)
            .data,
      ),
    );
    const found = law.logProb(x.reshape([2, 1, 1, 2]));
    expect(found.shape).toEqual([2, 2, 2]);
    expectClose(
      found,
      [0, 1].flatMap((k) => each.map((data) => data[k]!)),
    );
  });

  test("the derivative by the covariance is ((z zᵀ) - C⁻¹) / 2", () => {
    const at = (c: Tensor) => multivariateNormal({ mean: centre, covariance: c }).logProb(x.slice(0));
    // C⁻¹ = [[0.5, -0.6], [-0.6, 2]] / 0.64; z = C⁻¹ (0.5, 3).
    const z = [(0.25 - 1.8) / 0.64, (-0.3 + 6) / 0.64];
    const off = (z[0]! * z[1]! + 0.6 / 0.64) / 2;
    expectClose(
      grad(at)(covariance),
      [(z[0]! ** 2 - 0.5 / 0.64) / 2, off, off, (z[1]! ** 2 - 2 / 0.64) / 2],
      1e-11,
    );
    expectClose(jit(grad(at))(covariance), [...grad(at)(covariance).data], 1e-13);
  });

  test("an infinite element gives -Infinity, NaN stays, and no derivative becomes NaN", () => {
    const at = (c: Tensor, value: Tensor) =>
      multivariateNormal({ mean: centre, covariance: c }).logProb(value);
    const diagonal = wide([
      [1, 0],
      [0, 2],
    ]);
    const far = wide([Infinity, 0]);
    expect(at(diagonal, far).item()).toBe(-Infinity);
    expect(at(diagonal, wide([NaN, 0])).item()).toBeNaN();
    for (const argnums of [0, 1])
      expect((grad(at, argnums)(diagonal, far) as Tensor).data.some(Number.isNaN)).toBe(false);
  });

  test("draws have the covariance", () => {
    const draws = drawsOf(multivariateNormal({ mean: centre, covariance }), 5, 20_000);
    const from = draws.sub(centre);
    const products = from.reshape([-1, 2, 1]).mul(from.reshape([-1, 1, 2]));
    expectMean(draws, [0.5, -1]);
    expectMean(products, [...covariance.data]);
  });
});

describe("studentT", () => {
  const law = studentT({
    df: wide([2, 0.7, 50, 1e6]),
    loc: wide([0, 1, -1, 0.2]),
    scale: wide([1, 0.3, 2, 0.1]),
  });

  test("log-density and entropy", () => {
    expectClose(
      law.logProb(wide([1, -4, 3, 0.5])),
      [-1.6479184330021646, -5.10615200374313, -3.5795919295623633, -3.1163379403118756],
      1e-13,
    );
    expectClose(
      law.entropy(),
      [1.9602792291600821, 1.8164710077632242, 2.1321843614057077, -0.8836455597891228],
      1e-9,
    );
  });

  test("far values: the tail's power, and derivatives that are not NaN", () => {
    const at = (x: Tensor, scale: Tensor) => studentT({ df: 3, scale }).logProb(x);
    const slopes = (x: Tensor) => [0, 1].map((argnums) => (grad(at, argnums)(x, wide(1)) as Tensor).item());
    // log p(x) -> constant - (df + 1) log |x|, with the derivatives -(df + 1) / x and df by the logarithm of the scale.
    for (const x of [1e7, 1e30, 1e200]) {
      const ratio = at(wide(x), wide(1))
        .sub(at(wide(10 * x), wide(1)))
        .item();
      expect(ratio).toBeCloseTo(4 * Math.LN10, 11);
      const [byX, byScale] = slopes(wide(x));
      expect(byX! * x).toBeCloseTo(-4, 11);
      expect(byScale).toBeCloseTo(3, 11);
    }
    expect(slopes(np.array(1e30)).some(Number.isNaN)).toBe(false);
    expect(at(wide(-Infinity), wide(1)).item()).toBe(-Infinity);
    expect(slopes(wide(-Infinity)).some(Number.isNaN)).toBe(false);
    expect(at(wide(NaN), wide(1)).item()).toBeNaN();
  });

  test("moments by its degrees of freedom", () => {
    expect(law.mean().toArray()).toEqual([0, NaN, -1, 0.2]);
    expect(
      studentT({ df: [1.5, 3], scale: 2 })
        .variance()
        .toArray(),
    ).toEqual([Infinity, 12]);
  });

  test("draws have the variance", () => {
    const heavy = studentT({ df: 9, loc: 1, scale: 2 });
    const draws = drawsOf(heavy, 11, 20_000);
    expectMean(draws, [1]);
    expectMean(np.square(draws.sub(1)), [(4 * 9) / 7]);
  });

  test("derivatives of draws by scale and location are those of the formula", () => {
    const draw = (loc: Tensor, scale: Tensor) => studentT({ df: 3, loc, scale }).sample(random.key(2));
    const drawn = draw(wide(0), wide(1)).item();
    expect(
      compiled("slope", (at: Tensor) => grad(draw, 1)(at, at.mul(5)) as Tensor)(wide(0.4)).item(),
    ).toBeCloseTo(drawn, 6);
  });
});

describe("independent", () => {
  test("sums log-densities and entropies over axes", () => {
    const base = normal({ mean: np.zeros([4, 3, 2]), sd: wide([1, 2]) });
    const law = independent(base, 2);
    expect([law.batchShape, law.eventShape]).toEqual([[4], [3, 2]]);
    const x = random.normal(random.key(0), [5, 4, 3, 2], { dtype: "float64" });
    expectClose(law.logProb(x), [...base.logProb(x).sum([2, 3]).data]);
    expect(law.logProb(x).shape).toEqual([5, 4]);
    expectClose(law.entropy(), [...base.entropy().sum([1, 2]).data]);
  });
});

test.each([
  [() => normal({ mean: 0, sd: -1 }), OptionError, /normal: sd must be a finite number above 0, got -1/],
  [() => normal({ mean: 0, sd: [1, NaN] }), OptionError, /got NaN/],
  [() => normal({ mean: NaN, sd: 1 }), OptionError, /normal: mean must be a finite number, got NaN/],
  [() => normal({ mean: 0, logSd: -Infinity }), OptionError, /logSd must be a finite number, got -Infinity/],
  [
    () => diagonalNormal({ mean: [0, Infinity], sd: 1 }),
    OptionError,
    /diagonalNormal: mean must be a finite/,
  ],
  [() => studentT({ df: 1, loc: NaN }), OptionError, /loc must be a finite number, got NaN/],
  [() => multivariateNormal({ mean: [0, NaN], covariance: np.eye(2) }), OptionError, /mean must be a finite/],
  [
    () => multivariateNormal({ mean: [0, 0], covariance: [[1, 1], [1, 1]] }), // prettier-ignore
    OptionError,
    /covariance must be symmetric and positive definite.*nearly singular/,
  ],
  // Its second pivot is made of rounding alone.
  [() => multivariateNormal({ mean: [0, 0], covariance: [[0.1, 0.3], [0.3, 0.9]] }), OptionError, /nearly/], // prettier-ignore
  [
    () => multivariateNormal({ mean: [0, 0], scaleTril: [[1, 0], [NaN, 1]] }), // prettier-ignore
    OptionError,
    /lower triangle of scaleTril must be a finite number, got NaN/,
  ],
  [() => normal({ loc: 0, scale: 1 } as never), OptionError, /got "loc"\. Here it is mean\./],
  [() => normal({ mean: 0, std: 1 } as never), OptionError, /got "std"\. Here it is sd\./],
  [
    () => normal({ mean: 0 } as never),
    OptionError,
    /sd or logSd must be given, exactly one of them, got "none of them"/,
  ],
  [() => normal({ mean: "0", sd: 1 } as never), OptionError, /mean must be a tensor, a number/],
  [() => normal({ mean: [0, 1], sd: [1, 2, 3] }), ShapeError, /shapes \[2\] and \[3\] do not broadcast/],
  [
    () => normal({ mean: 0, sd: 1 }).sample(random.key(0), 5 as never),
    OptionError,
    /shape must be a list of lengths, got 5\. Write \[5\]\./,
  ],
  [() => diagonalNormal({ mean: 0, sd: 1 }), ShapeError, /Of numbers there is normal/],
  [
    () => diagonalNormal({ mean: [0, 1], sd: 1 }).logProb(np.zeros([3])),
    ShapeError,
    /x must be \[\.\.\., 2\]/,
  ],
  [
    () =>
      multivariateNormal({
        mean: [0, 0],
        covariance: [
          [1, 2],
          [2, 1],
        ],
      }),
    OptionError,
    /symmetric and positive definite/,
  ],
  [
    () =>
      multivariateNormal({
        mean: [0, 0],
        covariance: [
          [1, 0.5],
          [0, 1],
        ],
      }),
    OptionError,
    /symmetric and positive definite/,
  ],
  [
    () =>
      multivariateNormal({
        mean: [0, 0],
        scaleTril: [
          [1, 0],
          [1, -1],
        ],
      }),
    OptionError,
    /the diagonal of scaleTril must be above 0, got -1/,
  ],
  [() => multivariateNormal({ mean: [0, 0], covariance: [1, 1] }), ShapeError, /covariance \[\.\.\., d, d\]/],
  [() => multivariateNormal({ loc: [0], covariance_matrix: [[1]] } as never), OptionError, /Here it is mean/],
  [() => studentT({ df: 0 }), OptionError, /df must be a finite number above 0, got 0/],
  [() => independent(normal({ mean: 0, sd: 1 }), 1), OptionError, /at most the 0 batch axes of normal/],
] as const)("wrong arguments are typed errors, row %#", (make, kind, text) => {
  expect(make).toThrow(kind);
  expect(make).toThrow(text);
});

test("numbers of very different sizes are no reason to call a covariance singular", () => {
  const covariance = np.diag(np.array([1, 1e-20], { dtype: "float64" })) as Tensor;
  const law = multivariateNormal({ mean: [0, 0], covariance });
  expect(law.logProb(np.zeros([2])).item()).toBeCloseTo(10 * Math.LN10 - Math.log(2 * Math.PI), 12);
});
