/** Functions that are made of the others: statistics, searches, differences, indexed writing. */
import type { Draw } from "../draw.ts";
import { type Row, along, discrete, exact, floats, numbers, row } from "./row.ts";

const float = { dtypes: floats, least: 1 } as const;
const summed = { isSummed: true, ulps: 64 } as const;
const reduction = (name: string): readonly [string, string] => [
  `np.${name}(x, o.axis, { keepdims: o.keepdims })`,
  `np.${name}(x, axis=o.axis, keepdims=o.keepdims)`,
];

const statistics: readonly Row[] = [
  along("median", reduction("median"), "float", float, { ...summed, isSmooth: false }),
  ...(["quantile", "percentile"] as const).map((name) =>
    row(
      name,
      [`np.${name}(x, o.q, o.axis)`, `np.${name}(x, o.q, axis=o.axis)`],
      "first",
      (d) => {
        const x = d.tensor({ rank: [1, 3], ...float });
        const q = d.pick([0, 0.25, 0.5, 0.9, 1]);
        return { operands: [x], options: { q: name === "quantile" ? q : 100 * q, axis: d.axis(x) } };
      },
      { ...summed, isSmooth: false },
    ),
  ),
  ...["nansum", "nanprod", "nanmean"].map((name) =>
    along(name, reduction(name), "float", float, { ...summed, isSmooth: name === "nansum" }),
  ),
  ...["nanmax", "nanmin"].map((name) => along(name, reduction(name), "float", float, exact)),
  along("nanvar", reduction("nanvar"), "float", { ...float, domain: "distinct" }, summed),
  row(
    "average",
    ["np.average(x, -1, { weights: y })", "np.average(x, axis=-1, weights=y)"],
    "first",
    (d) => {
      const x = d.tensor({ rank: [1, 3], ...float });
      return { operands: [x, d.input(x.dtype, [x.shape.at(-1)!], "aboveOne")] };
    },
    summed,
  ),
  row(
    "cov",
    ["np.cov(x)", "np.cov(x)"],
    "first",
    (d) => ({ operands: [d.tensor({ rank: [1, 2], dtypes: floats, least: 2, domain: "distinct" })] }),
    summed,
  ),
  row(
    "corrcoef",
    ["np.corrcoef(x)", "np.corrcoef(x)"],
    "first",
    (d) => {
      const shape = [d.integer(2, 4), d.integer(3, 6)];
      return { operands: [d.input(d.pick(floats), shape, "distinct")] };
    },
    { ...summed, isSmooth: false },
  ),
];

/** Rising numbers, as an input that no copy of it changes. */
const rising = (d: Draw, n: number): number[] => {
  let at = -3;
  return Array.from({ length: n }, () => (at += 0.25 * d.integer(1, 4)));
};

const searches: readonly Row[] = [
  row(
    "searchsorted",
    [
      "np.searchsorted(np.array(o.sorted), x, { side: o.side })",
      "np.searchsorted(np.array(o.sorted), x, side=o.side)",
    ],
    "int32",
    (d) => ({
      operands: [d.tensor({ dtypes: ["float32"] })],
      options: { sorted: rising(d, d.integer(1, 9)), side: d.pick(["left", "right"]) },
    }),
    discrete,
  ),
  row(
    "digitize",
    ["np.digitize(x, np.array(o.bins))", "np.digitize(x, np.array(o.bins))"],
    "int32",
    (d) => ({ operands: [d.tensor({ dtypes: ["float32"] })], options: { bins: rising(d, d.integer(1, 9)) } }),
    discrete,
  ),
  row(
    "interp",
    ["np.interp(x, np.array(o.at), np.array(o.values))", "np.interp(x, np.array(o.at), np.array(o.values))"],
    "first",
    (d) => {
      const n = d.integer(2, 6);
      const values = Array.from({ length: n }, () => d.integer(-4, 4) / 2);
      return { operands: [d.tensor({ dtypes: ["float32"] })], options: { at: rising(d, n), values } };
    },
    { ...summed, isSmooth: false },
  ),
  row(
    "bincount",
    ["np.bincount(x, { length: 5 })", "np.bincount(x, minlength=5)"],
    "int32",
    (d) => ({ operands: [d.input("int32", [d.length()], "label", 5)] }),
    discrete,
  ),
  row(
    "histogram",
    ["np.histogram(x, { bins: 4, range: [-2, 2] })[0]", "np.histogram(x, 4, (-2, 2))[0]"],
    "any",
    (d) => ({ operands: [d.tensor({ rank: [1, 2], dtypes: ["float32"] })] }),
    discrete,
  ),
  row(
    "isclose",
    ["np.isclose(x, y)", "np.isclose(x, y)"],
    "bool",
    (d) => {
      const x = d.tensor({ dtypes: floats });
      return { operands: [x, d.tensor({ shape: x.shape, dtypes: [x.dtype] })] };
    },
    discrete,
  ),
];

const combinations: readonly Row[] = [
  row("kron", ["np.kron(x, y)", "np.kron(x, y)"], "promote", (d) => {
    const shape = (): number[] => d.shape([1, 2], 1).map((n) => Math.min(n, 4));
    const x = d.tensor({ shape: shape(), dtypes: numbers });
    return { operands: [x, d.tensor({ shape: shape(), dtypes: [x.dtype] })] };
  }),
  row(
    "gradient",
    ["np.gradient(x, o.h, { axis: o.axis })", "np.gradient(x, o.h, axis=o.axis)"],
    "first",
    (d) => {
      const x = d.tensor({ rank: [1, 2], dtypes: floats, least: 2 });
      return { operands: [x], options: { h: d.pick([1, 0.5, 2]), axis: d.axis(x) } };
    },
    summed,
  ),
  row(
    "trapezoid",
    ["np.trapezoid(x, null, { axis: o.axis })", "np.trapz(x, axis=o.axis)"],
    "first",
    (d) => {
      const x = d.tensor({ rank: [1, 3], ...float });
      return { operands: [x], options: { axis: d.axis(x) } };
    },
    summed,
  ),
  row(
    "polyval",
    ["np.polyval(y, x)", "np.polyval(y, x)"],
    "promote",
    (d) => {
      const x = d.tensor({ dtypes: floats });
      return { operands: [x, d.input(x.dtype, [d.integer(1, 4)], "small")] };
    },
    summed,
  ),
  row(
    "dynamicSlice",
    ["lax.dynamicSlice(x, [y], [2])", "x[max(0, min(int(y), len(x) - 2)):][:2]"],
    "first",
    (d) => {
      const x = d.tensor({ rank: [1, 1], dtypes: floats, least: 2 });
      return { operands: [x, d.input("int32", [], "label", 6)] };
    },
    exact,
  ),
  row(
    "associativeScan",
    ["lax.associativeScan((a, b) => np.add(a, b), x, { axis: o.axis })", "np.cumsum(x, axis=o.axis)"],
    "first",
    (d) => {
      const x = d.tensor({ rank: [1, 3], ...float });
      return { operands: [x], options: { axis: d.axis(x) } };
    },
    summed,
  ),
  row(
    "setAt",
    ["x.at(o.i).set(o.value)", "write(x, o.i, o.value)"],
    "first",
    (d) => {
      const x = d.tensor({ rank: [1, 3], ...float });
      return {
        operands: [x],
        options: { i: d.integer(-x.shape[0]!, x.shape[0]! - 1), value: d.pick([0, 1.5]) },
      };
    },
    exact,
  ),
  row(
    "addAt",
    ["x.at(y).add(o.value)", "write(x, y, o.value, True)"],
    "first",
    (d) => {
      const x = d.tensor({ rank: [1, 3], ...float });
      return {
        operands: [x, d.input("int32", [d.integer(1, 4)], "label", x.shape[0]!)],
        options: { value: d.pick([1, 1.5]) },
      };
    },
    summed,
  ),
];

export const derived: readonly Row[] = [...statistics, ...searches, ...combinations];
