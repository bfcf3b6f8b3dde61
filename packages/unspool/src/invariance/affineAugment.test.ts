/** Oracles: card of the method, section 6.4 (computed in torch, float64); torch's affine_grid and grid_sample. */
import { expect, test } from "vitest";
import { type Tensor, grad, linalg, np, random } from "../array/index.ts";
import { affineAugment } from "./affineAugment.ts";
import { type AffineRows, affineGenerators, affineMatrices } from "./affineMatrices.ts";
import { bilinearWarp } from "./bilinearWarp.ts";
import { angleGrid, rotation2d } from "./rotation2d.ts";

const all = Object.values(affineGenerators);
const float64 = { dtype: "float64" } as const;
const numbers = (x: Tensor): number[] => Array.from(x.data, Number);

function mapsOf(coefficients: readonly number[]): AffineRows {
  return affineMatrices(np.array([...coefficients], { shape: [1, 1, 6], ...float64 }), all);
}

function expectClose(given: Tensor | readonly number[], wanted: readonly number[], digits = 9): void {
  const values = Array.isArray(given) ? given : numbers(given as Tensor);
  expect(values).toHaveLength(wanted.length);
  wanted.forEach((x, i) => expect(values[i]).toBeCloseTo(x, digits));
}

const six = [0.3, -0.2, 0.5, 0.1, -0.15, 0.25];
const flat = (maps: AffineRows): number[] => maps.map((element) => element.item());

test("the exponential of all six generators", () => {
  const wanted = [1.0111391529, -0.2369026159, 0.3303357761, 0.7107078478, 0.774236537, -0.0707547658];
  expectClose(flat(mapsOf(six)), wanted);
});

test("a rotation turns the translation beside it", () => {
  const [, , x, , , y] = flat(mapsOf([0.3, 0, 0.5, 0, 0, 0]));
  expectClose([x!, y!], [0.2876553232, 0.0734504629]);
});

test("the exponential is that of linalg.expm, up to half turns", () => {
  const coefficients = random.uniform(random.key(1), [50, 6], {
    minval: -Math.PI,
    maxval: Math.PI,
    ...float64,
  });
  const rows = affineMatrices(coefficients, all);
  const generators = np.array(all.map((g) => [...g, 0, 0, 0]).flat(), { shape: [6, 9], ...float64 });
  const exact = linalg.expm(np.matmul(coefficients, generators).reshape([50, 3, 3])).reshape([50, 9]);
  rows.forEach((element, k) => {
    const wanted = exact.slice([], k);
    const error = np.abs(element.sub(wanted)).max().item() / np.abs(wanted).max().item();
    expect(error).toBeLessThan(1e-12);
  });
});

const image = np.arange(16).astype("float64").reshape([1, 1, 4, 4]);
const warped = (coefficients: readonly number[], alignCorners: boolean): Tensor =>
  bilinearWarp(image, mapsOf(coefficients), { alignCorners }).reshape([4, 4]);

test("a translation by half, and what lies outside is 0", () => {
  const moved = warped([0.5, 0, 0, 0, 0, 0], true);
  expectClose(moved.slice(0), [0.75, 1.75, 2.75, 0.75]);
  expectClose(moved.slice(3), [12.75, 13.75, 14.75, 3.75]);
  expectClose(warped([0.5, 0, 0, 0, 0, 0], false).slice(0), [1, 2, 3, 0]);
});

test.each([true, false])("a rotation does not depend on the convention of corners (%s)", (alignCorners) => {
  const turned = warped([0, 0, 0.5, 0, 0, 0], alignCorners);
  expectClose(turned.slice(0), [0.4193231248, 1.6804933938, 4.3512852947, 3.0707560468]);
  expectClose(turned.slice(2), [4.6049870792, 7.6178099963, 10.4130947126, 13.2083794289]);
});

test("all six at once, in both conventions", () => {
  expectClose(warped(six, true).slice(0), [0.1388451403, 1.6186112117, 5.2078950429, 1.0852012287]);
  expectClose(warped(six, false).slice(0), [0.1309843345, 1.6923650632, 5.0974490228, 0]);
});

test("images far outside of their frame are 0, and have no derivative", () => {
  const far = (shift: Tensor): Tensor => {
    const one = np.ones([1, 1], float64);
    const [zero, x] = [np.zeros([1, 1], float64), shift.reshape([1, 1])];
    return bilinearWarp(image, [one, zero, x, zero, one, zero]).sum();
  };
  for (const shift of [-50, 50]) {
    expect(far(np.array([shift], float64)).item()).toBe(0);
    expect((grad(far)(np.array([shift], float64)) as Tensor).item()).toBe(0);
  }
});

test("the derivative by the ranges is that of central differences", () => {
  const augmentation = affineAugment({ samples: 3 });
  const images = random.uniform(random.key(2), [2, 1, 5, 5], float64);
  const epsilon = augmentation.draw(random.key(3), 2, "float64");
  const weights = random.normal(random.key(4), [2, 3, 1, 5, 5], float64);
  const value = (eta: Tensor): Tensor => augmentation.transform(eta, epsilon, images).mul(weights).sum();
  const eta = np.array([0.21, 0.13, 0.4, 0.2, -0.1, 0.17], float64);
  const slope = numbers(grad(value)(eta) as Tensor);
  const h = 1e-7;
  for (let i = 0; i < 6; i++) {
    const moved = (by: number): number =>
      value(
        np.array(
          numbers(eta).map((x, k) => (k === i ? x + by : x)),
          float64,
        ),
      ).item();
    expect(slope[i]).toBeCloseTo((moved(h) - moved(-h)) / (2 * h), 5);
  }
});

test("flat, single and many-channel images are the same images", () => {
  const augmentation = affineAugment({ samples: 2 });
  const eta = np.array(six, float64);
  const epsilon = augmentation.draw(random.key(5), 3, "float64");
  const pixels = random.uniform(random.key(6), [3, 16], float64);
  const one = augmentation.transform(eta, epsilon, pixels);
  expect(one.shape).toEqual([3, 2, 16]);
  const two = augmentation.transform(eta, epsilon, pixels.reshape([3, 4, 4]));
  expect(two.shape).toEqual([3, 2, 4, 4]);
  expect(numbers(two)).toEqual(numbers(one));
  const both = np.stack([pixels, pixels.mul(2)], 1).reshape([3, 2, 4, 4]);
  const channels = augmentation.transform(eta, epsilon, both);
  expect(channels.shape).toEqual([3, 2, 2, 4, 4]);
  expectClose(channels.slice([], [], 1).reshape([3, 2, 16]).sub(one.mul(2)), Array(96).fill(0), 12);
});

test("rotations are capped at the whole circle, and come back from beyond it", () => {
  const [pixels, epsilon] = [random.uniform(random.key(7), [1, 16], float64), np.array([[[0.9]]], float64)];
  const at = (rotationCap: "hard" | "soft" | "none", eta: number): Tensor =>
    affineAugment({ samples: 1, generators: ["rotation"], rotationCap }).transform(
      np.array([eta], float64),
      epsilon,
      pixels,
    );
  expectClose(at("hard", 5), numbers(at("none", Math.PI)));
  expectClose(at("soft", 0.7), numbers(at("none", Math.PI * Math.tanh(0.7))));
  const hard = affineAugment({ samples: 1, generators: ["rotation"] });
  const slope = grad((eta: Tensor) => hard.transform(eta, epsilon, pixels).slice(0, 0, 5).sum());
  expect((slope(np.array([5], float64)) as Tensor).item()).not.toBe(0);
  expect(hard.project!(np.array([-5], float64)).item()).toBe(-Math.PI);
});

test("epsilon is uniform in [-1, 1) for every copy of every image, and the same for one key", () => {
  const augmentation = affineAugment({ samples: 4 });
  const drawn = augmentation.draw(random.key(8), 500);
  expect(drawn.shape).toEqual([500, 4, 6]);
  const values = numbers(drawn);
  expect(Math.min(...values)).toBeGreaterThanOrEqual(-1);
  expect(Math.max(...values)).toBeLessThan(1);
  // Variance 1/3; 12,000 numbers, standard error of the mean 0.0053.
  expect(Math.abs(values.reduce((sum, x) => sum + x, 0) / values.length)).toBeLessThan(4 * 0.0053);
  expect(numbers(augmentation.draw(random.key(8), 500))).toEqual(values);
});

test("rotation2d rotates by epsilon times eta half turns", () => {
  const quarter = rotation2d({ deterministic: [0.5, -0.5] });
  const points = np.array([[1, 0]], float64);
  const turned = quarter.transform(np.array([1], float64), quarter.draw(random.key(0), 1, "float64"), points);
  expect(turned.shape).toEqual([1, 2, 2]);
  expectClose(turned, [0, 1, 0, -1], 14);
});

test("the grid of angles has equal steps, also across the end of the circle", () => {
  for (const samples of [2, 5, 8, 31]) {
    const grid = angleGrid(samples);
    expect(grid).toHaveLength(samples);
    grid.forEach((x, i) =>
      expect(i === 0 ? x + 2 - grid.at(-1)! : x - grid[i - 1]!).toBeCloseTo(2 / samples, 12),
    );
  }
  // Card, section 1: linspace(-(1-1/S), 1-1/S, S) and linspace(-(S/2-1)/(S/2), 1, S).
  expectClose(angleGrid(4), [-0.5, 0, 0.5, 1]);
  expectClose(angleGrid(3), [-2 / 3, 0, 2 / 3]);
});

test("bad input is refused by name", () => {
  expect(() => affineAugment({ samples: 0 })).toThrow(
    "affineAugment: samples must be an integer of at least 1, got 0",
  );
  expect(() => rotation2d({ samples: 0 })).toThrow("rotation2d: samples must be an integer of at least 1");
  expect(() => affineAugment({ generators: ["rotatoin" as "rotation"] })).toThrow('Did you mean "rotation"?');
  expect(() => affineAugment({ generators: [] })).toThrow("one at least");
  const [eta, wide] = [np.zeros([6]), np.zeros([1, 4, 6])];
  const augmentation = affineAugment({ samples: 1 });
  const epsilon = augmentation.draw(random.key(0), 1);
  expect(() => augmentation.transform(eta, epsilon, wide)).toThrow("rotation and shear need square images");
  expect(() => augmentation.requireInputs!(wide)).toThrow("rotation and shear need square images");
  expect(() => augmentation.requireInputs!(np.zeros([2, 15]))).toThrow("15 pixels are no square image");
  expect(() => augmentation.transform(np.zeros([5]), epsilon, np.zeros([1, 16]))).toThrow("eta must be [6]");
  const shifts = affineAugment({ samples: 1, generators: ["translateX", "scaleY"] });
  expect(shifts.transform(np.zeros([2]), shifts.draw(random.key(0), 1), wide).shape).toEqual([1, 1, 4, 6]);
  expect(() => rotation2d().requireInputs!(np.zeros([2, 3]))).toThrow("points must be [n, 2]");
  expect(() => rotation2d({ samples: 3, deterministic: [0, 1] })).toThrow("3 finite numbers");
});

test("images of whole numbers are refused: their pixels would be interpolated in whole numbers", () => {
  const images = np.array(
    Int32Array.from({ length: 16 }, (_, i) => i),
    { shape: [1, 4, 4] },
  );
  const augment = affineAugment({ samples: 1 });
  expect(() => augment.transform(np.zeros([6]), np.ones([1, 1, 6]), images)).toThrow(
    'affineAugment: images must be floats, got int32[1,4,4]: pixels are interpolated. Write images.astype("float32").',
  );
});
