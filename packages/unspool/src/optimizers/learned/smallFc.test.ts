import { describe, expect, test } from "vitest";
import { np, random, tree } from "../../array/index.ts";
import { factoredAxes } from "./factoredSquares.ts";
import { smallFc } from "./smallFc.ts";
import { runQ, wavyLayers } from "./testing.ts";

const zeros64 = (n: number) => np.zeros([n], { dtype: "float64" });
const meta = (hidden: number) => ({
  momentumDecays: zeros64(3),
  squareDecay: zeros64(1),
  factoredDecays: zeros64(3),
  layers: wavyLayers([39, hidden, hidden, 2], 0.3),
});

describe("smallFc", () => {
  test("has 197 parameters", () => {
    const start = smallFc().init(random.key(1));
    expect(tree.size(start)).toBe(197);
    const largest = Math.max(...tree.flatten(start.layers[0]!.weights).map(Math.abs));
    expect(largest * Math.sqrt(39)).toBeLessThanOrEqual(2);
  });

  test("moves as the authors' rule does on a matrix, a vector and a scalar", () => {
    const optimizer = smallFc().optimizer(meta(4));
    const { theta, losses } = runQ(optimizer, 101);
    [7.20175, 7.200703617184862, 7.199736350415762, 7.198900598893485].forEach((loss, i) =>
      expect(losses[i]).toBeCloseTo(loss, 12),
    );
    expect(theta.p0.shape).toEqual([2, 3]);
    expect(losses[100]).toBeCloseTo(7.100653894782021, 11);
    const { theta: first } = runQ(optimizer, 1);
    const wanted = [
      0.5002656750019716, -0.999820012856645, 1.9999964900534368, 0.10000597896156918, 3.861558044740133e-5,
      -0.29990168790526756, 0.20001771284173092, -0.3997972766055736, 0.6000093291068532, 1.5000086085369582,
    ];
    tree.flatten(first).forEach((x, i) => expect(x).toBeCloseTo(wanted[i]!, 13));
  });
});

test("factoredAxes takes the two largest, of equals the later as the largest", () => {
  const shapes: [number[], number[] | undefined][] = [
    [
      [2, 3],
      [0, 1],
    ],
    [
      [3, 2],
      [1, 0],
    ],
    [
      [3, 3],
      [0, 1],
    ],
    [
      [3, 3, 32, 64],
      [2, 3],
    ],
    [
      [5, 5, 3, 32],
      [1, 3],
    ],
    [[5], undefined],
  ];
  for (const [shape, axes] of shapes) {
    const found = factoredAxes(shape);
    expect(found && [found.second, found.largest]).toEqual(axes);
  }
});
