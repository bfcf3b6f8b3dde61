/** Functions that reduce axes, run along one, or sort. */
import { type Row, along, discrete, everything, exact, floats, numbers, row, unary } from "./row.ts";

const keep = "{ keepdims: o.keepdims }";
const reduction = (name: string, theirs = name): readonly [string, string] => [
  `np.${name}(x, o.axis, ${keep})`,
  `np.${theirs}(x, axis=o.axis, keepdims=o.keepdims)`,
];
const method = (name: string): readonly [string, string] => [
  `x.${name}(o.axis, ${keep})`,
  `np.${name}(x, axis=o.axis, keepdims=o.keepdims)`,
];

const reducing: readonly Row[] = [
  along("sum", method("sum"), "sum", {}, { isSummed: true, weight: 2 }),
  along("np.sum", reduction("sum"), "sum", {}, { isSummed: true }),
  along("mean", method("mean"), "float", { least: 1 }, { isSummed: true, weight: 2 }),
  along("prod", method("prod"), "sum", {}, { ulps: 64 }),
  along("np.prod", reduction("prod"), "sum", {}, { ulps: 64 }),
  along("max", method("max"), "promote", { least: 1 }, { ...exact, weight: 2 }),
  along("np.max", reduction("max"), "promote", { least: 1 }, exact),
  along("min", method("min"), "promote", { least: 1 }, exact),
  along("np.min", reduction("min"), "promote", { least: 1 }, exact),
  along("ptp", reduction("ptp"), "promote", { least: 1, dtypes: numbers }, { isSummed: true }),
  along("all", method("all"), "bool", {}, discrete),
  along("any", method("any"), "bool", {}, discrete),
  along("np.all", reduction("all"), "bool", {}, discrete),
  along("np.any", reduction("any"), "bool", {}, discrete),
  along("countNonzero", reduction("countNonzero", "count_nonzero"), "int32", {}, discrete),
  along("var", reduction("var"), "float", { least: 1, dtypes: numbers }, { isSummed: true, ulps: 64 }),
  along(
    "std",
    reduction("std"),
    "float",
    { least: 2, dtypes: floats, domain: "distinct" },
    { isSummed: true, isRoot: true, ulps: 64 },
  ),
  along(
    "vectorNorm",
    [
      "linalg.vectorNorm(x, { axis: o.axis, keepdims: o.keepdims })",
      "np.sqrt(np.sum(x * x, axis=o.axis, keepdims=o.keepdims))",
    ],
    "float",
    { dtypes: floats, least: 1 },
    { isSummed: true, isRoot: true, ulps: 64 },
  ),
  along(
    "logsumexp",
    ["nn.logsumexp(x, o.axis, { keepdims: o.keepdims })", "logsumexp(x, o.axis, o.keepdims)"],
    "float",
    { dtypes: floats, least: 1 },
    { isSummed: true, ulps: 64, weight: 2 },
  ),
];

const running: readonly Row[] = [
  ...["argmax", "argmin"].map((name) =>
    along(
      name,
      [`np.${name}(x, o.axis)`, `np.${name}(x, axis=o.axis)`],
      "int32",
      { least: 1, isOneAxis: true, isKept: false },
      discrete,
    ),
  ),
  unary("argmaxOfAll", ["np.argmax(x)", "np.argmax(x)"], "int32", { least: 1 }, discrete),
  along(
    "cumsum",
    ["np.cumsum(x, o.axis)", "np.cumsum(x, axis=o.axis)"],
    "sum",
    { isOneAxis: true, isKept: false },
    { isSummed: true, weight: 2 },
  ),
  along(
    "cumprod",
    ["np.cumprod(x, o.axis)", "np.cumprod(x, axis=o.axis)"],
    "sum",
    { isOneAxis: true, isKept: false },
    { ulps: 64 },
  ),
  along(
    "softmax",
    ["nn.softmax(x, o.axis)", "softmax(x, o.axis)"],
    "float",
    { dtypes: floats, isOneAxis: true, least: 1, isKept: false },
    { isSummed: true, ulps: 64, weight: 2 },
  ),
  along(
    "logSoftmax",
    ["nn.logSoftmax(x, o.axis)", "x - logsumexp(x, o.axis, True)"],
    "float",
    { dtypes: floats, isOneAxis: true, least: 1, isKept: false },
    { isSummed: true, ulps: 64, weight: 2 },
  ),
  along(
    "sort",
    ["np.sort(x, o.axis)", "np.sort(x, axis=o.axis)"],
    "promote",
    { isOneAxis: true, isKept: false },
    { ...exact, weight: 2 },
  ),
  along(
    "argsort",
    ["np.argsort(x, o.axis)", 'np.argsort(x, axis=o.axis, kind="stable")'],
    "int32",
    { isOneAxis: true, isKept: false },
    discrete,
  ),
  row(
    "diff",
    ["np.diff(x, o.n, o.axis)", "np.diff(x, n=o.n, axis=o.axis)"],
    "promote",
    (d) => {
      const x = d.tensor({ rank: [1, 3], least: 1, dtypes: numbers });
      return { operands: [x], options: { n: d.integer(0, 2), axis: d.axis(x) } };
    },
    { isSummed: true },
  ),
  row(
    "trace",
    ["np.trace(x, o.offset)", "np.trace(x, o.offset)"],
    "sum",
    (d) => ({
      operands: [d.tensor({ rank: [2, 3], least: 1, dtypes: everything })],
      options: { offset: d.integer(-1, 1) },
    }),
    { isSummed: true },
  ),
  row(
    "topK",
    ["lax.topK(x, o.k)[0]", "-np.sort(-x, axis=-1)[..., :o.k]"],
    "promote",
    (d) => {
      const x = d.tensor({ rank: [1, 3], least: 1, dtypes: floats });
      return { operands: [x], options: { k: d.integer(1, x.shape.at(-1)!) } };
    },
    { ...exact, weight: 2 },
  ),
  row(
    "topKIndices",
    ["lax.topK(x, o.k)[1]", 'np.argsort(-x, axis=-1, kind="stable")[..., :o.k]'],
    "int32",
    (d) => {
      const x = d.tensor({ rank: [1, 3], least: 1, dtypes: floats, domain: "distinct" });
      return { operands: [x], options: { k: d.integer(1, x.shape.at(-1)!) } };
    },
    discrete,
  ),
];

export const reductions: readonly Row[] = [...reducing, ...running];
