/** A compiled function is the function, whatever compiles it. */
import { afterEach, expect, test } from "vitest";
import { type Tensor, grad, jvp, nn, np, random, scan } from "../array/index.ts";
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

test("draws within a loop are the same on the way back: reverse mode is forward mode to float64", () => {
  const f64 = (values: number[]): Tensor => np.array(values, { dtype: "float64" });
  const key = random.key(3);
  const loss = (u: Tensor): Tensor => {
    const step = (w: Tensor, own: Tensor): [Tensor, undefined] => {
      const noise = random.normal(own, [2]).astype("float64");
      return [w.sub(w.mul(u).mul(w).sub(noise.mul(w)).mul(u).mul(0.1)), undefined];
    };
    const miss = scan(step, f64([0.2, 0.1]), random.split(key, 4))[0].sub(1);
    return miss.mul(miss).sum();
  };
  const u = f64([0.7, 1.2]);
  const reverse = compiled("reverse", (v: Tensor) => grad(loss)(v))(u).data;
  const forward = compiled("forward", (v: Tensor) => [
    jvp(loss, [v], [f64([1, 0])])[1],
    jvp(loss, [v], [f64([0, 1])])[1],
  ])(u);
  // With other draws of float32 on the way back they differ from the seventh digit on.
  forward.forEach((slope, i) => expect(Math.abs(reverse[i]! / slope.item() - 1)).toBeLessThan(1e-14));
});
