/** What small_fc, mlpLopt and star look at, against values of Metz et al. 2022 in NumPy, float64. */
import { expect, test } from "vitest";
import { np, tree } from "../../array/index.ts";
import { learnedDecays } from "./decays.ts";
import { factorViews, initFactors, updateFactors } from "./factoredSquares.ts";
import { normalised, perParameterNetwork, timeFeatures } from "./perParameterNetwork.ts";
import { problemQ, wavyLayers } from "./testing.ts";

test("features of time: tanh(t / τ - 1)", () => {
  const at = (t: number) => [...timeFeatures(tree.scalar(t, "int32"), "float64").data];
  for (const x of at(0)) expect(x).toBeCloseTo(-0.761594156, 10);
  const one = [
    0, -0.5827829453, -0.7162978702, -0.7472358213, -0.7573623242, -0.7601906838, -0.7611738617, -0.761454129,
    -0.7615521553, -0.7615801565, -0.7615899562,
  ];
  at(1).forEach((x, i) => expect(x).toBeCloseTo(one[i]!, 10));
  expect(at(1000)[6]).toBe(0);
});

test.each([
  [0.01, [0.8894829082, 0.9889482908, 0.9988948291]],
  [-0.02, [0.9181269247, 0.9918126925, 0.9991812692]],
])("decays 0.9, 0.99, 0.999 with the offset %f", (offset, wanted) => {
  const offsets = np.full([3], offset, { dtype: "float64" });
  learnedDecays([0.9, 0.99, 0.999], offsets).forEach((x, i) => expect(x.item()).toBeCloseTo(wanted[i]!, 10));
});

test("factors of the matrix of problem Q after its first gradient, at row 1 and column 0", () => {
  const { p0: gradient } = problemQ.gradient(problemQ.start());
  const wanted = [
    [4.355244605, 0.0388541667, 0.0205],
    [13.77249337, 0.00388541667, 0.00205],
    [43.55246888, 3.88541667e-4, 2.05e-4],
  ] as const;
  [0.9, 0.99, 0.999].forEach((decay, i) => {
    const factors = updateFactors(initFactors(gradient), gradient, np.array(decay, { dtype: "float64" }));
    const { row, column, precondition } = factorViews(factors, gradient.shape);
    const whole = (x: typeof row) => x.add(np.zerosLike(gradient)).data[3]!;
    [precondition(gradient, 1e-9), row, column].forEach((x, k) =>
      expect(whole(x) / wanted[i]![k]!).toBeCloseTo(1, 8),
    );
  });
  expect(normalised(gradient).data[3]).toBeCloseTo(0.4116322605, 10);
  expect(normalised(problemQ.start().p0).data[3]).toBeCloseTo(0.1059000826, 10);
});

test("the network written out as sums is the one of matrices", () => {
  const { p0 } = problemQ.start();
  const features = [p0, p0.mul(p0), p0.sub(1)];
  const shared = np.array([0.5, -2], { dtype: "float64" });
  const [sums, matrices] = (["sums", "matrices"] as const).map((form) =>
    tree.flatten(perParameterNetwork(wavyLayers([5, 4, 4, 2], 0.6), features, shared, form)),
  );
  expect(sums!.length).toBe(12);
  sums!.forEach((x, i) => expect(x).toBeCloseTo(matrices![i]!, 13));
});
