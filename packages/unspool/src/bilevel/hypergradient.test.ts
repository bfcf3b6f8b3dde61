/**
 * Hypergradients on a least-squares problem with a singular Hessian. Expected numbers without another source: NumPy in
 * float64, printed to twelve digits, from the formulas of each kind.
 */
import { describe, expect, test } from "vitest";
import { type Tensor, np, scan, tree } from "../array/index.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { hypergradient } from "./hypergradient.ts";
import type { HypergradientOptions } from "./hypergradientOptions.ts";
import { responseSpectrum, spectralFilter } from "./responseSpectrum.ts";
import { listOf, singular, wide } from "./testing.ts";
import { forwardUnrolled, reverseUnrolled } from "./unrolledHypergradient.ts";

const u = wide([1, 2]);
/** The minimum that gradient descent reaches from 0, and the one from (1, 1, -1). */
const minima: [string, Tensor, number][] = [
  ["(0, 1, 1)", wide([0, 1, 1]), 0.90625],
  ["(1, 2, 0)", wide([1, 2, 0]), 3.15625],
];

const expected: [HypergradientOptions, number[]][] = [
  [{ kind: "exact" }, [-0.75, 1]],
  [{ kind: "damped", eps: 1 }, [-0.34375, 0.53125]],
  [{ kind: "damped", eps: 0.1 }, [-0.674486803519, 0.91642228739]],
  [{ kind: "damped", eps: 0.01 }, [-0.741751916055, 0.990921351271]],
  [{ kind: "neumann", alpha: 0.25, terms: 1 }, [-0.125, 0.3125]],
  [{ kind: "neumann", alpha: 0.25, terms: 2 }, [-0.265625, 0.5]],
  [{ kind: "neumann", alpha: 0.25, terms: 5 }, [-0.54248046875, 0.792236328125]],
  [{ kind: "neumann", alpha: 0.25, terms: 20 }, [-0.747225189554, 0.997225189553]],
  [{ kind: "identity" }, [-0.5, 1.25]],
  // As many iterations as there are eigenvalues in the range: the pseudo-inverse's answer.
  [{ kind: "normalCg", iterations: 10 }, [-0.75, 1]],
  [{ kind: "cg", eps: 0.1, iterations: 10 }, [-0.674486803519, 0.91642228739]],
];

describe.each(minima)("at the minimum %s", (_, w, value) => {
  test.each(expected)("%o", (options, gradient) => {
    const found = hypergradient(singular, u, w, options);
    expect(found.loss.item()).toBe(value);
    listOf(found.gradient).forEach((g, i) => expect(g).toBeCloseTo(gradient[i]!, 11));
  });
});

describe("conjugate gradients on a singular Hessian", () => {
  const by = (iterations: number) => () =>
    hypergradient(singular, u, wide([0, 1, 1]), { kind: "cg", eps: 0, iterations, assumeNonsingular: true });

  test("need eps, or the word of the caller", () => {
    expect(() => hypergradient(singular, u, wide([0, 1, 1]), { kind: "cg", eps: 0 })).toThrow(OptionError);
    expect(() => hypergradient(singular, u, wide([0, 1, 1]), { kind: "cg", eps: 0 })).toThrow(
      'hypergradient.eps must be above 0 with kind "cg", got 0',
    );
  });

  test("go astray before they blow up", () => {
    // One step is where NumPy's is; two are already wrong, the answer being (-0.75, 1).
    expect(listOf(by(1)().gradient).map((g) => Number(g.toFixed(4)))).toEqual([-0.5, 1.25]);
    expect(listOf(by(2)().gradient).map((g) => Number(g.toFixed(4)))).toEqual([-1.0357, 1.0357]);
  });

  test("that meet a direction without curvature are refused", () => {
    expect(by(3)).toThrow(OptionError);
    expect(by(3)).toThrow("above 0 where the inner Hessian has a direction without curvature");
    expect(by(4)).toThrow('Use more damping, or kind "normalCg"');
  });
});

/** f = ½ wᵀ diag(h) w - u·w, F = ½|w|²: H = diag(h), v = w. */
const curved = (h: number[]) => ({
  inner: (a: Tensor, w: Tensor) => w.mul(w).mul(wide(h)).sum().mul(0.5).sub(a.mul(w).sum()),
  outer: (_: Tensor, w: Tensor) => w.mul(w).sum().mul(0.5),
});

describe("the series where the weights are at no minimum", () => {
  const at =
    (h: number[], options: HypergradientOptions = {}) =>
    () =>
      hypergradient(curved(h), wide(h.map(() => 0)), wide(h.map(() => 1)), options);

  test("is refused where it runs away, with what to try", () => {
    // Terms along -1 grow as (1 + 1/5)ʲ: 1.2¹⁹ = 31.9, over the √2 of v.
    expect(at([5, -1])).toThrow(OptionError);
    expect(at([5, -1])).toThrow(/hypergradient.kind must be one for an inner Hessian that curves down/);
    expect(at([5, -1])).toThrow(/The last of 20 terms is 22.6 times the first; .* in size is 5.00/);
    expect(at([5, -1])).toThrow(/train them longer, or regularise it. Kind "normalCg"/);
    expect(at([5, -1], { alpha: 0.1, terms: 100 })).toThrow(/The last of 100 terms/);
  });

  test("says how its terms grow where it is short enough, and the sign of the largest eigenvalue", () => {
    const { info, q } = at([1, -4], { terms: 2 })();
    expect(info["lambdaMax"]!.item()).toBeCloseTo(-4, 12);
    // alpha = 1/4: (3/4, 2) over (1, 1).
    expect(info["growth"]!.item()).toBeCloseTo(Math.hypot(0.75, 2) / Math.SQRT2, 12);
    listOf(q).forEach((x, i) => expect(x).toBeCloseTo([1.75 / 4, 3 / 4][i]!, 12));
    expect(at([1, 4])().info["growth"]!.item()).toBeLessThan(1);
  });

  test("has no step of its own where the Hessian is 0", () => {
    expect(at([0, 0])).toThrow(OptionError);
    expect(at([0, 0])).toThrow(
      /hypergradient.alpha must be a number where the inner Hessian is 0, got "auto"/,
    );
    expect(listOf(at([0, 0], { alpha: 0.5, terms: 4 })().q)).toEqual([2, 2]);
    expect(() => responseSpectrum(curved([0, 0]), wide([0, 0]), wide([1, 1]))).toThrow(/is 0, got "auto"/);
    expect(at([0, 0], { kind: "exact" })().info["condition"]!.item()).toBe(1);
  });
});

describe("unrolled from (1, 1, -1) with steps of 0.25", () => {
  const start = wide([1, 1, -1]);
  const steps =
    (count: number) =>
    (outer: Tensor): Tensor =>
      scan(
        (w: Tensor): [Tensor, undefined] => {
          const miss = np.matmul(singular.x, w).sub(outer);
          return [w.sub(np.matmul(singular.x.transpose(), miss).mul(0.25)), undefined];
        },
        start,
        undefined,
        { length: count },
      )[0];
  const lossAt = (outer: Tensor, w: Tensor): Tensor => singular.outer(outer, w);
  test.each<[number, number[], number]>([
    [1, [-0.125, 0.125], 12],
    [2, [-0.171875, 0.34765625], 12],
    [5, [-0.452472686768, 0.701252937317], 11],
    [200, [-0.75, 1], 11],
  ])("%i steps, in both modes", (count, gradient, digits) => {
    const reverse = reverseUnrolled(steps(count), lossAt, u, start);
    const forward = forwardUnrolled(steps(count), lossAt, u);
    for (const found of [reverse, forward]) {
      listOf(found.gradient).forEach((g, i) => expect(g).toBeCloseTo(gradient[i]!, digits));
    }
    if (count > 1) return;
    expect(listOf(reverse.end)).toEqual([1.25, 1.5, -0.25]);
    expect(reverse.loss.item()).toBe(2.59375);
  });

  test("started at rest are the Neumann series of as many terms", () => {
    const rest = wide([0, 1, 1]);
    for (const count of [1, 2, 5, 20]) {
      const run = (outer: Tensor): Tensor =>
        scan(
          (w: Tensor): [Tensor, undefined] => [
            w.sub(np.matmul(singular.x.transpose(), np.matmul(singular.x, w).sub(outer)).mul(0.25)),
            undefined,
          ],
          rest,
          undefined,
          { length: count },
        )[0];
      const unrolled = reverseUnrolled(run, lossAt, u, rest).gradient;
      const series = hypergradient(singular, u, rest, { alpha: 0.25, terms: count }).gradient;
      listOf(unrolled).forEach((g, i) => expect(g).toBeCloseTo(listOf(series)[i]!, 13));
    }
  });
});

describe("what a kind does to each eigenvalue", () => {
  test("the series and damping are two filters that agree at 0", () => {
    const lambdas = [0.01, 0.1, 1, 3];
    const series = { kind: "neumann", alpha: 0.25, terms: 20 } as const;
    const damped = { kind: "damped", eps: 0.2 } as const;
    const [byTerms, byDamping] = [series, damped].map((options) =>
      lambdas.map((lambda) => spectralFilter(options, lambda)),
    );
    // The first by exact fractions: 4.883012474683; float64 that does not go through expm1 gives 4.8830124747 as well.
    [4.883012474683, 3.9731231978, 0.9968287881, 0.3333333333].forEach((value, i) =>
      expect(byTerms![i]).toBeCloseTo(value, 10),
    );
    [4.7619047619, 3.3333333333, 0.8333333333, 0.3125].forEach((value, i) =>
      expect(byDamping![i]).toBeCloseTo(value, 10),
    );
    // alpha · terms = 1 / eps = 5.
    expect(spectralFilter(series, 0)).toBe(5);
    expect(spectralFilter(damped, 0)).toBe(5);
    expect(spectralFilter({ kind: "exact" }, 0)).toBe(0);
    expect(spectralFilter({ kind: "identity", scale: 2 }, 7)).toBe(2);
  });

  test("a spectrum has the Hessian's eigenvalues and the parts of v along them", () => {
    const { eigenvalues, filter, exact, share } = responseSpectrum(singular, u, wide([0, 1, 1]), {
      kind: "neumann",
      alpha: 0.25,
      terms: 20,
    });
    [0, 1, 3].forEach((lambda, i) => expect(eigenvalues[i]).toBeCloseTo(lambda, 12));
    // The cutoff is the spectrum's own: 1 / 3 counts as 0 there.
    const cut = { kind: "neumann", alpha: 0.25, terms: 20, rtol: 0.4 } as const;
    expect(responseSpectrum(singular, u, wide([0, 1, 1]), cut).exact[1]).toBe(0);
    expect(exact[0]).toBe(0);
    expect(exact[2]).toBeCloseTo(1 / 3, 12);
    expect(filter[1]).toBeCloseTo(0.9968287881, 10);
    // v = (-0.5, 1.25, 0): its parts along (1, 1, -1), (1, -1, 0) and (1, 1, 2), over their lengths, squared.
    [0.75 ** 2 / 3, 1.75 ** 2 / 2, 0.75 ** 2 / 6].forEach((square, i) =>
      expect(share[i]).toBeCloseTo(square / 1.8125, 12),
    );
  });
});

describe("trees, dtypes and what is refused", () => {
  const losses = {
    inner: ({ a: [a] }: { a: [Tensor] }, { w }: { w: Tensor }) => singular.inner(a, w),
    outer: (_: { a: [Tensor] }, { w }: { w: Tensor }) => singular.outer(u, w),
  };
  test("a nested tree gives the same numbers", () => {
    for (const kind of ["exact", "damped", "neumann", "identity", "cg", "normalCg"] as const) {
      const nested = hypergradient(losses, { a: [u] }, { w: wide([0, 1, 1]) }, { kind });
      const flat = hypergradient(singular, u, wide([0, 1, 1]), { kind });
      expect(listOf(nested.gradient.a[0]!)).toEqual(listOf(flat.gradient));
    }
  });

  test('alpha "auto" is the inverse of the largest eigenvalue', () => {
    const auto = hypergradient(singular, u, wide([0, 1, 1]), { terms: 20 });
    expect(auto.info["lambdaMax"]!.item()).toBeCloseTo(3, 12);
    const given = hypergradient(singular, u, wide([0, 1, 1]), { terms: 20, alpha: 1 / 3 });
    listOf(auto.gradient).forEach((g, i) => expect(g).toBeCloseTo(listOf(given.gradient)[i]!, 11));
  });

  test("float32 takes its own cutoff", () => {
    const single = (x: Tensor): Tensor => x.astype("float32");
    const x = single(singular.x);
    const narrow = {
      inner: (a: Tensor, w: Tensor) => np.matmul(x, w).sub(a).mul(np.matmul(x, w).sub(a)).sum().mul(0.5),
      outer: (_: Tensor, w: Tensor) =>
        w
          .sub(single(singular.target))
          .mul(w.sub(single(singular.target)))
          .sum()
          .mul(0.5),
    };
    const { gradient, info } = hypergradient(narrow, single(u), single(wide([1, 2, 0])), { kind: "exact" });
    expect(gradient.dtype).toBe("float32");
    listOf(gradient).forEach((g, i) => expect(g).toBeCloseTo([-0.75, 1][i]!, 5));
    expect(info["nullity"]!.item()).toBe(1);
    expect(info["condition"]!.item()).toBeCloseTo(3, 4);
    const tiny = () =>
      hypergradient(narrow, single(u), single(wide([1, 2, 0])), { kind: "exact", rtol: 1e-7 });
    expect(tiny).toThrow(OptionError);
    expect(tiny).toThrow("hypergradient.rtol must be at least 0.000001 in float32, got 1e-7");
  });

  const refused: [string, HypergradientOptions, string][] = [
    ["a step that is too long", { alpha: 0.7 }, "hypergradient.alpha must be below 2 / 3.00000"],
    ["a step of 0", { alpha: 0 }, "hypergradient.alpha must be a finite number above 0"],
    ["no terms", { terms: 0 }, "hypergradient.terms must be an integer of at least 1"],
    [
      "negative damping",
      { kind: "damped", eps: -1 },
      "hypergradient.eps must be a finite number of at least 0",
    ],
    ["unrolling at one point", { kind: "unroll" }, "a kind that looks at one point"],
    ["a share of 1", { kind: "exact", rtol: 1 }, "hypergradient.rtol must be above 0 and below 1, got 1"],
    ["a share that is none", { kind: "exact", rtol: NaN }, "hypergradient.rtol must be above 0"],
    [
      "terms of conjugate gradients",
      { kind: "cg", terms: 5 },
      'hypergradient.terms must be absent with kind "cg", got 5. It is an option of "neumann" and "unroll"',
    ],
    ["a step of the identity", { kind: "identity", alpha: 0.1 }, 'alpha must be absent with kind "identity"'],
    ["damping of the series", { eps: 0.1 }, 'hypergradient.eps must be absent with kind "neumann"'],
    ["iterations of a matrix", { kind: "exact", iterations: 3 }, 'It is an option of "cg" and "normalCg"'],
    ["a factor of the series", { scale: 2 }, 'hypergradient.scale must be absent with kind "neumann"'],
    ["a cutoff of damping", { kind: "damped", rtol: 0.1 }, 'rtol must be absent with kind "damped"'],
    ["a kind that is none", { kind: "neuman" as "neumann" }, 'Did you mean "neumann"?'],
  ];
  test.each(refused)("%s", (_, options, message) => {
    const run = () => hypergradient(singular, u, wide([0, 1, 1]), options);
    expect(run).toThrow(OptionError);
    expect(run).toThrow(message);
  });

  test("a Hessian of more than 500 weights", () => {
    const many = {
      inner: (a: Tensor, w: Tensor) => w.mul(w).sum().mul(a.sum()),
      outer: (_: Tensor, w: Tensor) => w.sum(),
    };
    const run = (kind: "exact" | "damped") => () => hypergradient(many, u, np.ones([501]), { kind });
    expect(run("exact")).toThrow("one that makes no Hessian for more than 500 weights (there are 501)");
    expect(run("damped")).toThrow('Use "cg", which has the same solution');
  });

  test("weights that are no floats, or of two dtypes", () => {
    const whole = () => hypergradient(singular, u, np.array([0, 1, 1], { dtype: "int32" }));
    expect(whole).toThrow(ShapeError);
    expect(whole).toThrow("the weights must be floats, got int32[3]");
    const mixed = () => hypergradient(losses, { a: [u] }, { w: wide([0, 1, 1]), b: np.ones([2]) } as never);
    expect(mixed).toThrow("the weights must have one dtype");
  });

  test("the direct part of the outer loss counts", () => {
    const direct = {
      inner: (a: Tensor, w: Tensor) => singular.inner(a, w),
      outer: (a: Tensor, w: Tensor) => singular.outer(a, w).add(a.mul(a).sum().mul(0.5)),
    };
    const { gradient } = hypergradient(direct, u, wide([0, 1, 1]), { kind: "exact" });
    listOf(gradient).forEach((g, i) => expect(g).toBeCloseTo([0.25, 3][i]!, 12));
    expect(tree.size(gradient)).toBe(2);
  });
});

describe("conjugate gradients that have not arrived", () => {
  // H = diag(1 … 1e4), v = 1.
  const scales = Array.from({ length: 30 }, (_, i) => 10 ** ((4 * i) / 29));
  const slow = {
    inner: (a: Tensor, w: Tensor) => w.mul(w).mul(wide(scales)).sum().mul(0.5).sub(w.mul(a).sum()),
    outer: (_: Tensor, w: Tensor) => w.sum(),
  };
  const run = (options: HypergradientOptions) => () =>
    hypergradient(slow, wide([1]), wide(scales.map(() => 0)), options);

  test("are refused where nobody gave the iterations, and say what they leave where somebody did", () => {
    expect(run({ kind: "normalCg" })).toThrow(
      /hypergradient.iterations must be given where 10 are not enough: they leave .* of the right side/,
    );
    const { info } = run({ kind: "normalCg", iterations: 10 })();
    expect(info["residual"]!.item()).toBeGreaterThan(1e-3);
    const { gradient } = run({ kind: "cg", eps: 1e-9, iterations: 60 })();
    expect(gradient.item()).toBeCloseTo(
      scales.reduce((sum, x) => sum + 1 / x, 0),
      6,
    );
  });

  test("need iterations, not damping, where the curvatures are positive", () => {
    expect(run({ kind: "cg", eps: 1e-9, iterations: 4 })).toThrow(
      /hypergradient.iterations must be enough .* got 4\. The curvatures that were met are positive.*Take more iterations/,
    );
  });
});

test("an inner loss that reads no outer parameter has no hypergradient", () => {
  const alone = { inner: (_: Tensor, w: Tensor) => w.mul(w).sum(), outer: singular.outer };
  expect(() => hypergradient(alone, u, wide([0, 1, 1]))).toThrow(
    "hypergradient: inner must be a loss that depends on the outer parameters",
  );
});
