/** Conversions between dtypes, and between the masks of vectors of four lanes and of two. */
import type { DType } from "../../array/index.ts";
import type { Node } from "../graph/node.ts";
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import { type Vector, isWide, lanePrefix } from "./vectors.ts";

/** The result of a comparison of float64 as a mask of four lanes. */
export function narrow(f: FunctionBuilder, mask: Vector): Vector {
  const [low, high] = mask as [Local, Local];
  f.get(low, high).shuffle32(0, 2, 4, 6).set(low);
  f.release(high);
  return [low];
}

/** A mask of four lanes as two masks of float64. */
export function widen(f: FunctionBuilder, mask: Local): Vector {
  f.get(mask).op("i64x2.extend_low_i32x4_s");
  const low = f.save("v128");
  f.get(mask).op("i64x2.extend_high_i32x4_s");
  return [low, f.save("v128")];
}

export function emitCast(f: FunctionBuilder, x: Vector, node: Node): Vector {
  const from = node.inputs[0]!.dtype;
  const to = node.dtype;
  if (from === "bool") return fromBool(f, x, to);
  if (to === "bool") return toBool(f, x, from);
  if (from === "float64") return fromFloat64(f, x, to);
  const [all] = x as [Local];
  if (to === "float64") return toFloat64(f, all, from);
  f.get(all);
  if (from === "float32") f.op(to === "int32" ? "i32x4.trunc_sat_f32x4_s" : "i32x4.trunc_sat_f32x4_u");
  else if (to === "float32") f.op(from === "int32" ? "f32x4.convert_i32x4_s" : "f32x4.convert_i32x4_u");
  return [f.save("v128")];
}

function fromBool(f: FunctionBuilder, [mask]: Vector, to: DType): Vector {
  if (to === "float64") {
    return widen(f, mask!).map((part) => {
      f.get(part, f.constant("f64x2", 1)).op("v128.and").set(part);
      return part;
    });
  }
  const one = to === "float32" ? f.constant("f32x4", 1) : f.constant("i32x4", 1);
  return [f.get(mask!, one).op("v128.and").save("v128")];
}

function toBool(f: FunctionBuilder, x: Vector, from: DType): Vector {
  const prefix = lanePrefix(from);
  const zero = f.constant(prefix, 0);
  const mask = x.map((part) => f.get(part, zero).op(`${prefix}.ne`).save("v128"));
  return isWide(from) ? narrow(f, mask) : mask;
}

function fromFloat64(f: FunctionBuilder, x: Vector, to: DType): Vector {
  const [low, high] = x as [Local, Local];
  const names: Partial<Record<DType, string>> = {
    float32: "f32x4.demote_f64x2_zero",
    int32: "i32x4.trunc_sat_f64x2_s_zero",
  };
  const name = names[to] ?? "i32x4.trunc_sat_f64x2_u_zero";
  f.get(low).op(name).get(high).op(name).shuffle32(0, 1, 4, 5);
  return [f.save("v128")];
}

function toFloat64(f: FunctionBuilder, x: Local, from: DType): Vector {
  const names: Partial<Record<DType, string>> = {
    float32: "f64x2.promote_low_f32x4",
    int32: "f64x2.convert_low_i32x4_s",
  };
  const name = names[from] ?? "f64x2.convert_low_i32x4_u";
  const low = f.get(x).op(name).save("v128");
  const high = f.get(x, x).shuffle32(2, 3, 2, 3).op(name).save("v128");
  return [low, high];
}
