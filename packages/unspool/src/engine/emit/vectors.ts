/**
 * Values of four lanes in registers: one vector, or two for float64 (low and high lanes). Truth values are masks of
 * all ones; in memory they are 0 and 1.
 */
import type { DType } from "../../array/index.ts";
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import { bytesOf } from "./location.ts";

/** Locals of the four lanes: [all] or [low, high]. */
export type Vector = readonly Local[];

export const isWide = (dtype: DType): boolean => dtype === "float64";

export type Access = "contiguous" | "same" | { readonly strideBytes: number };

/** Loads four lanes from `pointer + offset` into new locals. */
export function loadVector(
  f: FunctionBuilder,
  pointer: Local,
  offset: number,
  dtype: DType,
  access: Access,
): Vector {
  const [address, rest] = reachable(f, pointer, offset, dtype, access);
  const vector = loadFrom(f, address, rest, dtype, access);
  if (address !== pointer) f.release(address);
  if (dtype !== "bool") return vector;
  const [all] = vector as [Local];
  f.get(all, f.constant("i32x4", 0)).op("i32x4.ne").set(all);
  return vector;
}

/** Immediate offsets are unsigned: a negative one is added to the pointer. */
function reachable(
  f: FunctionBuilder,
  pointer: Local,
  offset: number,
  dtype: DType,
  access: Access,
): [Local, number] {
  const last = typeof access === "object" ? Math.min(0, 3 * access.strideBytes) : 0;
  if (offset + last >= 0) return [pointer, offset];
  const moved = f.local("i32");
  f.get(pointer)
    .i32(offset + last)
    .op("i32.add")
    .set(moved);
  return [moved, -last];
}

function loadFrom(f: FunctionBuilder, pointer: Local, offset: number, dtype: DType, access: Access): Vector {
  const wide = isWide(dtype);
  if (access === "contiguous") {
    f.get(pointer).mem("v128.load", offset, 2);
    const low = f.save("v128");
    if (!wide) return [low];
    f.get(pointer).mem("v128.load", offset + 16, 2);
    return [low, f.save("v128")];
  }
  if (access === "same") {
    f.get(pointer).mem(wide ? "v128.load64_splat" : "v128.load32_splat", offset);
    const all = f.save("v128");
    return wide ? [all, all] : [all];
  }
  const { strideBytes } = access;
  const part = (first: number, count: number): Local => {
    f.get(pointer).mem(wide ? "v128.load64_zero" : "v128.load32_zero", offset + first * strideBytes);
    const local = f.save("v128");
    for (let lane = 1; lane < count; lane++) {
      f.get(pointer, local).laneMem(
        wide ? "v128.load64_lane" : "v128.load32_lane",
        lane,
        offset + (first + lane) * strideBytes,
      );
      f.set(local);
    }
    return local;
  };
  return wide ? [part(0, 2), part(2, 2)] : [part(0, 4)];
}

/** Stores the first `count` of four lanes. */
export function storeVector(
  f: FunctionBuilder,
  pointer: Local,
  offset: number,
  dtype: DType,
  vector: Vector,
  access: Exclude<Access, "same">,
  count = 4,
): void {
  let stored = vector;
  if (dtype === "bool") {
    f.get(vector[0]!, f.constant("i32x4", 1)).op("v128.and");
    stored = [f.save("v128")];
  }
  const wide = isWide(dtype);
  const stride = access === "contiguous" ? bytesOf(dtype) : access.strideBytes;
  const [address, start] = reachable(f, pointer, offset, dtype, { strideBytes: stride });
  if (access === "contiguous" && count === 4) {
    f.get(address, stored[0]!).mem("v128.store", start, 2);
    if (wide) f.get(address, stored[1]!).mem("v128.store", start + 16, 2);
  } else {
    for (let lane = 0; lane < count; lane++) {
      const at = start + lane * stride;
      if (wide) f.get(address, stored[lane >> 1]!).laneMem("v128.store64_lane", lane & 1, at);
      else f.get(address, stored[0]!).laneMem("v128.store32_lane", lane, at);
    }
  }
  if (address !== pointer) f.release(address);
  if (dtype === "bool") f.release(stored[0]!);
}

/** A number in all lanes. Hoisted: never written to. */
export function constantVector(f: FunctionBuilder, value: number, dtype: DType): Vector {
  if (dtype === "float64") {
    const all = f.constant("f64x2", value);
    return [all, all];
  }
  if (dtype === "float32") return [f.constant("f32x4", value)];
  return [f.constant("i32x4", dtype === "bool" ? (value === 0 ? 0 : -1) : value | 0)];
}

export const lanePrefix = (dtype: DType): "f32x4" | "f64x2" | "i32x4" =>
  dtype === "float32" ? "f32x4" : dtype === "float64" ? "f64x2" : "i32x4";
