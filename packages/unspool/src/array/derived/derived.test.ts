/** Functions made of others, against recorded values of NumPy (`testing/reference.py`), eagerly and in a trace. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Tensor, grad, jit, linalg, np } from "../index.ts";
import { expectClose } from "../testing/contract.ts";
import { cases, m, x } from "./testing/cases.ts";
import { derivedNames, withoutDerivative } from "./testing/names.ts";

interface Reference {
  shape: number[];
  data: (number | "NaN" | "inf" | "-inf")[];
}
const references = JSON.parse(
  readFileSync(new URL("./testing/reference.json", import.meta.url), "utf8"),
) as Record<string, Reference>;

/** Not functions of a trace. */
const onlyEager = ["eigvals modulus"];

/** Found by iteration, to a bound of their own: relative to the largest element. */
const byRotations = ["singular", "pinv", "lstsq", "norm nuc", "norm 2", "norm -2", "eigvalsh"];

test("every recorded value has its case", () => {
  expect([...Object.keys(cases), ...onlyEager].toSorted()).toEqual(Object.keys(references).toSorted());
});

describe.each(Object.entries(cases))("%s", (name, [call, on]) => {
  const { shape, data } = references[name]!;
  const numbers = data.map((value) =>
    value === "inf" ? Infinity : value === "-inf" ? -Infinity : Number(value),
  );
  const check = (found: Tensor): void => {
    expect(found.shape).toEqual(shape);
    const size = Math.max(1, ...numbers.filter(Number.isFinite).map(Math.abs));
    // Integer operands become float32.
    const digits =
      on.dtype === "int32" ? 1e-6 : byRotations.some((one) => name.startsWith(one)) ? 1e-11 : 1e-13;
    const plus = (values: Iterable<number>) => Array.from(values, (value) => value + 10 * size);
    expectClose(plus(found.data), plus(numbers), digits);
  };
  test("eager", () => check(call(on)));
  test("in a trace", () => check(jit(call)(on)));
});

const isSmooth = ([name, [call, on]]: readonly [string, (typeof cases)[string]]): boolean =>
  on.dtype === "float64" &&
  on.data.every(Number.isFinite) &&
  !withoutDerivative.some((one) => String(call).includes(`.${one}(`)) &&
  // At the edge of a choice the derivative is one-sided: two elements that are 1, and rank 1.
  ![
    "median even",
    "quantile axes keepdims",
    "pinv rank 1",
    "histogram of one value",
    "histogram edges",
    "tri",
    "tri below",
    "logspace",
    "geomspace",
  ].includes(name);

test.each(Object.entries(cases).filter(isSmooth))(
  "gradient of %s, against differences",
  (_name, [call, on]) => {
    const weights = (size: number): Tensor =>
      np.array(Float64Array.from({ length: size }, (_, i) => Math.cos(2 * i + 1)));
    const loss = (t: Tensor): Tensor => {
      const out = call(t);
      return out.flatten().mul(weights(out.size)).sum();
    };
    const direction = weights(on.size).reshape([...on.shape]);
    const at = (h: number): number => loss(on.add(direction.mul(h))).item();
    const h = 1e-4;
    const slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    const found = grad(loss)(on).mul(direction).sum().item();
    expect(Math.abs(found - slope)).toBeLessThan(1e-7 * Math.max(1, Math.abs(slope)));
  },
);

test("every function of np that is made of others has its value here", () => {
  const source = readFileSync(new URL("./testing/cases.ts", import.meta.url), "utf8");
  const booleans = ["allclose", "arrayEqual"];
  expect(derivedNames.filter((name) => !source.includes(`np.${name}(`))).toEqual(booleans);
});

test("allclose and arrayEqual are booleans of JavaScript, and say in a trace what to write", () => {
  expect(np.allclose(x, x.add(1e-9))).toBe(true);
  expect(np.allclose([1, NaN], [1, NaN])).toBe(false);
  expect(np.allclose([1, NaN], [1, NaN], { equalNan: true })).toBe(true);
  expect(np.arrayEqual([1, 2], np.array([1, 2]))).toBe(true);
  expect(np.arrayEqual([1, 2], [[1, 2]])).toBe(false);
  expect(() => jit((t: Tensor) => (np.allclose(t, 1) ? t : t))(x)).toThrow(/np\.isclose/);
});

test("eigvals: real and imaginary parts of a matrix without symmetry", () => {
  const { re, im } = linalg.eigvals(m.slice([0, 3]));
  const moduli = Array.from(re.data, (real, i) => Math.hypot(real, im.data[i]!)).toSorted((a, b) => a - b);
  expectClose(moduli, references["eigvals modulus"]!.data as number[], 1e-12);
});
