/** Elementwise operations of random programs: functions, arithmetic, comparisons, whole numbers and conversions. */
import { type Tensor, np } from "../../../array/index.ts";
import { isFloat } from "./compare.ts";
import { type Operation, exact, f, fitTogether, rounded, value } from "./pool.ts";

const unaries: readonly ((x: Tensor) => Tensor)[] = [
  (x) => f["sin"]!(x),
  (x) => f["cos"]!(x),
  (x) => f["tanh"]!(x),
  (x) => f["exp"]!(x).mul(0.25),
  (x) => f["log"]!(f["abs"]!(x).add(0.5)),
  (x) => f["sqrt"]!(f["abs"]!(x).add(0.125)),
  (x) => f["square"]!(x).mul(0.5),
  (x) => f["reciprocal"]!(f["abs"]!(x).add(1)),
  (x) => x.mul(1.5).sub(x.mul(x).mul(0.25)).mul(0.5),
  (x) => f["arctan"]!(x),
];

const exactUnaries: readonly ((x: Tensor) => Tensor)[] = [
  (x) => x.neg(),
  (x) => f["abs"]!(x),
  (x) => x.mul(0.5),
  (x) => np.clip(x, -1, 1.25) as Tensor,
  (x) => np.where(x.greater(0), x, 0) as Tensor,
];

const binaries: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
  (a, b) => a.add(b).mul(0.5),
  (a, b) => a.sub(b).mul(0.5),
  (a, b) => a.mul(b).mul(0.5),
  (a, b) => a.mul(0.75).add(b.mul(0.25)),
];

export const quotient: Operation = (choices, pool) => {
  const a = pool.float(choices);
  const b = a && pool.float(choices, (x) => fitTogether(a.x, x));
  return a && b && rounded(a.x.div(f["abs"]!(b.x).add(1)));
};

/** Functions that every machine rounds alike. */
const algebraic: readonly ((x: Tensor) => Tensor)[] = [
  (x) => f["sqrt"]!(f["abs"]!(x).add(0.125)),
  (x) => f["square"]!(x).mul(0.5),
  (x) => x.mul(1.5).sub(x.mul(x).mul(0.25)).mul(0.5),
  (x) => x.mul(0.7).add(0.3),
];

export const root: Operation = (choices, pool) => {
  const a = pool.float(choices);
  return a && rounded(choices.of(algebraic)(a.x));
};

export const unary: Operation = (choices, pool) => {
  const a = pool.float(choices);
  return a && rounded(choices.of(unaries)(a.x));
};

export const exactUnary: Operation = (choices, pool) => {
  const a = pool.float(choices);
  // Discontinuous in its derivative only, so that rounded values may go in.
  return a && value(choices.of(exactUnaries)(a.x), a);
};

export const binary: Operation = (choices, pool) => {
  const a = pool.float(choices);
  const b = a && pool.float(choices, (x) => fitTogether(a.x, x));
  return a && b && rounded(choices.of(binaries)(a.x, b.x));
};

export const extremum: Operation = (choices, pool) => {
  const a = pool.float(choices);
  const b = a && pool.float(choices, (x) => fitTogether(a.x, x));
  return a && b && value(f[choices.of(["maximum", "minimum"])]!(a.x, b.x), a, b);
};

const comparisons = ["less", "lessEqual", "equal", "notEqual", "greater", "greaterEqual"];
export const compare: Operation = (choices, pool) => {
  const a = pool.pick(choices, ({ isExact }) => isExact);
  const b =
    a && pool.pick(choices, ({ x, isExact }) => isExact && x.dtype === a.x.dtype && fitTogether(a.x, x));
  // The reference has no order of bools.
  const names = a?.x.dtype === "bool" ? ["equal", "notEqual"] : comparisons;
  return a && b && exact(f[choices.of(names)]!(a.x, b.x));
};

export const select: Operation = (choices, pool) => {
  const condition = pool.pick(choices, ({ x }) => x.dtype === "bool");
  const a = pool.pick(choices, ({ x }) => condition !== undefined && fitTogether(condition.x, x));
  const b =
    condition &&
    a &&
    pool.pick(
      choices,
      ({ x }) => x.dtype === a.x.dtype && fitTogether(a.x, x) && fitTogether(condition.x, x),
    );
  return condition && a && b && value(np.where(condition.x, a.x, b.x) as Tensor, a, b);
};

const small = (a: Tensor): Tensor => a.mod(np.array(1000, { dtype: a.dtype }));

/** Whole numbers that overflow wrap around; but not in the interpreter that the reference uses for float64. */
const wrapping: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
  (a, b) => a.add(b),
  (a, b) => a.sub(b),
  (a, b) => a.mul(b),
];
const bounded: typeof wrapping = [
  (a, b) => small(a).add(small(b)),
  (a, b) =>
    f["maximum"]!(a, b)
      .sub(f["minimum"]!(a, b))
      .mod(np.array(99, { dtype: a.dtype })),
  (a, b) => small(a).mul(small(b)),
];

const wholes: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
  (a, b) => f["maximum"]!(a, b),
  (a, b) => f["minimum"]!(a, b),
  (a, b) => f["bitwiseAnd"]!(a, b),
  (a, b) => f["bitwiseOr"]!(a, b),
  (a, b) => f["bitwiseXor"]!(a, b),
  (a) => a.mod(np.array(7, { dtype: a.dtype })),
  (a) => f["floorDivide"]!(a, np.array(3, { dtype: a.dtype })),
  (a) => f["rightShift"]!(a, np.array(3, { dtype: a.dtype })),
  (a) => f["leftShift"]!(a, np.array(5, { dtype: a.dtype })),
];

export const wholeBinary: Operation = (choices, pool) => {
  const a = pool.whole(choices);
  const b = a && pool.whole(choices, (x) => x.dtype === a.x.dtype && fitTogether(a.x, x));
  const arithmetic = pool.dtype === "float64" ? bounded : wrapping;
  return a && b && exact(choices.of([...arithmetic, ...wholes])(a.x, b.x));
};

export const cast: Operation = (choices, pool) => {
  const a = pool.pick(choices, ({ isExact }) => isExact);
  if (a === undefined) return undefined;
  const { x } = a;
  if (isFloat(x.dtype)) {
    const to = choices.of(["int32", "bool", "float64"] as const);
    if (to === "int32") return exact(x.mul(8).astype(to));
    return exact(to === "bool" ? x.astype(to) : x.astype(to).astype(x.dtype));
  }
  const to = choices.of([pool.dtype, "int32", "uint32", "bool"] as const);
  if (!isFloat(to)) return exact(x.astype(to));
  // Whole numbers become floats in range.
  return exact(
    x.dtype === "bool"
      ? x.astype(to)
      : x
          .mod(np.array(4, { dtype: x.dtype }))
          .astype(to)
          .mul(0.5),
  );
};
