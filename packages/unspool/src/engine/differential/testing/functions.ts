/** Every function that the array room exposes as a case for the engine: the tables of the array room's own tests. */
import { type DType, type Tensor, grad, lax, nn, np, random } from "../../../array/index.ts";
import { type ArrayCase, flat, shapeOf, weights } from "../../../array/testing/contract.ts";
import { binary, integer, unary } from "../../../array/testing/elementwise.ts";
import {
  arrayLax,
  arrayLinalg,
  arrayNn,
  elementwiseLax,
  elementwiseNn,
} from "../../../array/testing/networks.ts";
import { structural } from "../../../array/testing/structural.ts";
import { isFloat } from "./compare.ts";

export interface FunctionCase {
  name: string;
  call: (...args: Tensor[]) => readonly Tensor[];
  args: readonly Tensor[];
  /** How the arguments of another unit come from these: other elements, so that none leaves a function's domain. */
  vary: "roll" | "scale";
  isDifferentiable: boolean;
}

type Unary = (...xs: Tensor[]) => Tensor;
type FloatType = "float32" | "float64";

const named = (namespace: object, name: string): Unary => (namespace as Record<string, Unary>)[name]!;

const column = (values: readonly number[], dtype: DType): Tensor => np.array([...values], { dtype });

/** Each function once: several names may share a row. */
function withoutAliases<Row>(table: Readonly<Record<string, Row>>): [string, Row][] {
  const rows = Object.entries(table);
  return rows.filter(([, row], i) => rows.findIndex(([, other]) => other === row) === i);
}

function unaryCases(namespace: object, table: typeof unary, dtype: FloatType): FunctionCase[] {
  return withoutAliases(table).map(([name, { at, special = [], isTest }]) => {
    const f = named(namespace, name);
    const x = column([...at, ...special.map(([point]) => point)], dtype);
    return { name, call: (y) => [f(y!)], args: [x], vary: "roll", isDifferentiable: isTest !== true };
  });
}

function binaryCases(dtype: FloatType): FunctionCase[] {
  return withoutAliases(binary).map(([name, { at, special = [], isTest }]) => {
    const f = named(np, name);
    const points = [...at, ...special];
    const args = [0, 1].map((i) =>
      column(
        points.map((point) => point[i]!),
        dtype,
      ),
    );
    return { name, call: (x, y) => [f(x!, y!)], args, vary: "roll", isDifferentiable: isTest !== true };
  });
}

const listed = (out: Tensor | readonly Tensor[]): readonly Tensor[] =>
  Array.isArray(out) ? (out as readonly Tensor[]) : [out as Tensor];

function arrayCases(table: Readonly<Record<string, readonly ArrayCase[]>>, dtype: FloatType): FunctionCase[] {
  return Object.entries(table).flatMap(([name, rows]) =>
    rows.map((row, i): FunctionCase => ({
      name: `${name} ${i}`,
      call: (...args) => listed(row.call(...args)),
      args: row.args.map((values, j) =>
        np.array(flat(values), { dtype: row.dtypes?.[j] ?? dtype, shape: shapeOf(values) }),
      ),
      vary: "scale",
      isDifferentiable: row.isDifferentiable !== false,
    })),
  );
}

/** All functions of floats. */
export function floatCases(dtype: FloatType): FunctionCase[] {
  return [
    ...unaryCases(np, unary, dtype),
    ...unaryCases(nn, elementwiseNn, dtype),
    ...unaryCases(lax, elementwiseLax, dtype),
    ...binaryCases(dtype),
    ...[structural, arrayNn, arrayLax, arrayLinalg].flatMap((table) => arrayCases(table, dtype)),
  ];
}

const binaryNames = [
  ...Object.keys(integer),
  "equal",
  "notEqual",
  "less",
  "lessEqual",
  "greater",
  "greaterEqual",
];
const unaryNames = ["abs", "sign", "negative", "square", "bitwiseNot", "logicalNot"];

/** Functions of whole numbers, near the ends of their ranges too. */
export function integerCases(dtype: "int32" | "uint32"): FunctionCase[] {
  const ends = dtype === "int32" ? [-(2 ** 31), 2 ** 31 - 1, -1, -7] : [0, 2 ** 32 - 1, 2 ** 31, 2 ** 31 + 1];
  const x = column([12, 5, 255, 0, 1023, ...ends], dtype);
  const y = column([10, 3, 1, 7, 4, 3, 2, 5, 1], dtype);
  const isMissing = (name: string): boolean => dtype === "uint32" && ["abs", "sign"].includes(name);
  return [
    ...binaryNames.map((name): FunctionCase => ({
      name,
      call: (a, b) => [named(np, name)(a!, b!)],
      args: [x, y],
      vary: "roll",
      isDifferentiable: false,
    })),
    ...unaryNames
      .filter((name) => !isMissing(name))
      .map((name): FunctionCase => ({
        name,
        call: (a) => [named(np, name)(a!)],
        args: [x],
        vary: "roll",
        isDifferentiable: false,
      })),
    ...(["sum", "prod", "max", "min", "argmax", "argmin", "sort", "cumsum"] as const).map(
      (name): FunctionCase => ({
        name,
        call: (a) => [(named(np, name) as (x: Tensor) => Tensor)(a!)],
        args: [x],
        vary: "roll",
        isDifferentiable: false,
      }),
    ),
    {
      name: "casts",
      call: (a) => (["float32", "float64", "bool", "int32", "uint32"] as const).map((to) => a!.astype(to)),
      args: [x],
      vary: "roll",
      isDifferentiable: false,
    },
  ];
}

const draws: Readonly<Record<keyof typeof random, (key: Tensor) => readonly Tensor[]>> = {
  key: () => [random.key(7)],
  foldIn: (key) => [
    random.foldIn(key, "name"),
    random.foldIn(key, 3),
    random.foldIn(key, key.slice(1).mod(np.array(99, { dtype: "uint32" }))),
  ],
  split: (key) => [random.split(key, 3)],
  bits: (key) => [random.bits(key, [3, 5]), random.bits(key, [])],
  uniform: (key) => [random.uniform(key, [7]), random.uniform(key, [2, 2], { minval: -1, maxval: 3 })],
  normal: (key) => [
    random.normal(key, [9]),
    random.normal(key, [2, 3], { dtype: "float64" }).astype("float32"),
  ],
  normalAt: (key) => [random.normalAt(key, np.arange(7).astype("uint32"))],
  rademacher: (key) => [random.rademacher(key, [6])],
  bernoulli: (key) => [random.bernoulli(key, 0.4, [6])],
  randint: (key) => [random.randint(key, [6], -5, 12)],
  permutation: (key) => [random.permutation(key, 11)],
  categorical: (key) => [random.categorical(key, np.array([0, 1, -1, 0.5]))],
  exponential: (key) => [random.exponential(key, [5])],
  gumbel: (key) => [random.gumbel(key, [5])],
  gamma: (key) => [random.gamma(key, [0.3, 1, 20])],
  beta: (key) => [random.beta(key, 2, [0.5, 3])],
  dirichlet: (key) => [random.dirichlet(key, [1, 2, 3])],
  poisson: (key) => [random.poisson(key, [0.5, 8, 90])],
  binomial: (key) => [random.binomial(key, [5, 300], [0.3, 0.6])],
  laplace: (key) => [random.laplace(key, [5])],
  cauchy: (key) => [random.cauchy(key, [5])],
  truncatedNormal: (key) => [random.truncatedNormal(key, [-1, 2], [1, 5])],
  multivariateNormal: (key) => [
    random.multivariateNormal(
      key,
      [0, 1],
      np.array([
        [2, 0.5],
        [0.5, 1],
      ]),
    ),
  ],
  choice: (key) => [random.choice(key, 9, [4]), random.choice(key, 4, [5], { p: [0.1, 0.2, 0.3, 0.4] })],
};

/** Draws, whose units have keys of their own. */
export function randomCases(): FunctionCase[] {
  return Object.entries(draws).map(([name, draw]): FunctionCase => ({
    name,
    call: (words) => draw(words!.slice([0, 2])),
    args: [column([5, 123456789, 4294967295, 77, 0, 31], "uint32")],
    vary: "roll",
    isDifferentiable: false,
  }));
}

/** The gradient of a weighted sum of a case's float results, with respect to its float arguments. */
export function gradientOf(row: FunctionCase): FunctionCase {
  const moving = row.args.map((arg) => isFloat(arg.dtype));
  const loss = (variables: Tensor[], all: Tensor[]): Tensor => {
    let next = 0;
    return row
      .call(...moving.map((isMoving, i) => (isMoving ? variables[next++]! : all[i]!)))
      .filter((out) => isFloat(out.dtype))
      .map((out) => out.mul(np.array(weights(out.size), { dtype: out.dtype, shape: out.shape })).sum())
      .reduce((sum, term) => sum.add(term));
  };
  return {
    ...row,
    name: `gradient of ${row.name}`,
    call: (...args) =>
      grad(loss)(
        args.filter((_, i) => moving[i]),
        args,
      ) as unknown as Tensor[],
  };
}
