import { describe, expect, test } from "vitest";
import { np, random, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { type StarOptions, star } from "./star.ts";
import { problemQ, runQ, wavyLayers } from "./testing.ts";

const zeros64 = (n: number) => np.zeros([n], { dtype: "float64" });
const meta = {
  momentumDecays: zeros64(3),
  squareDecay: zeros64(1),
  factoredDecays: zeros64(3),
  layers: wavyLayers([39, 4, 4, 4], 0.3),
};
const after3 = (options: StarOptions) => {
  const { theta } = runQ(star(options).optimizer(meta), 3);
  return { theta, loss: problemQ.loss(theta) };
};

describe("star", () => {
  test("moves as the authors' rule does, with and without its parts", { tags: ["long"] }, () => {
    const whole = after3({});
    const wanted = [
      0.5415914699349177, -0.9893153048876326, 1.9944535071786322, 0.09691173869317118, 0.006040898389263263,
      -0.21527844249815228, 0.20134893830580472, -0.39032219826032577, 0.6032912076792937, 1.4955272972980105,
    ];
    tree.flatten(whole.theta).forEach((x, i) => expect(x).toBeCloseTo(wanted[i]!, 12));
    expect(whole.loss).toBeCloseTo(7.101875517453838, 11);
    const fixed = after3({ hasNominalControl: false });
    expect(fixed.theta.p2.item()).toBeCloseTo(1.4955222527890442, 12);
    expect(fixed.loss).toBeCloseTo(7.101825656018066, 11);
    const plain = after3({ hasNominalControl: false, isPreconditioned: false });
    expect(plain.theta.p2.item()).toBeCloseTo(1.4954168728684119, 12);
    expect(plain.loss).toBeCloseTo(7.146246400225054, 11);
  });

  // Values by an implementation of the authors' rule in NumPy, float64, that gives those of the test above too.
  test.each<[string, StarOptions, [p00: number, p11: number, p2: number, loss: number]]>([
    ["none", {}, [0.5280058434342392, -0.3780671412977274, 1.45100265298516, 6.809909733915024]],
    [
      "that of the learned step",
      { isAggregated: { magnitude: true } },
      [0.5263822363652163, -0.3785542289523946, 1.45100265298516, 6.812827509466025],
    ],
    [
      "that of the nominal step",
      { isAggregated: { nominal: true } },
      [0.527493313910027, -0.3785798198684042, 1.45100265298516, 6.81169075064733],
    ],
    [
      "that of the decay",
      { isAggregated: { decay: true } },
      [0.5281976012735436, -0.3776550401996111, 1.45100265298516, 6.807234655913537],
    ],
    [
      "all",
      { isAggregated: true },
      [0.5260608798160941, -0.37865438007496166, 1.45100265298516, 6.811930534493564],
    ],
    [
      "none, with three scales",
      { expMultiplier: [0.5, 0.2, 1] },
      [0.5275773433760726, -0.37882344389088374, 1.450653140136678, 6.813185953496248],
    ],
  ])("exponents averaged over tensors: %s", (_which, options, wanted) => {
    const decaying = { expMultiplier: 0.5, weightDecay: 0.01, hasDecayControl: true };
    const { theta, loss } = after3({ ...decaying, ...options });
    const got = [theta.p0.data[0]!, theta.p1.data[1]!, theta.p2.item(), loss];
    wanted.forEach((x, i) => expect(got[i]).toBeCloseTo(x, 11));
  });

  test(
    "a learned step times the mean gradient, with and without its preconditioner",
    { tags: ["long"] },
    () => {
      const whole = after3({ isSelfNormalized: true, stepMultiplier: 0.1 });
      expect(whole.theta.p0.data[0]).toBeCloseTo(-0.97271962504021, 10);
      expect(whole.loss).toBeCloseTo(13.597414579333488, 9);
      const plain = after3({ isSelfNormalized: true, isPreconditioned: false, stepMultiplier: 0.1 });
      expect(plain.theta.p1.data[1]).toBeCloseTo(-0.44107054745536195, 11);
      expect(plain.loss).toBeCloseTo(7.3719302980532175, 10);
    },
  );

  test("refuses exponents that are none, and scales that are not three", () => {
    const wrong = (options: unknown) => () => star(options as StarOptions);
    expect(wrong({ isAggregated: { nominel: true } })).toThrow('Did you mean "nominal"?');
    expect(wrong({ isAggregated: { nominal: 1 } })).toThrow(
      "star: isAggregated.nominal must be true or false",
    );
    expect(wrong({ isAggregated: 1 })).toThrow("star: isAggregated must be true or false");
    expect(wrong({ expMultiplier: [1, 2] })).toThrow("one number, or three");
    expect(wrong({ expMultiplier: [1, 2, -1] })).toThrow("star: expMultiplier");
  });

  test("with zero outputs it is the nominal rule: momenta of a constant gradient over its root mean square", () => {
    const start = star().init(random.key(0));
    const last = start.layers.at(-1)!;
    const still = { ...start, layers: [...start.layers.slice(0, -1), tree.map(np.zerosLike, last)] };
    const optimizer = star({ nominalStep: 0.1 }).optimizer(still);
    let theta = { x: np.array([0]) };
    let state = optimizer.init(theta);
    for (let n = 1; n <= 10; n++) {
      const before = theta.x.item();
      ({ theta, state } = optimizer.update({ x: np.array([1]) }, state, theta));
      const mean = [0.9, 0.99, 0.999].reduce((sum, b) => sum + (1 - b ** n) / 3, 0);
      expect(before - theta.x.item()).toBeCloseTo((0.1 * mean) / Math.sqrt(1 - 0.999 ** n + 1e-6), 4);
    }
  });

  test("refuses a rule that cannot move", () => {
    expect(() => star({ nominalStep: 0, stepMultiplier: 0 })).toThrow(OptionError);
    expect(() => star({ factoredDecays: [0.9] })).toThrow("as many decays as momentumDecays has (3)");
  });
});
