/** Against the released rule and schedule in NumPy, float64: twelve given gradients, as in `gallery.test.ts`. */
import { expect, test } from "vitest";
import { OptionError } from "../../errors.ts";
import { expectClose, f64, trajectory } from "../testing.ts";
import { optList } from "./optList.ts";

const start = f64([0.5, -1.5, 2]);
const gradient = (_theta: unknown, t: number) =>
  f64([0, 1, 2].map((j) => Math.cos(0.4 * t + j) * 0.3 - 0.05 * j));

// prettier-ignore
test.each<[what: string, index: number, steps: number, wanted: number[]]>([
  ["no warm-up, constant for three quarters, beyond the end", 0, 10, [0.4937325797, -1.49639186247, 2.01042394005]],
  ["a warm-up, and a rate that is left", 2, 10, [0.499565300014, -1.499160023844, 2.000981569891]],
  ["Nesterov, an eps of 3, decay of both kinds", 13, 10, [0.373497652567, -1.313432760455, 1.915092924263]],
  ["stopped before the end", 15, 20, [0.497793837453, -1.474753853239, 2.025605011085]],
  ["the last of the list", 19, 8, [0.497165732827, -1.497499602961, 2.003833078839]],
])("%s: setting %i of %i steps", (_what, index, steps, wanted) => {
  expectClose(trajectory(optList({ index, steps }), start, gradient, 12).at(-1)!.theta, wanted, 1e-11);
});

test("an index that is not in the list is refused", () => {
  expect(() => optList({ index: 20 })).toThrow(OptionError);
  expect(() => optList({ index: 20 })).toThrow("optList: index must be below 20");
  expect(() => optList({ index: -1 })).toThrow("optList: index");
  expect(() => optList({ steps: 0 })).toThrow("optList: steps");
});
