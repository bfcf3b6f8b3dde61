import { expect, test } from "vitest";
import { random, tree } from "../../array/index.ts";
import { mlpLopt } from "./mlpLopt.ts";
import { runQ, wavyLayers } from "./testing.ts";

test("mlpLopt has 1,762 parameters and moves as the authors' rule does", () => {
  expect(tree.size(mlpLopt().init(random.key(1)))).toBe(1762);
  const { theta } = runQ(mlpLopt().optimizer({ layers: wavyLayers([19, 32, 32, 2], 0.1) }), 3);
  expect(theta.p2.item()).toBeCloseTo(1.4999393943256565, 12);
  [0.19993909590588035, -0.4000587150819244, 0.599939269637931].forEach((x, i) =>
    expect(theta.p1.data[i]).toBeCloseTo(x, 12),
  );
  expect(theta.p0.data[0]).toBeCloseTo(0.49993915573501196, 12);
});
