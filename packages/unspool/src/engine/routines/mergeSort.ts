/**
 * Stable merge sort, bottom-up, of integer keys with an optional payload, in O(n log n) without branches on the data.
 * Floats become integers whose signed order is the wanted one: the bits of negative ones are turned over, and NaN is
 * one number behind infinity.
 */
import type { FunctionBuilder, Local, ValueType } from "../wasm/index.ts";
import { type RoutineDtype, elementBytes } from "./routine.ts";

/** Keys of one sort in memory: two regions, of which each pass reads one and writes the other. */
export interface Keys {
  type: "i32" | "i64";
  /** Bytes of a key. */
  size: 4 | 8;
  length: number;
  /** Bytes of a region. The payload of a key, an i32, is two regions behind it. */
  region: number;
  hasPayload: boolean;
}

export function keysOf(dtype: RoutineDtype, length: number, hasPayload: boolean): Keys {
  const size = elementBytes(dtype);
  return {
    type: size === 8 ? "i64" : "i32",
    size,
    length,
    // One element more than there are: a merge also reads the one behind its run.
    region: Math.ceil(((length + 1) * size) / 16) * 16,
    hasPayload,
  };
}

export function keyBytes(keys: Keys): number {
  return keys.region * (keys.hasPayload ? 4 : 2);
}

/** Pops the address of an element, pushes its key. `mergeZeros` makes -0 and 0 equal, otherwise -0 is less. */
export function loadKey(f: FunctionBuilder, dtype: RoutineDtype, mergeZeros: boolean): FunctionBuilder {
  if (dtype === "int32" || dtype === "bool") return f.mem("i32.load");
  if (dtype === "uint32") return f.mem("i32.load").i32(-0x80000000).op("i32.xor");
  const [float, integer] = dtype === "float32" ? (["f32", "i32"] as const) : (["f64", "i64"] as const);
  f.mem(`${float}.load`);
  if (mergeZeros) f[float](0).op(`${float}.add`);
  const value = f.save(float);
  orderBits(f.get(value).op(`${integer}.reinterpret_${float}`), integer);
  if (integer === "i32") f.i32(0x7fc00000);
  else f.i64(0x7ff8000000000000n);
  f.get(value, value).op(`${float}.eq`).op("select");
  f.release(value);
  return f;
}

/** Pops a key, stores the element that it stands for. The address is below it on the stack. */
export function storeKey(f: FunctionBuilder, dtype: RoutineDtype): FunctionBuilder {
  if (dtype === "float64") return orderBits(f, "i64").mem("i64.store");
  if (dtype === "float32") orderBits(f, "i32");
  if (dtype === "uint32") f.i32(-0x80000000).op("i32.xor");
  return f.mem("i32.store");
}

/** Turns over all bits but the sign of a negative number: its own inverse. */
function orderBits(f: FunctionBuilder, type: "i32" | "i64"): FunctionBuilder {
  const bits = f.save(type);
  f.get(bits, bits);
  if (type === "i32") f.i32(31).op("i32.shr_s").i32(1).op("i32.shr_u").op("i32.xor");
  else f.i64(63n).op("i64.shr_s").i64(1n).op("i64.shr_u").op("i64.xor");
  f.release(bits);
  return f;
}

/** Sorts what is in the region at `start`; returns a local that points to the region with the result. */
export function mergeSort(f: FunctionBuilder, keys: Keys, start: Local): Local {
  const { size, length, region } = keys;
  const [source, target, width, low] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
  f.get(start).set(source).get(start).i32(region).op("i32.add").set(target).i32(size).set(width);
  f.block(() =>
    f.loop(() => {
      f.get(width)
        .i32(length * size)
        .op("i32.ge_s")
        .brIf(1);
      f.i32(0).set(low);
      f.loop(() => {
        mergeRuns(f, keys, source, target, low, width);
        f.get(low, width, width).op("i32.add").op("i32.add").tee(low);
        f.i32(length * size)
          .op("i32.lt_s")
          .brIf(0);
      });
      f.get(source, target).set(source).set(target);
      f.get(width).i32(1).op("i32.shl").set(width).br(0);
    }),
  );
  f.release(target, width, low);
  return source;
}

/** Merges the runs [low, low + width) and [low + width, low + 2 width) of `source`, in bytes. */
function mergeRuns(
  f: FunctionBuilder,
  { type, size, length, region, hasPayload }: Keys,
  source: Local,
  target: Local,
  low: Local,
  width: Local,
): void {
  const [left, right, leftEnd, rightEnd, out, outEnd, isRight] = locals(f, "i32", 7);
  const [leftKey, rightKey] = locals(f, type, 2);
  const total = length * size;
  // min(base + width, total), in bytes from the start of the region.
  const bound = (base: Local, end: Local): void => {
    f.get(base, width).op("i32.add").tee(end).i32(total).get(end).i32(total);
    f.op("i32.lt_s").op("select").set(end);
  };
  bound(low, leftEnd!);
  bound(leftEnd!, rightEnd!);
  f.get(source, low).op("i32.add").set(left!).get(target, low).op("i32.add").set(out!);
  f.get(target, rightEnd!).op("i32.add").set(outEnd!);
  f.get(source, leftEnd!).op("i32.add").tee(leftEnd!).set(right!);
  f.get(source, rightEnd!).op("i32.add").set(rightEnd!);
  f.loop(() => {
    f.get(left!).mem(`${type}.load`).set(leftKey!).get(right!).mem(`${type}.load`).set(rightKey!);
    f.get(rightKey!, leftKey!).op(`${type}.lt_s`).get(right!, rightEnd!).op("i32.lt_u").op("i32.and");
    f.get(left!, leftEnd!).op("i32.ge_u").op("i32.or").set(isRight!);
    f.get(out!, rightKey!, leftKey!, isRight!).op("select").mem(`${type}.store`);
    if (hasPayload) {
      f.get(out!, right!, left!, isRight!)
        .op("select")
        .mem("i32.load", 2 * region);
      f.mem("i32.store", 2 * region);
    }
    // Whichever was taken moves on by one key.
    f.get(right!, isRight!).i32(size).op("i32.mul").op("i32.add").set(right!);
    f.get(left!, isRight!).op("i32.eqz").i32(size).op("i32.mul").op("i32.add").set(left!);
    f.get(out!).i32(size).op("i32.add").tee(out!).get(outEnd!).op("i32.lt_u").brIf(0);
  });
  f.release(left!, right!, leftEnd!, rightEnd!, out!, outEnd!, isRight!, leftKey!, rightKey!);
}

function locals(f: FunctionBuilder, type: ValueType, count: number): Local[] {
  return Array.from({ length: count }, () => f.local(type));
}
