/** Elementwise operations on vectors of four lanes, for every dtype. Each leaves its result in new locals. */
import type { DType } from "../../array/index.ts";
import type { ElementwiseOp, Node, Reduction } from "../graph/node.ts";
import { emitBoxMuller, emitThreefry, math32, math64 } from "../math/index.ts";
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import { type Vector, isWide, lanePrefix } from "./vectors.ts";

export interface OperationOptions {
  fma: boolean;
}

type Emit = (f: FunctionBuilder, inputs: readonly Vector[], node: Node, options: OperationOptions) => Vector;

/** Applies an instruction to each vector of the operands. */
function each(f: FunctionBuilder, inputs: readonly Vector[], name: string): Vector {
  return inputs[0]!.map((_, i) => {
    f.get(...inputs.map((vector) => vector[i]!)).op(name);
    return f.save("v128");
  });
}

/** The result of a comparison of float64 as a mask of four lanes. */
function narrow(f: FunctionBuilder, mask: Vector): Vector {
  const [low, high] = mask as [Local, Local];
  f.get(low, high).shuffle32(0, 2, 4, 6).set(low);
  f.release(high);
  return [low];
}

/** A mask of four lanes as two masks of float64. */
function widen(f: FunctionBuilder, mask: Local): Vector {
  f.get(mask).op("i64x2.extend_low_i32x4_s");
  const low = f.save("v128");
  f.get(mask).op("i64x2.extend_high_i32x4_s");
  return [low, f.save("v128")];
}

const byType = (names: Partial<Record<"f" | "i" | "u" | "b", string>>): Emit => {
  return (f, inputs, node) => {
    const { dtype } = node.inputs[0]!;
    const letter =
      dtype === "bool"
        ? "b"
        : dtype === "int32"
          ? "i"
          : dtype === "uint32"
            ? names.u === undefined
              ? "i"
              : "u"
            : "f";
    const name = names[letter];
    if (name === undefined) throw new Error(`internal: no ${node.op} for ${dtype}`);
    return each(f, inputs, name.includes(".") ? name : `${lanePrefix(dtype)}.${name}`);
  };
};

const compare = (float: string, signed: string, unsigned: string): Emit => {
  return (f, inputs, node) => {
    const { dtype } = node.inputs[0]!;
    const name = dtype === "uint32" ? unsigned : dtype === "int32" ? signed : float;
    if (dtype === "bool") return boolCompare(f, inputs, node.op);
    const mask = each(f, inputs, `${lanePrefix(dtype)}.${name}`);
    return isWide(dtype) ? narrow(f, mask) : mask;
  };
};

/** Masks count as 0 and 1: false is less than true. */
function boolCompare(f: FunctionBuilder, inputs: readonly Vector[], op: string): Vector {
  const [[a], [b]] = inputs as [[Local], [Local]];
  if (op === "equal") f.get(a, b).op("i32x4.eq");
  else if (op === "not_equal") f.get(a, b).op("v128.xor");
  else if (op === "less") f.get(b, a).op("v128.andnot");
  else f.get(a).op("v128.not").get(b).op("v128.or");
  return [f.save("v128")];
}

/** Lane by lane through scalar instructions. */
function scalarLanes(f: FunctionBuilder, inputs: readonly Vector[], body: () => void): Vector {
  const result = f.local("v128");
  f.get(inputs[0]![0]!).set(result);
  for (let lane = 0; lane < 4; lane++) {
    f.get(result);
    for (const [vector] of inputs) f.get(vector!).lane("i32x4.extract_lane", lane);
    body();
    f.lane("i32x4.replace_lane", lane).set(result);
  }
  return [result];
}

/** Division of integers. By zero it gives 0, where the machine would stop. */
function integerDivision(f: FunctionBuilder, inputs: readonly Vector[], node: Node): Vector {
  const isSigned = node.dtype === "int32";
  const name = `i32.${node.op === "idiv" ? "div" : "rem"}_${isSigned ? "s" : "u"}`;
  const [a, b, quotient] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const result = scalarLanes(f, inputs, () => {
    f.set(b).set(a);
    // Divisors 0 and, for signed numbers, -1 are replaced by 1: the machine stops at x / 0 and at -2^31 / -1.
    f.get(a).i32(1).get(b).get(b).op("i32.eqz");
    if (isSigned) f.get(b).i32(-1).op("i32.eq").op("i32.or");
    f.op("select").op(name).set(quotient);
    if (isSigned && node.op === "idiv") {
      f.i32(0)
        .get(quotient)
        .op("i32.sub")
        .get(quotient)
        .get(b)
        .i32(-1)
        .op("i32.eq")
        .op("select")
        .set(quotient);
    }
    f.i32(0).get(quotient).get(b).op("i32.eqz").op("select");
  });
  f.release(a, b, quotient);
  return result;
}

/** Truncated quotient and remainder of floats, as C has them. */
function floatDivision(f: FunctionBuilder, inputs: readonly Vector[], node: Node): Vector {
  const prefix = lanePrefix(node.dtype);
  return inputs[0]!.map((a, i) => {
    const b = inputs[1]![i]!;
    f.get(a, b).op(`${prefix}.div`).op(`${prefix}.trunc`);
    if (node.op === "idiv") return f.save("v128");
    const quotient = f.save("v128");
    f.get(a, quotient, b).op(`${prefix}.mul`).op(`${prefix}.sub`).set(quotient);
    return quotient;
  });
}

const division: Emit = (f, inputs, node) =>
  node.dtype === "float32" || node.dtype === "float64"
    ? floatDivision(f, inputs, node)
    : integerDivision(f, inputs, node);

const shift = (left: boolean): Emit => {
  return (f, inputs, node) => {
    const [, by] = node.inputs;
    // To the right zeros come in, whatever the sign: so jax-js has it, unlike NumPy.
    const name = left ? "shl" : "shr_u";
    const amount = by!.op === "broadcast" ? by!.inputs[0]! : by!;
    if (amount.op === "literal") {
      f.get(inputs[0]![0]!).i32(amount.params.value!).op(`i32x4.${name}`);
      return [f.save("v128")];
    }
    return scalarLanes(f, inputs, () => f.op(`i32.${name}`));
  };
};

const cast: Emit = (f, [x], node) => {
  const from = node.inputs[0]!.dtype;
  const to = node.dtype;
  const [low, high] = x as [Local, Local];
  const save = (): Vector => [f.save("v128")];
  const upper = (vector: Local) => f.get(vector, vector).shuffle32(2, 3, 2, 3);
  if (from === "bool") {
    if (to === "float64") {
      return widen(f, low).map((mask) => {
        f.get(mask, f.constant("f64x2", 1)).op("v128.and").set(mask);
        return mask;
      });
    }
    const one = to === "float32" ? f.constant("f32x4", 1) : f.constant("i32x4", 1);
    f.get(low, one).op("v128.and");
    return save();
  }
  if (to === "bool") {
    const prefix = lanePrefix(from);
    const zero = prefix === "i32x4" ? f.constant("i32x4", 0) : f.constant(prefix, 0);
    const mask = x!.map((part) => {
      f.get(part, zero).op(`${prefix}.ne`);
      return f.save("v128");
    });
    return isWide(from) ? narrow(f, mask) : mask;
  }
  if (from === "float64") {
    if (to === "float32") {
      f.get(low).op("f32x4.demote_f64x2_zero").get(high).op("f32x4.demote_f64x2_zero").shuffle32(0, 1, 4, 5);
      return save();
    }
    const name = to === "int32" ? "i32x4.trunc_sat_f64x2_s_zero" : "i32x4.trunc_sat_f64x2_u_zero";
    f.get(low).op(name).get(high).op(name).shuffle32(0, 1, 4, 5);
    return save();
  }
  if (to === "float64") {
    const name =
      from === "float32"
        ? "f64x2.promote_low_f32x4"
        : from === "int32"
          ? "f64x2.convert_low_i32x4_s"
          : "f64x2.convert_low_i32x4_u";
    f.get(low).op(name);
    const first = f.save("v128");
    upper(low).op(name);
    return [first, f.save("v128")];
  }
  if (from === "float32")
    f.get(low).op(to === "int32" ? "i32x4.trunc_sat_f32x4_s" : "i32x4.trunc_sat_f32x4_u");
  else if (to === "float32")
    f.get(low).op(from === "int32" ? "f32x4.convert_i32x4_s" : "f32x4.convert_i32x4_u");
  else f.get(low);
  return save();
};

const where: Emit = (f, [condition, a, b], node) => {
  const mask = condition![0]!;
  if (!isWide(node.dtype)) {
    f.get(a![0]!, b![0]!, mask).op("v128.bitselect");
    return [f.save("v128")];
  }
  return widen(f, mask).map((part, i) => {
    f.get(a![i]!, b![i]!, part).op("v128.bitselect").set(part);
    return part;
  });
};

const reciprocal: Emit = (f, [x], node) => {
  const prefix = lanePrefix(node.dtype) as "f32x4" | "f64x2";
  return x!.map((part) => {
    f.get(f.constant(prefix, 1), part).op(`${prefix}.div`);
    return f.save("v128");
  });
};

const copy: Emit = (f, [x]) =>
  x!.map((part) => {
    f.get(part);
    return f.save("v128");
  });

const transcendental = (name: keyof typeof math32): Emit => {
  return (f, [x], node, options) =>
    x!.map((part) => {
      (isWide(node.dtype) ? math64 : math32)[name](f, part, options);
      return f.save("v128");
    });
};

const randomBits: Emit = (f, [k0, k1, counter], node) => {
  const zero = f.constant("i32x4", 0);
  const [x0, x1] = emitThreefry(f, k0![0]!, k1![0]!, zero, counter![0]!);
  if (node.params.mode === "xor") f.get(x0, x1).op("v128.xor").set(x0);
  if (node.params.mode === 1) f.get(x1).set(x0);
  f.release(x1);
  return [x0];
};

const bitCount: Emit = (f, [x]) => {
  f.get(x![0]!).op("i8x16.popcnt").op("i16x8.extadd_pairwise_i8x16_u").op("i32x4.extadd_pairwise_i16x8_u");
  return [f.save("v128")];
};

const boxMuller: Emit = (f, [u1, u2], _, options) => {
  emitBoxMuller(f, u1![0]!, u2![0]!, options);
  return [f.save("v128")];
};

const logical = "v128";
const emitters: Record<Exclude<ElementwiseOp, "gather">, Emit> = {
  add: byType({ f: "add", i: "add", b: `${logical}.or` }),
  sub: byType({ f: "sub", i: "sub" }),
  mul: byType({ f: "mul", i: "mul", b: `${logical}.and` }),
  div: byType({ f: "div" }),
  neg: byType({ f: "neg", i: "neg", b: `${logical}.not` }),
  reciprocal,
  min: byType({ f: "min", i: "min_s", u: "min_u", b: `${logical}.and` }),
  max: byType({ f: "max", i: "max_s", u: "max_u", b: `${logical}.or` }),
  idiv: division,
  mod: division,
  less: compare("lt", "lt_s", "lt_u"),
  less_equal: compare("le", "le_s", "le_u"),
  equal: compare("eq", "eq", "eq"),
  not_equal: compare("ne", "ne", "ne"),
  where,
  cast,
  bitcast: copy,
  copy,
  floor: byType({ f: "floor" }),
  ceil: byType({ f: "ceil" }),
  sqrt: byType({ f: "sqrt" }),
  abs: byType({ f: "abs", i: "abs" }),
  and: byType({ i: `${logical}.and`, b: `${logical}.and` }),
  or: byType({ i: `${logical}.or`, b: `${logical}.or` }),
  xor: byType({ i: `${logical}.xor`, b: `${logical}.xor` }),
  shl: shift(true),
  shr: shift(false),
  bit_count: bitCount,
  sin: transcendental("sin"),
  cos: transcendental("cos"),
  tan: transcendental("tan"),
  asin: transcendental("asin"),
  acos: transcendental("acos"),
  atan: transcendental("atan"),
  exp: transcendental("exp"),
  expm1: transcendental("expm1"),
  log: transcendental("log"),
  log1p: transcendental("log1p"),
  tanh: transcendental("tanh"),
  sigmoid: transcendental("sigmoid"),
  tanh_slope: transcendental("tanhSlope"),
  sigmoid_slope: transcendental("sigmoidSlope"),
  erf: transcendental("erf"),
  erfc: transcendental("erfc"),
  random_bits: randomBits,
  box_muller: boxMuller,
};

export function emitOperation(
  f: FunctionBuilder,
  node: Node,
  inputs: readonly Vector[],
  options: OperationOptions,
): Vector {
  return emitters[node.op as Exclude<ElementwiseOp, "gather">](f, inputs, node, options);
}

const reductions: Record<Reduction, { float: string; signed: string; unsigned: string; bool: string }> = {
  Add: { float: "add", signed: "add", unsigned: "add", bool: "v128.or" },
  Mul: { float: "mul", signed: "mul", unsigned: "mul", bool: "v128.and" },
  Min: { float: "min", signed: "min_s", unsigned: "min_u", bool: "v128.and" },
  Max: { float: "max", signed: "max_s", unsigned: "max_u", bool: "v128.or" },
};

/** The instruction that combines two vectors of a reduction. */
export function reductionInstruction(reduction: Reduction, dtype: DType): string {
  const names = reductions[reduction];
  if (dtype === "bool") return names.bool;
  const name = dtype === "int32" ? names.signed : dtype === "uint32" ? names.unsigned : names.float;
  return `${lanePrefix(dtype)}.${name}`;
}

/** The number that a reduction starts from. */
export function reductionStart(reduction: Reduction, dtype: DType): number {
  if (reduction === "Add") return 0;
  if (reduction === "Mul") return 1;
  if (dtype === "bool") return reduction === "Min" ? 1 : 0;
  if (dtype === "int32") return reduction === "Min" ? 0x7fffffff : -0x80000000;
  if (dtype === "uint32") return reduction === "Min" ? 0xffffffff : 0;
  return reduction === "Min" ? Infinity : -Infinity;
}
