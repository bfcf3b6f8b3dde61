/** Elementwise operations on vectors of four lanes, for every dtype. Each leaves its result in new locals. */
import type { DType } from "../../array/index.ts";
import type { ElementwiseOp, Node } from "../graph/node.ts";
import { emitBoxMuller, emitThreefry, math32, math64 } from "../math/index.ts";
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import { emitCast, narrow, widen } from "./casts.ts";
import { emitDivision, scalarLanes } from "./division.ts";
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

/** Names of an instruction for floats, signed integers, unsigned ones where they differ, and truth values. */
type NamesByType = Partial<Record<"f" | "i" | "u" | "b", string>>;

function nameFor({ f, i, u, b }: NamesByType, dtype: DType): string | undefined {
  if (dtype === "bool") return b;
  if (dtype === "uint32") return u ?? i;
  return dtype === "int32" ? i : f;
}

const byType = (names: NamesByType): Emit => {
  return (f, inputs, node) => {
    const { dtype } = node.inputs[0]!;
    const name = nameFor(names, dtype);
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

const division: Emit = emitDivision;

const cast: Emit = (f, [x], node) => emitCast(f, x!, node);

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
