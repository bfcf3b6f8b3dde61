/** Classes, bits and counts. Values: torch.distributions 1.13 in float64, for Poisson mpmath 1.3 with 40 digits. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, np, random } from "../array/index.ts";
import { OptionError, ShapeError, UnspoolError } from "../errors.ts";
import { compiled } from "../unroll/index.ts";
import { bernoulli, categorical, independent, poisson } from "./index.ts";
import { drawsOf, expectClose, expectMean, wide } from "./testing.ts";

describe("categorical", () => {
  const logits = wide([
    [0.1, -2, 3],
    [0, 0, 1],
  ]);
  const expected = [-0.059929007749993435, -1.551444713932051];

  test("log-probability and entropy, by logits and by weights", () => {
    const x = np.array([2, 0], { dtype: "int32" });
    for (const law of [categorical({ logits }), categorical({ probs: np.exp(logits).mul(7) })]) {
      expectClose(law.logProb(x), expected);
      expectClose(law.entropy(), [0.24194458635224586, 0.9753278291662221]);
    }
    expectClose(categorical({ logits: logits.astype("float32") }).logProb(x), expected, 1e-6);
  });

  test("what is no class, or has no weight, is never drawn; no derivative is NaN", () => {
    const at = (l: Tensor) =>
      categorical({ logits: l })
        .logProb(np.array([-1, 3, 0.5, 1]))
        .slice([0, 3]);
    expect(at(wide([0, 1])).toArray()).toEqual([-Infinity, -Infinity, -Infinity]);
    const probs = wide([0.5, 0, 0.5]);
    for (const law of [categorical({ probs }), categorical({ logits: np.log(probs) })]) {
      expectClose(law.entropy(), [Math.LN2]);
      expect(law.logProb(np.array(1)).item()).toBe(-Infinity);
      expect(drawsOf(law, 1, 1000).equal(1).any().item()).toBe(0);
    }
    for (const x of [0, 1, 3]) {
      const byProbs = grad((p: Tensor) => categorical({ probs: p }).logProb(np.array(x)))(probs);
      const byLogits = grad((l: Tensor) => categorical({ logits: l }).logProb(np.array(x)))(np.log(probs));
      for (const slope of [byProbs, byLogits]) expect(slope.data.some(Number.isNaN)).toBe(false);
    }
  });

  test("draws have the frequencies", () => {
    const law = categorical({ logits });
    const draws = drawsOf(law, 2, 20_000);
    expect([draws.dtype, draws.shape]).toEqual(["int32", [20_000, 2]]);
    const isClass = draws.reshape([20_000, 2, 1]).equal(np.arange(3).astype("int32")).astype("float64");
    expectMean(isClass, [...np.exp(law.parameters.logProbs).data]);
  });
});

describe("bernoulli", () => {
  const logits = wide([-3, 0.4]);
  const probs = np.reciprocal(np.exp(logits.neg()).add(1));

  test("log-probability and entropy, by logits and by probabilities", () => {
    for (const law of [bernoulli({ logits }), bernoulli({ probs })]) {
      expectClose(law.logProb(wide([1, 0])), [-3.048587351573742, -0.9130152523999525]);
      expectClose(law.entropy(), [0.1908649711064422, 0.6735401883549716]);
      expectClose(law.mean(), [...probs.data]);
    }
  });

  test("what is certain: no NaN in values and derivatives", () => {
    const sure = [bernoulli({ probs: wide([0, 1]) }), bernoulli({ logits: wide([-Infinity, Infinity]) })];
    for (const law of sure) {
      expectClose(law.logProb(wide([0, 1])), [0, 0]);
      expect(law.logProb(wide([1, 0])).toArray()).toEqual([-Infinity, -Infinity]);
      expectClose(law.entropy(), [0, 0]);
      expect(law.logProb(wide(0.5)).toArray()).toEqual([-Infinity, -Infinity]);
    }
    const slope = grad((p: Tensor) =>
      bernoulli({ probs: p })
        .logProb(wide([0, 1]))
        .sum(),
    )(wide([0, 1]));
    expect(slope.toArray()).toEqual([-1, 1]);
    // Far out the logarithm is the logit.
    expectClose(bernoulli({ logits: wide([-800, 800]) }).logProb(wide([1, 0])), [-800, -800]);
  });

  test("draws have the mean", () => {
    const draws = drawsOf(bernoulli({ logits }), 3, 20_000);
    expect(draws.dtype).toBe("int32");
    expectMean(draws, [...probs.data]);
  });
});

describe("poisson", () => {
  const rate = wide([3, 0.01, 250.5]);

  test("log-probability, by rate and by its logarithm", () => {
    for (const law of [poisson({ rate }), poisson({ logRate: np.log(rate) })])
      expectClose(law.logProb(np.array([2, 0, 301], { dtype: "int32" })), [-1.4959226032237258, -0.01, -8.551825131816098], 1e-12); // prettier-ignore
    const narrow = poisson({ rate: rate.astype("float32") });
    expectClose(
      narrow.logProb(np.array([2, 0, 301])),
      [-1.4959226032237258, -0.01, -8.551825131816098],
      1e-6,
    );
  });

  test("outside of counts, and of a rate of 0", () => {
    const law = poisson({ rate: 2 });
    expect(law.logProb(np.array([-1, 0.5, Infinity])).toArray()).toEqual([-Infinity, -Infinity, -Infinity]);
    const at = (k: number) => (r: Tensor) => poisson({ rate: r }).logProb(wide(k));
    expectClose(at(0)(wide(0)), [0]);
    expect(grad(at(0))(wide(0)).item()).toBe(-1);
    expect(at(1)(wide(0)).item()).toBe(-Infinity);
    expect(grad(at(1))(wide(0)).item()).toBe(Infinity);
    expect(grad(at(-1))(wide(1)).item()).toBe(0);
  });

  test("draws have mean and variance, small rates and large ones", { tags: ["long"] }, () => {
    const law = poisson({ rate });
    const draws = drawsOf(law, 4, 20_000).astype("float64");
    expectMean(draws, [...law.mean().data]);
    expectMean(np.square(draws.sub(law.mean())), [...law.variance().data]);
  });
});

test("counts of several channels are one observation", () => {
  const law = independent(poisson({ rate: wide([1, 2, 3]) }));
  expectClose(law.logProb(np.array([1, 0, 2], { dtype: "int32" })), [-6 + Math.log(9 / 2)]);
  const score = compiled(
    "score",
    grad((rate: Tensor) => independent(poisson({ rate })).logProb(np.array([1, 0, 2]))),
  );
  expectClose(score(wide([1, 2, 3])), [0, -1, -1 / 3]);
});

test.each([
  [() => categorical({ logits: 0 }), ShapeError, /logits must be \[\.\.\., n\]/],
  [() => categorical({ probs: [0.5, -0.5] }), OptionError, /probs must be 0 or above, got -0\.5/],
  [
    () => categorical({ probs: [[0.5, 0.5], [0, 0]] }), // prettier-ignore
    OptionError,
    /probs must be above 0 for at least one of the 2, got 0/,
  ],
  [() => categorical({ logits: [-Infinity, -Infinity] }), OptionError, /logits must be above -Infinity for/],
  [() => categorical({ logits: [0, NaN] }), OptionError, /logits must be below Infinity, got NaN/],
  [() => bernoulli({ logits: NaN }), OptionError, /logits must be a number, got NaN/],
  [() => poisson({ logRate: NaN }), OptionError, /logRate must be below Infinity, got NaN/],
  [() => categorical({ logits: [0], probs: [1] } as never), OptionError, /exactly one of them/],
  [() => categorical({ logits: [0, 0] }).mean(), UnspoolError, /no mean of classes/],
  [() => bernoulli({ probs: 1.5 }), OptionError, /a probability from 0 to 1, got 1\.5/],
  [() => bernoulli({ p: 0.5 } as never), OptionError, /Here it is probs/],
  [() => poisson({ rate: -1 }), OptionError, /rate must be a finite number from 0 on, got -1/],
  [() => poisson({ lam: 1 } as never), OptionError, /Here it is rate/],
  [
    () => poisson({ rate: 1 }).entropy(),
    UnspoolError,
    /poisson: there is no closed form of the entropy\. Estimate it from draws/,
  ],
  [
    () => bernoulli({ probs: 0.5 }).sample(random.key(0), [-1]),
    OptionError,
    /shape must be a list of lengths/,
  ],
] as const)("wrong arguments are typed errors, row %#", (make, kind, text) => {
  expect(make).toThrow(kind);
  expect(make).toThrow(text);
});
