import { expect, test } from "vitest";
import { random, tree } from "../../array/index.ts";
import { nnAdam } from "./nnAdam.ts";
import { problemQ, runQ } from "./testing.ts";

test("nnAdam has 6,856 parameters, and untrained it moves by the rule with fixed hyperparameters", () => {
  const meta = nnAdam().init(random.key(1));
  expect(tree.size(meta)).toBe(6856);
  const wide = tree.map((leaf) => leaf.astype("float64"), meta);
  const { theta } = runQ(nnAdam().optimizer(wide), 3);
  // Computed in NumPy; the logarithms of the controls are rounded to float32 here.
  const wanted = [
    0.5012361770882157, -0.9987638059781888, 1.9987638065366078, 0.19876387402328333, -0.3987638077534355,
    0.5987638098052288, 1.498763797737667,
  ];
  const got = [...theta.p0.data.slice(0, 3), ...theta.p1.data, theta.p2.item()];
  got.forEach((x, i) => expect(x).toBeCloseTo(wanted[i]!, 7));
});

test("untrained, 50 updates are those of its rule with constant hyperparameters", { tags: ["long"] }, () => {
  const wide = tree.map((leaf) => leaf.astype("float64"), nnAdam().init(random.key(1)));
  const { theta } = runQ(nnAdam().optimizer(wide), 50);
  const flat = (of: typeof theta) => [...tree.flatten(of)];
  const [p, tau, c] = [flat(problemQ.start()), flat(problemQ.targets), flat(problemQ.curvatures)];
  const [m, v] = [p.map(() => 0), p.map(() => 0)];
  // p <- p - rate (1 + eps) m / (eps + sqrt(v + 1e-10)), means without correction.
  for (let t = 0; t < 50; t++)
    p.forEach((x, i) => {
      const g = c[i]! * (x - tau[i]!);
      m[i] = 0.9 * m[i]! + 0.1 * g;
      v[i] = 0.999 * v[i]! + 0.001 * g * g;
      p[i] = x - (1e-4 * (1 + 1e-8) * m[i]!) / (1e-8 + Math.sqrt(v[i]! + 1e-10));
    });
  flat(theta).forEach((x, i) => expect(Math.abs(x - p[i]!)).toBeLessThan(1e-8));
});
