/** Mixtures and transformed distributions. Values: torch.distributions 1.13 in float64. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, np, random, vmap } from "../array/index.ts";
import { OptionError, ShapeError, UnspoolError } from "../errors.ts";
import {
  affineBijector,
  chain,
  diagonalNormal,
  expBijector,
  gamma,
  independent,
  mixture,
  multivariateNormal,
  normal,
  sigmoidBijector,
  softplusBijector,
  tanhBijector,
  transformed,
} from "./index.ts";
import { drawsOf, expectClose, expectMean, wide } from "./testing.ts";

describe("mixture", () => {
  const law = mixture({
    logits: wide([0.3, -1, 2]),
    component: normal({ mean: wide([-2, 0, 3]), sd: wide([0.5, 1, 2]) }),
  });

  test("log-density, mean and variance", () => {
    expect([law.batchShape, law.eventShape, law.isReparameterised]).toEqual([[], [], false]);
    expectClose(
      law.logProb(wide([-2.2, 1, 9])),
      [-2.153152455349257, -2.226183507201596, -6.321106480309678],
    );
    expectClose(law.mean(), [2.137684232059489]);
    expectClose(law.variance(), [6.648579509689688]);
  });

  test("of vectors", () => {
    const covariance = wide([[[2, 0.6], [0.6, 0.5]], [[1, 0], [0, 3]]]); // prettier-ignore
    const component = multivariateNormal({ mean: wide([[0, 1], [-2, 3]]), covariance }); // prettier-ignore
    const vectors = mixture({ logits: wide([0.3, -1]), component });
    expect([vectors.batchShape, vectors.eventShape]).toEqual([[], [2]]);
    expectClose(vectors.logProb(wide([[0.3, 0.2], [-1, 4]])), [-3.107402652961458, -4.594857840089437]); // prettier-ignore
    const draws = drawsOf(vectors, 1, 20_000);
    expectMean(draws, [...vectors.mean().data]);
    expectMean(np.square(draws.sub(vectors.mean())), [...vectors.variance().data]);
  });

  test("batches of mixtures with their own weights", () => {
    const logits = wide([[0, -Infinity], [-Infinity, 0]]); // prettier-ignore
    const both = mixture({ logits, component: normal({ mean: wide([-5, 5]), sd: 1 }) });
    expect(both.batchShape).toEqual([2]);
    expectMean(drawsOf(both, 2, 2000), [-5, 5]);
    expectClose(both.logProb(wide([-5, -5])), [-Math.log(2 * Math.PI) / 2, -50 - Math.log(2 * Math.PI) / 2]);
  });

  test("where no component can be: -Infinity, and derivatives that are not NaN", () => {
    const at = (logits: Tensor, x: Tensor) =>
      mixture({ logits, component: gamma({ shape: wide([2, 3]), rate: 1 }) }).logProb(x);
    expect(at(wide([0, 0]), wide(-1)).item()).toBe(-Infinity);
    for (const argnums of [0, 1]) {
      const slope = grad(at, argnums)(wide([0, 0]), wide(-1)) as Tensor;
      expect(slope.data.some(Number.isNaN)).toBe(false);
    }
  });

  test("draws carry no derivative", () => {
    const draw = (mean: Tensor) =>
      mixture({ logits: [0, 0], component: normal({ mean, sd: 1 }) }).sample(random.key(0));
    expect(grad(draw)(wide([0, 1])).toArray()).toEqual([0, 0]);
  });
});

describe("transformed", () => {
  const base = normal({ mean: wide([0.3, -1]), sd: wide([0.7, 2]) });
  const affine = affineBijector({ shift: 1, scale: -2.5 });
  const bijectors = [
    [expBijector, [0.2, 5], [-2.673186025240713, -4.072669403554773]],
    [sigmoidBijector, [0.001, 0.8], [-46.650767442168345, -0.4913043472553813]],
    [softplusBijector, [0.01, 30], [-20.45375779131493, -121.7370857137638]],
    [tanhBijector, [-0.99, 0.3], [-5.505187673932865, -1.732130233517411]],
    [affine, [2, -7], [-1.9785543211400953, -4.733376445638774]],
    [chain([affine, sigmoidBijector]), [0.3, 0.9], [-0.11448822094242062, -0.15437531302483665]],
  ] as const;

  test.each(bijectors)("by row %#: log-density", (bijector, y, expected) => {
    expectClose(transformed(base, bijector).logProb(wide(y)), expected, 1e-11);
    const vectors = transformed(independent(base), bijector);
    expectClose(vectors.logProb(wide(y)), [expected[0]! + expected[1]!], 1e-11);
  });

  test.each(bijectors)("by row %#: there and back, with the volume of its derivative", (bijector) => {
    const x = wide([-3, -0.2, 0, 1.5, 4]);
    const y = bijector.forward(x);
    expectClose(bijector.inverse(y), [...x.data], 1e-11);
    const slopes = vmap((one: Tensor) => grad((at: Tensor) => bijector.forward(at))(one))(x);
    expectClose(bijector.logDeterminant(x, y), [...np.log(np.abs(slopes)).data], 1e-11);
  });

  test.each([
    [expBijector, [-1, 0, Infinity]],
    [sigmoidBijector, [-0.1, 0, 1]],
    [softplusBijector, [-1, 0]],
    [tanhBijector, [-1, 1, 2]],
    [chain([sigmoidBijector, affineBijector({ scale: 2, shift: 1 })]), [1, 3, 4]],
    [chain([expBijector, sigmoidBijector]), [0.4, 0.5, 1]],
  ] as const)("by row %#: no image has a density, no derivative is NaN", (bijector, outside) => {
    const at = (mean: Tensor, y: Tensor) => transformed(normal({ mean, sd: 1 }), bijector).logProb(y);
    for (const y of outside) {
      expect(at(wide(0), wide(y)).item()).toBe(-Infinity);
      for (const argnums of [0, 1])
        expect((grad(at, argnums)(wide(0), wide(y)) as Tensor).item()).not.toBeNaN();
    }
    expect(at(wide(0), wide(NaN)).item()).toBeNaN();
  });

  test("far out the volume of tanh and sigmoid keeps its digits", () => {
    const far = wide([-200, 200]);
    expectClose(tanhBijector.logDeterminant(far, far), [2 * Math.LN2 - 400, 2 * Math.LN2 - 400]);
    expectClose(sigmoidBijector.logDeterminant(far, far), [-200, -200]);
  });

  test("draws, moments and entropy", () => {
    const law = transformed(base, affine);
    const draws = drawsOf(law, 3, 20_000);
    expectMean(draws, [...law.mean().data]);
    expectMean(np.square(draws.sub(law.mean())), [...law.variance().data]);
    expectClose(law.entropy(), [...base.entropy().add(Math.log(2.5)).data]);
    const logNormal = transformed(normal({ mean: 0.1, sd: 0.5 }), expBijector);
    expectMean(drawsOf(logNormal, 4, 20_000), [Math.exp(0.1 + 0.125)]);
    expect(logNormal.isReparameterised).toBe(true);
  });
});

test.each([
  [
    () => mixture({ logits: [0, 0], component: normal({ mean: 0, sd: 1 }) }),
    ShapeError,
    /last axis of the batch \[\] of normal/,
  ],
  [
    () => mixture({ logits: [0, 0], component: normal({ mean: [0, 1, 2], sd: 1 }) }),
    ShapeError,
    /logits must be \[\.\.\., n\]/,
  ],
  [
    () => mixture({ logits: [0, 0], component: [] } as never),
    OptionError,
    /component must be a distribution/,
  ],
  [
    () => mixture({ logits: np.zeros([4, 2]), component: normal({ mean: np.zeros([1, 2]), sd: 1 }) }),
    ShapeError,
    /as wide as the weights/,
  ],
  [
    () => mixture({ logits: [0, 0], component: normal({ mean: [0, 1], sd: 1 }) }).entropy(),
    UnspoolError,
    /no closed form of the entropy/,
  ],
  [
    () => transformed(normal({ mean: 0, sd: 1 }), expBijector).mean(),
    UnspoolError,
    /transformed\(normal, exp\): there is no closed form of the mean/,
  ],
  [
    () => transformed(normal({ mean: 0, sd: 1 }), affineBijector({ scale: [1, 2] })),
    ShapeError,
    /must broadcast to the base's \[\]/,
  ],
  [
    () => transformed(diagonalNormal({ mean: [0, 1], sd: 1 }), { ...expBijector, eventRank: 2 }),
    ShapeError,
    /maps 2 axes together, got draws \[2\]/,
  ],
  [
    () => mixture({ logits: [-Infinity, -Infinity], component: normal({ mean: [0, 1], sd: 1 }) }),
    OptionError,
    /logits must be above -Infinity for at least one of the 2/,
  ],
  [() => affineBijector({ shift: NaN }), OptionError, /shift must be a finite number, got NaN/],
  [() => affineBijector({ scale: 0 }), OptionError, /scale must be a finite number that is not 0/],
  [() => chain([]), OptionError, /bijectors must be a list/],
] as const)("wrong arguments are typed errors, row %#", (make, kind, text) => {
  expect(make).toThrow(kind);
  expect(make).toThrow(text);
});
