/** A compiled function is the function, whatever compiles it. */
import { afterEach, expect, test } from "vitest";
import { type Tensor, nn, np } from "../array/index.ts";
import { compiled } from "./compiled.ts";
import { configureExecutor } from "./defaultExecutor.ts";

afterEach(() => configureExecutor({}));

const spread = ({ x }: { x: Tensor }): { mean: Tensor; size: Tensor } => {
  const centred = x.sub(x.mean());
  return { mean: x.mean(), size: np.sqrt(centred.mul(centred).sum()) };
};

test.each(["compiled", "reference"] as const)("by the %s executor, for several shapes", (engine) => {
  configureExecutor({ engine });
  const run = compiled("spread", spread);
  for (const values of [[3, 5], [1, 2, 6], [-4]]) {
    const x = np.array(values);
    const { mean, size } = run({ x });
    expect(mean.item()).toBeCloseTo(spread({ x }).mean.item(), 6);
    expect(size.item()).toBeCloseTo(spread({ x }).size.item(), 6);
  }
});

test("elementwise results have the bits of an eager call", () => {
  const x = np.array(Array.from({ length: 50 }, (_, i) => Math.sin(i) * 3));
  const update = (w: Tensor, g: Tensor): Tensor => w.sub(g.mul(0.1)).add(w.mul(w).mul(0.3));
  expect(compiled("update", update)(x, nn.relu(x)).toArray()).toEqual(update(x, nn.relu(x)).toArray());
});

test("what is no tree is refused by the name of the compiled function", () => {
  const accuracy = compiled("accuracy", (w: unknown) => w as Tensor);
  expect(() => accuracy(undefined)).toThrow(/^accuracy: what it was given at "0" is undefined; a tree is/);
  expect(() => accuracy({ w: 1 })).toThrow(/^accuracy: what it was given at "0.w" is number; a tree is/);
});
