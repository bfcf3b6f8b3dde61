/** Functions of one or two elements. */
import type { DType } from "../library.ts";
import {
  type Row,
  binary,
  discrete,
  everything,
  exact,
  floats,
  integers,
  numbers,
  row,
  signed,
  unary,
} from "./row.ts";

const same = (name: string): readonly [string, string] => [`np.${name}(x)`, `np.${name}(x)`];
const same2 = (name: string): readonly [string, string] => [`np.${name}(x, y)`, `np.${name}(x, y)`];
const whole: readonly DType[] = [...integers, "bool"];

const functions: readonly Row[] = [
  ...["exp", "expm1", "exp2", "sin", "cos", "tan", "sinh", "cosh", "tanh"].map((name) =>
    unary(name, same(name), "float"),
  ),
  // Near its zeros it has the errors of pi x.
  unary("sinc", same("sinc"), "float", {}, { scale: "1" }),
  unary("cbrt", same("cbrt"), "float", {}, { isRoot: true }),
  unary("sqrt", same("sqrt"), "float", { domain: "positive" }, { isRoot: true }),
  unary("arcsinh", ["np.asinh(x)", "np.arcsinh(x)"], "float"),
  unary("atan", ["np.atan(x)", "np.arctan(x)"], "float"),
  unary("asin", ["np.asin(x)", "np.arcsin(x)"], "float", { domain: "unit" }),
  unary("acos", ["np.acos(x)", "np.arccos(x)"], "float", { domain: "unit" }),
  unary("atanh", ["np.atanh(x)", "np.arctanh(x)"], "float", { domain: "unit" }),
  unary("acosh", ["np.acosh(x)", "np.arccosh(x)"], "float", { domain: "aboveOne" }),
  ...["log", "log2", "log10"].map((name) => unary(name, same(name), "float", { domain: "positive" })),
  unary("log1p", same("log1p"), "float", { domain: "unit" }),
  unary("reciprocal", ["np.reciprocal(x)", "1 / x"], "float", { domain: "positive" }),
  unary("square", same("square"), "promote", { dtypes: numbers }),
  unary("abs", same("abs"), "promote", { domain: "positive" }, exact),
  unary("absOfAll", same("abs"), "promote", {}, discrete),
  unary("sign", same("sign"), "promote", { dtypes: numbers }, discrete),
  unary("negative", same("negative"), "promote", { dtypes: numbers }, exact),
  unary("neg", ["x.neg()", "-x"], "promote", { dtypes: numbers }, exact),
  unary("positive", same("positive"), "promote", { dtypes: numbers }, exact),
  ...["floor", "ceil", "trunc", "rint"].map((name) =>
    unary(name, same(name), "any", { dtypes: numbers }, discrete),
  ),
  row(
    "round",
    ["np.round(x)", "np.round(x)"],
    "promote",
    (d) => ({ operands: [d.tensor({ dtypes: numbers })] }),
    discrete,
  ),
  ...["isnan", "isinf", "isfinite"].map((name) => unary(name, same(name), "bool", {}, discrete)),
  unary("nanToNum", ["np.nanToNum(x)", "nan_to_num(x, dtype)"], "promote", { dtypes: numbers }, exact),
  unary("logicalNot", ["np.logicalNot(x)", "np.logical_not(x)"], "bool", {}, discrete),
  unary("bitwiseNot", ["np.bitwiseNot(x)", "np.bitwise_not(x)"], "promote", { dtypes: whole }, discrete),
  unary("erf", ["lax.erf(x)", "erf(x)"], "float", {}, { ulps: 16 }),
  unary("erfc", ["lax.erfc(x)", "erfc(x)"], "float", {}, { ulps: 32 }),
];

const arithmetic: readonly Row[] = [
  binary("add", ["x.add(y)", "x + y"], "promote", { dtypes: numbers }, { isSummed: true }),
  binary("sub", ["x.sub(y)", "x - y"], "promote", { dtypes: numbers }, { isSummed: true }),
  binary("mul", ["x.mul(y)", "x * y"], "promote"),
  binary("div", ["x.div(y)", "x / y"], "float", {}, { other: "positive" }),
  binary("np.add", same2("add"), "promote", { dtypes: numbers }, { isSummed: true, isNumberFirst: true }),
  binary(
    "np.subtract",
    same2("subtract"),
    "promote",
    { dtypes: numbers },
    { isSummed: true, isNumberFirst: true },
  ),
  binary("np.multiply", same2("multiply"), "promote", { dtypes: numbers }, { isNumberFirst: true }),
  binary("np.divide", same2("divide"), "float", {}, { other: "positive", isNumberFirst: true }),
  binary(
    "np.trueDivide",
    ["np.trueDivide(x, y)", "np.true_divide(x, y)"],
    "float",
    {},
    { other: "positive" },
  ),
  binary(
    "floorDivide",
    ["np.floorDivide(x, y)", "np.floor_divide(x, y)"],
    "promote",
    { dtypes: numbers },
    { isSmooth: false },
  ),
  binary(
    "mod",
    ["x.mod(y)", "np.mod(x, y)"],
    "promote",
    { dtypes: numbers },
    { isSmooth: false, isSummed: true },
  ),
  binary(
    "remainder",
    same2("remainder"),
    "promote",
    { dtypes: numbers },
    { isSmooth: false, isSummed: true },
  ),
  binary("fmod", same2("fmod"), "promote", { dtypes: numbers }, { isSmooth: false, isSummed: true }),
  binary(
    "power",
    same2("power"),
    "promote",
    { dtypes: floats, domain: "positive" },
    { other: "small", ulps: 32, isRoot: true },
  ),
  binary("maximum", same2("maximum"), "promote", {}, { isExact: true, isNumberFirst: true }),
  binary("minimum", same2("minimum"), "promote", {}, { isExact: true, isNumberFirst: true }),
  binary("fmax", same2("fmax"), "promote", {}, exact),
  binary("fmin", same2("fmin"), "promote", {}, exact),
  binary("hypot", same2("hypot"), "float", { domain: "positive" }, { isRoot: true }),
  binary("atan2", ["np.atan2(x, y)", "np.arctan2(x, y)"], "float", { domain: "positive" }),
  binary("logaddexp", same2("logaddexp"), "float", {}, { scale: "np.maximum(np.abs(x), np.abs(y))" }),
  binary("logaddexp2", same2("logaddexp2"), "float", {}, { scale: "np.maximum(np.abs(x), np.abs(y))" }),
  binary("copysign", same2("copysign"), "float", { dtypes: floats }, discrete),
  binary("heaviside", same2("heaviside"), "float", { dtypes: floats }, discrete),
];

const tests: readonly Row[] = [
  ...["equal", "notEqual", "less", "lessEqual", "greater", "greaterEqual"].flatMap((name) => {
    const theirs = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return [
      binary(
        `np.${name}`,
        [`np.${name}(x, y)`, `np.${theirs}(x, y)`],
        "test",
        {},
        { ...discrete, isNumberFirst: true, weight: 0.5 },
      ),
      binary(name, [`x.${name}(y)`, `np.${theirs}(x, y)`], "test", {}, { ...discrete, weight: 0.5 }),
    ];
  }),
  ...["And", "Or", "Xor"].flatMap((name) => [
    binary(
      `logical${name}`,
      [`np.logical${name}(x, y)`, `np.logical_${name.toLowerCase()}(x, y)`],
      "bool",
      {},
      discrete,
    ),
    row(
      `bitwise${name}`,
      [`np.bitwise${name}(x, y)`, `np.bitwise_${name.toLowerCase()}(x, y)`],
      "promote",
      (d) => {
        const x = d.tensor({ dtypes: whole });
        return { operands: [x, d.beside(x, { dtypes: [x.dtype] })] };
      },
      discrete,
    ),
  ]),
  ...(["left", "right"] as const).map((side) =>
    row(
      `${side}Shift`,
      [`np.${side}Shift(x, y)`, `np.${side}_shift(x, y)`],
      "promote",
      (d) => {
        const x = d.tensor({ dtypes: integers });
        return { operands: [x, d.beside(x, { dtypes: [x.dtype], domain: "positive" })] };
      },
      discrete,
    ),
  ),
];

const selections: readonly Row[] = [
  row(
    "where",
    ["np.where(z, x, y)", "np.where(z, x, y)"],
    "promote",
    (d) => {
      const x = d.tensor({ dtypes: everything });
      const y = d.chance(0.2) ? d.number(x.dtype) : d.beside(x, { dtypes: [x.dtype] });
      return { operands: [x, y, d.beside(x, { dtypes: ["bool"] })] };
    },
    { ...exact, weight: 2 },
  ),
  row(
    "whereOfTest",
    ["np.where(x.greater(y), x, y.mul(0.5))", "np.where(x > y, x, y * 0.5)"],
    "promote",
    (d) => {
      const x = d.tensor({ dtypes: floats });
      return { operands: [x, d.beside(x, { dtypes: [x.dtype] })] };
    },
  ),
  row(
    "clip",
    ["np.clip(x, o.low, o.high)", "np.clip(x, o.low, o.high)"],
    "promote",
    (d) => {
      const x = d.tensor({ dtypes: numbers });
      const [low, high] =
        x.dtype === "uint32"
          ? [1, 5]
          : d.pick([
              [-1, 1],
              [0, 2],
              [-2, -1],
            ] as const);
      return { operands: [x], options: { low, high } };
    },
    exact,
  ),
  row(
    "powerOfNumber",
    ["np.power(x, o.y)", "np.power(x, o.y)"],
    "promote",
    (d) => {
      const x = d.tensor({ dtypes: signed });
      return {
        operands: [x],
        options: { y: x.dtype === "int32" ? d.integer(0, 5) : d.pick([-3, -2, -1, 0, 1, 2, 3, 4, 7]) },
      };
    },
    { ulps: 32 },
  ),
  row(
    "astype",
    ["x.astype(o.dtype)", "astype(x, o.dtype)"],
    "any",
    (d) => {
      const x = d.tensor({ dtypes: everything });
      // From floats to whole numbers only where they fit: NumPy leaves the rest to the machine.
      const isFloat = floats.includes(x.dtype);
      const to = everything.filter(
        (dtype) => !isFloat || (dtype !== "uint32" && !(d.options.hasSpecials && dtype === "int32")),
      );
      return { operands: [x], options: { dtype: d.pick(to) } };
    },
    { isSmooth: false },
  ),
];

export const elementwise: readonly Row[] = [...functions, ...arithmetic, ...tests, ...selections];
