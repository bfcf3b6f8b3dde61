/** What once went wrong, each in its smallest form, against numbers worked by hand. */
import { expect, test } from "vitest";
import { type Tensor, np } from "../../array/index.ts";
import { type ForwardProgram, compiledExecutor } from "../../unroll/index.ts";
import { compileFunction } from "../index.ts";

const count = 5;
const units = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], { shape: [count, 2] });

/** What a function of one unit's two numbers gives, unit by unit. */
function perUnit(call: (x: Tensor) => Tensor): number[] {
  const program: ForwardProgram<object, Tensor, object, object, object, object, Tensor> = {
    name: "symptom",
    length: 0,
    begin: () => ({ members: [], kept: {} }),
    step: (_shared, _constant, carry) => carry,
    finish: (_shared, unit) => ({ unit, mean: {}, each: call(unit) }),
  };
  return Array.from(compiledExecutor().forward(program, {}, units).each.data);
}

/** What one unit carries after a step. */
function afterStep<Carry>(start: Carry, step: (carry: Carry) => Carry): Carry {
  const program: ForwardProgram<object, Tensor, object, object, Carry, object, Carry> = {
    name: "symptom",
    length: 1,
    begin: () => ({ members: [{ constant: {}, carry: start }], kept: {} }),
    step: (_shared, _constant, carry) => step(carry),
    finish: (_shared, unit, [member]) => ({ unit, mean: {}, each: member!.carry }),
  };
  return compiledExecutor().forward(program, {}, np.zeros([1])).each;
}

test("a concatenation whose first part all units share fills the lanes of all units", () => {
  const got = perUnit((x) => np.concatenate([np.array([7]), x]) as Tensor);
  expect(got).toEqual([7, 1, 2, 7, 3, 4, 7, 5, 6, 7, 7, 8, 7, 9, 10]);
  expect(perUnit((x) => np.pad(x, [[1, 0]]) as Tensor)).toEqual([
    0, 1, 2, 0, 3, 4, 0, 5, 6, 0, 7, 8, 0, 9, 10,
  ]);
});

test("a broadcast widens axes of length 1 that the operand has", () => {
  const x = np.array([3, 4], { shape: [2, 1] });
  const spread = (y: Tensor) => np.broadcastArrays(np.zeros([1, 2]), y) as Tensor[];
  expect(compileFunction("spread", spread, [x])(x)[1]!.toArray()).toEqual([
    [3, 3],
    [4, 4],
  ]);
});

test("elements of a reversed array are taken by index", () => {
  const x = np.array([1, 2, 3]);
  const indices = np.array([0, 2, 1, 0, 0], { dtype: "int32" });
  const take = (y: Tensor, at: Tensor) => np.take(np.flip(y) as Tensor, at, 0) as Tensor;
  expect(compileFunction("take", take, [x, indices])(x, indices).toArray()).toEqual([3, 1, 2, 3, 3]);
});

test("uint32: all ones is a number that fits", () => {
  const x = np.array([0, 12], { dtype: "uint32" });
  const not = (y: Tensor) => np.bitwiseNot(y) as Tensor;
  expect(compileFunction("not", not, [x])(x).toArray()).toEqual([4294967295, 4294967283]);
});

test("int32: the sign comes in where a negative number is shifted right", () => {
  // numpy 1.24.2: np.right_shift(np.array([-1, -8], np.int32), 28) = [-1, -1].
  const x = np.array([-1, -8], { dtype: "int32" });
  const shift = (y: Tensor) => np.rightShift(y, np.array(28, { dtype: "int32" })) as Tensor;
  expect(compileFunction("shift", shift, [x])(x).toArray()).toEqual([-1, -1]);
});

test("float64: a sum over three copies of one number has three terms", () => {
  const x = np.array(2, { dtype: "float64" });
  const square = (y: Tensor) => {
    const row = np.broadcastTo(y, [1, 3]) as Tensor;
    return np.matmul(row, row.transpose());
  };
  expect(compileFunction("square", square, [x])(x).toArray()).toEqual([[12]]);
});

test("carries that change places as views of each other keep their old values until all are read", () => {
  const [a, b] = [np.array([1, 2, 3, 4], { shape: [2, 2] }), np.array([5, 6, 7, 8], { shape: [2, 2] })];
  const swapped = afterStep({ a, b }, (carry) => ({ a: carry.b.transpose(), b: carry.a.transpose() }));
  expect([...swapped.a.data, ...swapped.b.data]).toEqual([5, 7, 6, 8, 1, 3, 2, 4]);
  const turned = afterStep({ a, b }, (carry) => ({
    a: np.flip(carry.b) as Tensor,
    b: carry.a.add(carry.b),
  }));
  expect([...turned.a.data, ...turned.b.data]).toEqual([8, 7, 6, 5, 6, 8, 10, 12]);
});

test("what is computed from a carry is computed before a copy overwrites it", () => {
  const start = { a: np.array([1, 2, 3, 4], { shape: [2, 2] }), b: np.array([5, 6, 7, 8]) };
  const { a, b } = afterStep(start, (carry) => ({
    a: np.flip(carry.b).reshape([2, 2]),
    b: carry.a.reshape([4]).add(carry.b).mul(0.5),
  }));
  expect([...a.data, ...b.data]).toEqual([8, 7, 6, 5, 3, 4, 5, 6]);
});

test.each(["float32", "float64"] as const)("%s: tanh is 1 where it rounds to it", (dtype) => {
  // 1 + tanh x of gelu is multiplied by x: -298 at -1e10 where tanh was the number above -1.
  const x = np.array([-1e10, -985, -30, 30, 1e10], { dtype });
  const call = (y: Tensor) => np.tanh(y) as Tensor;
  expect(compileFunction("tanh", call, [x])(x).toArray()).toEqual([-1, -1, -1, 1, 1]);
});

test("what follows a product has its elements, also where it has axes of length 1 that the product lacks", () => {
  // [1, 2; 3, 4] for each unit, scaled: x xᵀ = [5, 11; 11, 25], plus x seen as [1, 2, 2].
  const scales = np.array([1, 2, 3, 4, 5], { shape: [count, 1, 1] });
  const program: ForwardProgram<object, Tensor, object, object, object, object, Tensor> = {
    name: "symptom",
    length: 0,
    begin: () => ({ members: [], kept: {} }),
    step: (_shared, _constant, carry) => carry,
    finish: (_shared, unit) => ({
      unit,
      mean: {},
      each: np
        .matmul(unit, unit.transpose())
        .reshape([1, 2, 2])
        .add(unit.reshape([1, 2, 2])),
    }),
  };
  const matrices = scales.mul(np.array([1, 2, 3, 4], { shape: [1, 2, 2] }));
  const got = compiledExecutor().forward(program, {}, matrices).each;
  expect(Array.from(got.data)).toEqual(
    [1, 2, 3, 4, 5].flatMap((s) => [5, 11, 11, 25].map((value, i) => value * s * s + (i + 1) * s)),
  );
});

test("what follows a product reads a carry before its new value is stored", () => {
  const start = { a: np.array(2), b: np.array(10), c: np.array([[3]]) };
  const program: ForwardProgram<
    object,
    Tensor,
    object,
    { unit: Tensor },
    typeof start,
    object,
    typeof start
  > = {
    name: "symptom",
    length: 1,
    begin: (_shared, unit) => ({
      members: [{ constant: { unit }, carry: { ...start, c: start.c.mul(unit) } }],
      kept: {},
    }),
    step: (_shared, { unit }, { a, b, c }) => ({
      a: np.matmul(c, c).reshape([]).mul(unit),
      b: a.mul(unit).add(b),
      c,
    }),
    finish: (_shared, unit, [member]) => ({ unit, mean: {}, each: member!.carry }),
  };
  const { each } = compiledExecutor().forward(program, {}, np.array([1, 2, 3, 4, 5]));
  expect(Array.from(each.a.data)).toEqual([1, 2, 3, 4, 5].map((u) => 9 * u ** 3));
  expect(Array.from(each.b.data)).toEqual([1, 2, 3, 4, 5].map((u) => 2 * u + 10));
});

test("a broadcast that does not fit is refused (it read past its operand)", () => {
  const x = np.array([1, 2, 3, 4]);
  const spread = (y: Tensor) => np.broadcastTo(y, [5]) as Tensor;
  const refused = /np\.broadcastTo: .*\[4\].*\[5\]/;
  expect(() => compileFunction("spread", spread, [x])).toThrow(refused);
  expect(() => spread(x)).toThrow(refused);
});

test("a convolution of float64 with float32 has their values (it read one as the other)", () => {
  const [x, y] = [np.array([1, 2, 3], { dtype: "float64" }), np.array([1, 0.5], { dtype: "float32" })];
  const convolved = (a: Tensor, b: Tensor) => np.convolve(a, b) as Tensor;
  const got = compileFunction("convolved", convolved, [x, y])(x, y);
  expect([got.dtype, got.toArray()]).toEqual(["float64", [1, 2.5, 4, 1.5]]);
});

test("arrays without elements compile, and what is made of none (it threw)", () => {
  const none = np.zeros([2, 0, 3]);
  const made = compileFunction(
    "none",
    (x: Tensor) => ({
      joined: np.concatenate([x, x], 1) as Tensor,
      sine: np.sinh(x) as Tensor,
      sum: x.sum(1),
      product: x.prod(1),
      all: x.all(),
      any: x.any(),
      dot: np.matmul(x.transpose([0, 2, 1]), x),
      grown: np.concatenate([x, np.ones([2, 1, 3])], 1) as Tensor,
    }),
    [none],
  )(none);
  expect(made.joined.shape).toEqual([2, 0, 3]);
  expect(made.sine.shape).toEqual([2, 0, 3]);
  expect(made.sum.toArray()).toEqual([[0, 0, 0], [0, 0, 0]]); // prettier-ignore
  expect(made.product.toArray()).toEqual([[1, 1, 1], [1, 1, 1]]); // prettier-ignore
  expect([made.all.item(), made.any.item()]).toEqual([1, 0]);
  expect([made.dot.shape, made.dot.data.every((x) => x === 0)]).toEqual([[2, 3, 3], true]);
  expect(Array.from(made.grown.data)).toEqual([1, 1, 1, 1, 1, 1]);
  const perTwo = perUnit((x) => np.concatenate([x.slice([0, 0]), x]) as Tensor);
  expect(perTwo).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("results of a product that two kernels read through one view are in memory", () => {
  // With m = x xᵀ: m m = |x|² m, and m 2m is twice that.
  const got = perUnit((x) => {
    const m = x.reshape([2, 1]).mul(x.reshape([1, 2]));
    const column = (y: Tensor): Tensor => y.reshape([2, 2, 1]);
    const first = column(np.matmul(m, m));
    return first
      .mul(3)
      .mul(column(np.matmul(m, m.mul(2))))
      .add(first);
  });
  const wanted = Array.from({ length: count }, (_, i) => [2 * i + 1, 2 * i + 2]).flatMap(([a, b]) =>
    [a! * a!, a! * b!, a! * b!, b! * b!].map((p) => {
      const q = (a! * a! + b! * b!) * p;
      return 6 * q * q + q;
    }),
  );
  got.forEach((value, i) => expect(value / wanted[i]!).toBeCloseTo(1, 5));
});
