/** Where programs run: float64 functions exactly on the interpreter, everything else on WebAssembly. */
import { expect, test } from "vitest";
import { type Tensor, grad, jit, makeJaxpr, np } from "./index.ts";
import { deviceFor } from "./transforms.ts";

const deviceOf = (fn: (x: Tensor) => Tensor, dtype: "float32" | "float64") => {
  const { jaxpr } = makeJaxpr(fn, [np.zeros([3], { dtype })]);
  const device = deviceFor(jaxpr.jaxpr);
  jaxpr.dispose();
  return device;
};
const exp = np.exp as (x: Tensor) => Tensor;
const sin = np.sin as (x: Tensor) => Tensor;
const tanh = np.tanh as (x: Tensor) => Tensor;

test.each([
  ["exp", exp, Math.exp],
  ["sin", sin, Math.sin],
  ["tanh", tanh, Math.tanh],
] as const)("float64 %s is within 1e-15 of Math, eager and in a trace", (_name, f, reference) => {
  const x = np.linspace(-6, 6, 2001, { dtype: "float64" });
  for (const result of [f(x), jit(f)(x)]) {
    const worst = Math.max(
      ...result.data.map((y, i) =>
        reference(x.data[i]!) === 0 ? y : Math.abs(y / reference(x.data[i]!) - 1),
      ),
    );
    expect(worst).toBeLessThanOrEqual(1e-15);
  }
});

test("only float64 functions that WebAssembly rounds leave it", () => {
  for (const f of [exp, sin, tanh]) {
    expect(deviceOf(f, "float32")).toBe("wasm");
    expect(deviceOf(f, "float64")).toBe("cpu");
    expect(deviceOf((x) => grad((y: Tensor) => f(y).sum())(x), "float64")).toBe("cpu");
  }
  expect(deviceOf((x) => x.mul(x).add(1).sum(), "float64")).toBe("wasm");
  expect(deviceOf((x) => np.sqrt(x) as Tensor, "float64")).toBe("wasm");
});

test("float32 logarithms are within 4 roundings of Math near 1 (jax-js: 1e-5, which is all of it)", () => {
  const x = np.linspace(0.9, 1.1, 2001);
  const y = (np.log as (x: Tensor) => Tensor)(x);
  const errors = y.data.map(
    (value, i) => Math.abs(value - Math.log(x.data[i]!)) / Math.max(1e-30, Math.abs(Math.log(x.data[i]!))),
  );
  expect(Math.max(...errors.filter((_, i) => x.data[i] !== 1))).toBeLessThan(4 * 2 ** -23);
});
