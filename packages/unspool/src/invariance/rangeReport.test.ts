import { expect, test } from "vitest";
import { np, random } from "../array/index.ts";
import { affineAugment } from "./affineAugment.ts";
import { rangeReport } from "./rangeReport.ts";
import { ringToy } from "./ringToy.ts";
import { rotation2d } from "./rotation2d.ts";

test("ranges in degrees, pixels and factors, whatever their sign", () => {
  const report = rangeReport(affineAugment(), np.array([-0.5, 0.25, 2, Math.LN2, 0, 0.1]), 28);
  expect(report.map(({ meaning }) => meaning)).toEqual([
    ...["±6.8 pixels", "±3.4 pixels", "±115°"],
    ...["factors 0.50 to 2.00", "factors 1.00 to 1.00", "±0.10"],
  ]);
  expect(rangeReport(rotation2d(), np.array([-0.5]))).toEqual([
    { parameter: "rotation", range: 0.5, meaning: "±90°" },
  ]);
  expect(() => rangeReport(rotation2d(), np.zeros([2]))).toThrow("eta must be [1]");
});

test("ringToy: half of the points in each class, at the radii of the card's section 4", () => {
  const { inputs, targets } = ringToy(random.key(0), { sigma: 0 });
  expect(inputs.shape).toEqual([200, 2]);
  const radii = Array.from({ length: 200 }, (_, i) =>
    Math.hypot(inputs.data[2 * i]!, inputs.data[2 * i + 1]!),
  );
  // float32.
  const count = (radius: number): number => radii.filter((r) => Math.abs(r - radius) < 1e-6).length;
  expect([count(0.5), count(1), count(0)]).toEqual([100, 66, 34]);
  expect(Array.from(targets.data).indexOf(1)).toBe(100);
  const angles = Array.from({ length: 166 }, (_, i) =>
    Math.atan2(inputs.data[2 * i + 1]!, inputs.data[2 * i]!),
  );
  expect(Math.min(...angles)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...angles)).toBeLessThanOrEqual((120 / 180) * Math.PI + 1e-6);
  expect(() => ringToy(random.key(0), { n: 3 })).toThrow("n must be an integer of at least 4");
  expect(() => ringToy(random.key(0), { sigma: -1 })).toThrow("sigma must be a number of at least 0");
});

test("ranges are those that the transformation uses, and pixels those that it moves", () => {
  const eta = np.array([0, 0]);
  const soft = affineAugment({ generators: ["rotation", "scaleX"], softplus: true });
  // softplus(0) = ln 2 = 0.693: 40 degrees, and factors 1/2 to 2.
  expect(rangeReport(soft, eta).map(({ meaning }) => meaning)).toEqual(["±40°", "factors 0.50 to 2.00"]);
  const capped = affineAugment({ generators: ["rotation"], rotationCap: "soft" });
  // pi tanh(0.5) is 83 degrees.
  expect(rangeReport(capped, np.array([0.5]))[0]!.meaning).toBe("±83°");
  const shift = (alignCorners: boolean) => affineAugment({ generators: ["translateX"], alignCorners });
  expect(rangeReport(shift(true), np.array([0.5]), 5)[0]!.meaning).toBe("±1.0 pixels");
  expect(rangeReport(shift(false), np.array([0.5]), 4)[0]!.meaning).toBe("±1.0 pixels");
});
