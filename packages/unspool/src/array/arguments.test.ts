/**
 * No function of this room ignores what it is given: a surplus argument and an option that there is not are typed errors that
 * name the function and say what to write. What NumPy and JAX write, and these functions understand, means the same.
 */
import { describe, expect, test } from "vitest";
import { UnspoolError } from "../errors.ts";
import * as room from "./index.ts";
import { Tensor, lax, linalg, nn, np, random } from "./index.ts";
import { parametersOf } from "./parameterTables.ts";

/** Calls as JavaScript makes them, without the types. */
type Untyped = Record<string, (...args: unknown[]) => never>;
const js = { np, nn, lax, linalg, random } as unknown as Record<string, Untyped>;
const loose = room as unknown as Untyped;
const call = (fn: unknown, ...args: unknown[]): Tensor => (fn as (...args: unknown[]) => Tensor)(...args);

const v = np.array([3, 1, 2]);
const x = np.array([
  [1, 2, 3],
  [4, 5, 6],
]);
const k = random.key(0);
const int = (values: number[]): Tensor => np.array(values, { dtype: "int32" });

const transformations = ["customVjp", "grad", "hessian", "jacobian", "jit", "jvp", "makeJaxpr", "scan"];
const standing = [...transformations, "valueAndGrad", "vjp", "vmap"];

/** Operands without end: a surplus one is an operand, and no record can be an option. */
const endless = new Set([
  "np.broadcastArrays",
  "np.einsum",
  "lax.cond",
  "lax.switch",
  // `x.reshape(2, 3)` and `x.transpose(1, 0)`, whose lengths and axes are checked.
  "Tensor.reshape",
  "Tensor.transpose",
]);
/** Methods that the room guards. `slice` and `at` take any number of indices and check each; the others take nothing. */
const unguarded = new Set(["constructor", "slice", "at", "toString"]);

const methods = Object.entries(Object.getOwnPropertyDescriptors(Tensor.prototype)).flatMap(
  ([name, { value }]): [string, (...args: unknown[]) => unknown][] =>
    typeof value !== "function" || unguarded.has(name)
      ? []
      : [[`Tensor.${name}`, (...args) => (value as (...args: unknown[]) => unknown).apply(x, args)]],
);
const functions: [string, (...args: unknown[]) => unknown][] = [
  ...Object.entries(js).flatMap(([namespace, members]) =>
    Object.entries(members).flatMap(([name, fn]): [string, (...args: unknown[]) => unknown][] =>
      typeof fn === "function" ? [[`${namespace}.${name}`, fn]] : [],
    ),
  ),
  ...methods,
  ...standing.map((name): [string, (...args: unknown[]) => unknown] => [name, loose[name]!]),
];

describe("no function ignores what it is given", () => {
  test("every function of every namespace says what it takes", () => {
    expect(functions.length).toBeGreaterThan(280);
    expect(functions.map(([name]) => name).filter((name) => parametersOf(name) === undefined)).toEqual([]);
  });

  test.each(functions.filter(([name]) => !endless.has(name)))("%s refuses a surplus argument", (name, fn) => {
    const { names, options } = parametersOf(name)!;
    const few = names.map(() => undefined);
    const surplus = [...few, ...(options.length === 0 ? [] : [{}]), 7];
    expect(() => fn(...surplus)).toThrow(UnspoolError);
    expect(() => fn(...surplus)).toThrow(`${name}: takes `);
    expect(() => fn(...surplus)).toThrow(`Write ${name}(${names[0] ?? ""}`);
  });

  test.each(functions.filter(([name]) => !endless.has(name)))("%s refuses an unknown option", (name, fn) => {
    const given = [...parametersOf(name)!.names.map(() => undefined), { notAnOption: 1 }];
    expect(() => fn(...given)).toThrow(UnspoolError);
    expect(() => fn(...given)).toThrow(
      new RegExp(`^${name}: (the name of an option must be one of|takes at most)`),
    );
    expect(() => fn(...given)).toThrow("notAnOption");
  });

  test.each<[string, () => unknown, RegExp]>([
    ["{ desnity }", () => call(np.histogram, v, { desnity: true }), /got "desnity". Did you mean "density"/],
    [
      "{ keepDims }",
      () => call(np.mean, x, 0, { keepDims: true }),
      /np.mean.*"keepDims". Did you mean "keepdims"/,
    ],
    ["{ order: 1 }", () => call(linalg.norm, v, { order: 1 }), /linalg.norm.*"order". Did you mean "ord"/],
    ["{ compute_uv }", () => call(linalg.svd, x, { compute_uv: false }), /Did you mean "computeUv"/],
    [
      "{ min, max }",
      () => call(random.uniform, k, [3], { min: 5 }),
      /random.uniform.*got "min". Did you mean "minval"/,
    ],
    ["{ mean }", () => call(random.normal, k, [3], { mean: 100 }), /random.normal.*Scale and move the draws/],
    [
      "sort { descending }",
      () => call(np.sort, v, 0, { descending: true }),
      /np.sort: takes at most 2 arguments/,
    ],
    ["take { mode }", () => call(np.take, v, 0, 0, { mode: "wrap" }), /np.take: takes at most 3 arguments/],
    [
      "ravel(x, 'F')",
      () => call(np.ravel, x, "F"),
      /np.ravel: takes at most 1 arguments.*Write np.ravel\(x\)/,
    ],
    ["x.sum(0, true)", () => call(js["np"]!["sum"], x, 0, true), /takes a record of options.*\{ keepdims \}/],
    [
      "vectorNorm(v, 1)",
      () => call(linalg.vectorNorm, v, 1),
      /Write linalg.vectorNorm\(x, \{ ord, axis, keepdims \}\)/,
    ],
    [
      "uniform(k, [3], 5, 6)",
      () => call(random.uniform, k, [3], 5, 6),
      /random.uniform: takes .*minval, maxval/,
    ],
    [
      "np.zeros([3], { dtype: 'f4' })",
      () => call(np.zeros, [3], { dtype: "f4" }),
      /np.zeros: dtype must be one of/,
    ],
    [
      "array float16",
      () => call(np.array, [1], { dtype: "float16" }),
      /np.array: dtype must be one of.*"float32"/,
    ],
    ["astype float16", () => call(v.astype.bind(v), "float16"), /Tensor.astype: dtype must be one of/],
    [
      "pad mode",
      () => call(np.pad, v, 1, { mode: "reflekt" }),
      /np.pad: mode must be one of.*Did you mean "reflect"/,
    ],
    [
      "einsum letters",
      () => np.einsum("ij,kj->ik", x, x.T),
      /"j" is an axis of length 3 in operand 0.*and of 2/,
    ],
    ["einsum dots", () => np.einsum("...k->...", x), /np.einsum: names every axis.*Write the letters/],
    ["repeat counts", () => call(np.repeat, x, [1, 0, 2], 1), /np.repeat: repeats must be one.*np.take/],
    [
      "Int8Array",
      () => call(np.array, new Int8Array(2)),
      /no dtype holds a Int8Array. Convert it: Int32Array.from/,
    ],
    [
      "weights of sum 0",
      () => np.average(v, null, { weights: [1, -1, 0] }),
      /sum of the weights must be another/,
    ],
    ["at a list", () => v.at([0, 0, 1]).set([5, 6, 7]), /Tensor.at: values float32\[3\] do not fit.*int32/],
    ["at a pair", () => v.at([1, 1]).set(np.array([5, 6, 7])), /do not fit the selected places \[0\]/],
    ["jit of nothing", () => call(room.jit(f), undefined), /^jit\(f\): argument 1 is undefined; a tree is/],
    [
      "vmap lengths",
      () => room.vmap(add)(np.ones([2]), np.ones([3])),
      /^vmap: argument 2 is float32\[3\].*length 2/,
    ],
    ["vmap of a scalar", () => room.vmap(f)(np.array(1)), /^vmap: argument 1 is float32\[\], a scalar/],
    ["vmap entries", () => room.vmap(f, [0, 0])(v), /inAxes \[0, 0\] has 2 entries.*1 arguments/],
    [
      "vmap of nothing",
      () => room.vmap(add, [null, null])(v, v),
      /^vmap: inAxes must be a number for at least/,
    ],
    ["grad of int32", () => room.grad(f)(int([1, 2])), /^grad: differentiates by floats, got .*int32\[2\]/],
    ["grad argnums", () => room.grad(add2, 2)(v, v), /^grad: argnums 2 does not exist/],
    ["grad hasAux", () => call(room.grad, f, { hasAux: true }), /^grad: the name of an option.*"hasAux"/],
    ["jit static", () => call(room.jit, f, { staticArgnums: 0 }), /^jit: takes at most 1 arguments/],
    [
      "scan reverse",
      () => call(room.scan, f, v, v, { reverse: true }),
      /^scan: the name of an option.*"reverse"/,
    ],
  ])("%s is a typed error that says what to write", (_name, fn, text) => {
    expect(fn).toThrow(UnspoolError);
    expect(fn).toThrow(text);
  });
});

function f(a: Tensor): Tensor {
  return a.mul(a).sum();
}
const add = (a: Tensor, b: Tensor): Tensor => a.add(b);
const add2 = (a: Tensor, b: Tensor): Tensor => a.mul(b).mul(b).sum();

const choose = (a: Tensor, p: unknown): Tensor => (p === false ? a : a.mul(2)).sum();
const one = np.array(1);
const none = (): Tensor[] => [];
const many = [1, 2, 3] as never;

describe("what cannot be traced is refused where it is handed in, or given back", () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      "jit",
      () => call(room.jit(choose), v, false),
      /^jit\(choose\): argument 2 is the boolean false.*np.where/,
    ],
    ["jit of a record", () => call(room.jit(choose as never), v, { p: true }), /argument 2 at "p" is the boolean true/], // prettier-ignore
    [
      "grad",
      () => call(room.grad(choose), v, false),
      /^grad: argument 2 is the boolean false.*Close over it/,
    ],
    ["vjp", () => call(room.vjp, choose, [v, true], one), /^vjp: primals at "1" is the boolean true/],
    ["jvp", () => call(room.jvp, choose, [v, true], [v, true]), /^jvp: primals at "1" is the boolean true/],
    ["vmap", () => call(room.vmap(choose, [0, null]), v, true), /^vmap: argument 2 is the boolean true/],
    ["customVjp", () => call(room.customVjp((x: Tensor) => [x, x], (r: Tensor, _c: Tensor) => [r]), true), /^customVjp: argument 1 is the boolean/], // prettier-ignore
    ["customJvp", () => call(room.customJvp(choose, ([x]) => x), v, true), /^customJvp\(choose\): argument 2 is the boolean/], // prettier-ignore
  ])("a boolean, of which a branch would take the first side: %s", (_name, fn, text) => {
    expect(fn).toThrow(UnspoolError);
    expect(fn).toThrow(text);
  });

  test.each<[string, () => unknown, RegExp]>([
    ["jit", () => room.jit(f)(many), /^jit\(f\): argument 1 is a list of 3 numbers.*Write np.array/],
    ["grad", () => room.grad(f)(many), /^grad: argument 1 is a list of 3 numbers, a tree of scalars/],
    ["a nested list", () => room.grad(f)([many, many] as never), /argument 1 at "0" is a list of 3 numbers/],
    ["jvp", () => room.jvp(f, [many], [many]), /^jvp: primals at "0" is a list of 3 numbers/],
    ["vjp", () => room.vjp(f, [many], one), /^vjp: primals at "0" is a list of 3 numbers/],
    ["vmap", () => room.vmap(f)(many), /^vmap: argument 1 at "0".*A list of numbers is a tree of scalars/],
    ["scan", () => room.scan(none as never, v, many), /^scan: xs at "0" is a scalar.*write np.array/],
    ["customJvp", () => room.customJvp(f, ([x]) => x)(many), /^customJvp\(f\): argument 1 is a list of 3 numbers/], // prettier-ignore
  ])("a list of numbers where the function takes a tensor: %s", (_name, fn, text) => {
    expect(fn).toThrow(UnspoolError);
    expect(fn).toThrow(text);
  });

  test("a list of numbers is a tree to a function that takes it for one, and a vector where there must be one", () => {
    expect(room.grad(([a, b]: Tensor[]) => a!.mul(b!))([2, 3] as never).map(String)).toEqual(["float32[]", "float32[]"]); // prettier-ignore
    expect(room.hessian(f)([1, 2] as never).toArray()).toEqual([[2, 0], [0, 2]]); // prettier-ignore
    expect(room.jacobian((x) => x.mul(3))([1, 2] as never).toArray()).toEqual([[3, 0], [0, 3]]); // prettier-ignore
    expect(() => room.hessian(f)({ a: 1 } as never)).toThrow(/^hessian: argument 1 must be one tensor, got \{a\}/); // prettier-ignore
  });

  const later = (async (a: Tensor) => f(a)) as unknown as (a: Tensor) => Tensor;
  const back = (_r: Tensor, c: Tensor): [Tensor] => [c];
  test.each<[string, () => unknown]>([
    ["jit", () => room.jit(later)(v)],
    ["grad", () => room.grad(later)(v)],
    ["valueAndGrad", () => room.valueAndGrad(later)(v)],
    ["vjp", () => room.vjp(later, [v], one)],
    ["jvp", () => room.jvp(later, [v], [v])],
    ["vmap", () => room.vmap(later)(v)],
    ["jacobian", () => room.jacobian(later)(v)],
    ["hessian", () => room.hessian(later)(v)],
    ["makeJaxpr", () => room.makeJaxpr(later, [v])],
    ["scan", () => room.scan((async () => [v, v]) as never, v, null, 2)],
    ["customVjp", () => room.customVjp((async (x: Tensor) => [x, x]) as never, back as never)(v as never)],
    ["customVjp's rule", () => room.customVjp((x: Tensor) => [x, x], (async (r: Tensor, _c: Tensor) => [r]) as never as typeof back)(v)], // prettier-ignore
    ["customJvp", () => room.customJvp(later, ([x]) => x)(v)],
    ["customJvp's rule", () => room.customJvp(f, (async () => v) as never)(v)],
    ["whileLoop", () => lax.whileLoop((x: Tensor) => x.sum().less(9), later, v)],
    ["foriLoop", () => lax.foriLoop(0, 3, (_, x: Tensor) => later(x), v)],
    ["customLinearSolve", () => lax.customLinearSolve(later, v, (times, r) => times(r))],
  ])("an async function is told so: %s", (_name, fn) => {
    expect(fn).toThrow(UnspoolError);
    expect(fn).toThrow(/returned is a promise.*remove async and await/);
  });
});

/** Values: numpy 1.24.2, the call in the name. */
describe("what NumPy and JAX write means the same here", () => {
  test.each<[string, () => Tensor, unknown]>([
    ["np.median(x, { axis: 0 })", () => call(np.median, x, { axis: 0 }), [2.5, 3.5, 4.5]],
    ["np.quantile(x, 0.5, { axis: 1 })", () => call(np.quantile, x, 0.5, { axis: 1 }), [2, 5]],
    [
      "np.nanmean(x, { axis: 0, keepdims: true })",
      () => call(np.nanmean, x, { axis: 0, keepdims: true }),
      [[2.5, 3.5, 4.5]],
    ],
    ["np.round(v, { decimals: 1 })", () => call(np.round, [1.26], { decimals: 0 }), [1]],
    [
      "np.tri(2, 2, { k: 1 })",
      () => call(np.tri, 2, 2, { k: 1 }),
      [
        [1, 1],
        [1, 1],
      ],
    ],
    ["np.var(v, null, { ddof: 1 })", () => np.var(v, null, { ddof: 1 }), 1],
    ["np.std(v, null, { ddof: 1 })", () => np.std(v, null, { ddof: 1 }), 1],
    ["np.nanvar(v, null, { ddof: 1 })", () => np.nanvar(v, null, { ddof: 1 }), 1],
    ["np.average(v, null, [1, 0, 0])", () => call(np.average, v, null, [1, 0, 0]), 3],
    ["np.isclose([1], [1.4], 0.5)", () => call(np.isclose, [1], [1.4], 0.5), [1]],
    ["np.searchsorted([1, 2, 2], 2, 'right')", () => call(np.searchsorted, [1, 2, 2], 2, "right"), 3],
    ["np.digitize(2, [1, 2, 3], true)", () => call(np.digitize, 2, [1, 2, 3], true), 1],
    ["np.histogram(v, 2)[0]", () => (call(np.histogram, v, 2) as unknown as Tensor[])[0]!, [1, 2]],
    ["np.linalg.norm(v, 1)", () => linalg.norm(v, 1), 6],
    ["np.linalg.norm(v, inf)", () => linalg.norm(v, Infinity), 3],
    ["np.linalg.norm(x, inf)", () => linalg.norm(x, Infinity), 15],
    [
      "np.linalg.qr(x.T, 'complete')[0].shape",
      () => np.array((call(linalg.qr, x.T, "complete") as unknown as Tensor[])[0]!.shape as number[]),
      [3, 3],
    ],
    ["np.zeros_like(v, int)", () => np.zerosLike(v, { dtype: "int32" }), [0, 0, 0]],
    ["np.pad(v, 1, constant_values=7)", () => np.pad(v, 1, { constantValues: 7 }), [7, 3, 1, 2, 7]],
    ["np.pad(v, 2, 'edge')", () => call(np.pad, v, 2, "edge"), [3, 3, 3, 1, 2, 2, 2]],
    [
      "np.pad(v, (2, 4), 'reflect')",
      () => np.pad(v, [2, 4], { mode: "reflect" }),
      [2, 1, 3, 1, 2, 1, 3, 1, 2],
    ],
    ["np.pad(v, 2, 'symmetric')", () => np.pad(v, 2, { mode: "symmetric" }), [1, 3, 3, 1, 2, 2, 1]],
    ["np.pad(v, 2, 'wrap')", () => np.pad(v, 2, { mode: "wrap" }), [1, 2, 3, 1, 2, 3, 1]],
    [
      "np.pad(x, ((0, 0), (1, 0)), 'edge')",
      () =>
        np.pad(
          x,
          [
            [0, 0],
            [1, 0],
          ],
          { mode: "edge" },
        ),
      [
        [1, 1, 2, 3],
        [4, 4, 5, 6],
      ],
    ],
    ["jax.vmap(sum, 1)(x)", () => room.vmap((a: Tensor) => a.sum(), 1)(x), [5, 7, 9]],
    ["jax.vmap(sum, -1)(x)", () => room.vmap((a: Tensor) => a.sum(), -1)(x), [5, 7, 9]],
    [
      "jax.vmap(f, in_axes=1)(x)",
      () =>
        call(
          call(room.vmap, (a: Tensor) => a.sum(), { inAxes: 1 }),
          x,
        ),
      [5, 7, 9],
    ],
    [
      "jax.vmap(2 x, 0, 1)(x)",
      () => room.vmap((a: Tensor) => a.mul(2), 0, 1)(x),
      [
        [2, 8],
        [4, 10],
        [6, 12],
      ],
    ],
    [
      "jax.vmap(add, (0, None))(x, v)",
      () => room.vmap(add, [0, null])(x, v),
      [
        [4, 3, 5],
        [7, 6, 8],
      ],
    ],
    // d/db sum a b^2 = 2 a b.
    ["jax.grad(f, 1)(a, b)", () => room.grad(add2, 1)(v, np.array([1, 2, 3])), [6, 4, 12]],
    [
      "jax.grad(f, argnums=1)(a, b)",
      () => call(call(room.grad, add2, { argnums: 1 }), v, np.array([1, 2, 3])),
      [6, 4, 12],
    ],
    ["jax.grad(f, (0, 1))(a, b)[0]", () => room.grad(add2, [0, -1])(v, np.array([1, 2, 3]))[0]!, [1, 4, 9]],
    [
      "jax.value_and_grad(f, 1)(a, b)[0]",
      () => room.valueAndGrad(add2, 1)(v, np.array([1, 2, 3]))[0],
      3 + 4 + 18,
    ],
  ])("%s", (_name, fn, expected) => {
    expect(fn().toArray()).toEqual(expected);
  });

  test("jax.nn.gelu(x, False) is the exact one: scipy.stats.norm.cdf(1) = 0.8413447460685429", () => {
    expect(call(nn.gelu, np.array(1), false).item()).toBeCloseTo(0.8413447460685429, 6);
    expect(call(nn.gelu, np.array(1), { approximate: false }).item()).toBeCloseTo(0.8413447460685429, 6);
  });

  test("xs.map(nn.relu), where JavaScript hands on more than the element", () => {
    expect([v, v.neg()].map(nn.relu as never).map((y) => (y as Tensor).toArray())).toEqual([
      [3, 1, 2],
      [0, 0, 0],
    ]);
    expect(() => [v, v].map(nn.softmax as never)).toThrow(/nn.softmax: takes at most 2 arguments/);
  });

  test("random.categorical draws along the axis that it is given", () => {
    const sure = np.array([
      [0, -1e9, 0],
      [-1e9, 0, -1e9],
    ]);
    expect(random.categorical(k, sure, 0).toArray()).toEqual([0, 1, 0]);
    expect(call(random.categorical, k, sure, { axis: 0 }).toArray()).toEqual([0, 1, 0]);
  });

  test("random.randint(k, [3], { minval, maxval }) and random.uniform by names", () => {
    expect(call(random.randint, k, [3], { minval: 2, maxval: 3 }).toArray()).toEqual([2, 2, 2]);
    const drawn = call(random.uniform, k, { shape: [100], minval: 5, maxval: 6 });
    expect(drawn.min().item()).toBeGreaterThanOrEqual(5);
  });
});
