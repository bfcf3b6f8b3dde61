import { expect, test } from "vitest";
import { random, tree } from "../../array/index.ts";
import { nnAdam } from "./nnAdam.ts";
import { runQ } from "./testing.ts";

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
