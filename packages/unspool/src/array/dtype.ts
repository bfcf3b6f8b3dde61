/** Number types of tensors, and the typed arrays that hold them. */
import { requireMemory } from "../sizes.ts";

export type DType = "float32" | "float64" | "int32" | "uint32" | "bool";

/** What holds the elements of a concrete tensor: `bool` is kept as 0/1 in an Int32Array. */
export type TensorData = Float32Array | Float64Array | Int32Array | Uint32Array;

type Holder =
  Float32ArrayConstructor | Float64ArrayConstructor | Int32ArrayConstructor | Uint32ArrayConstructor;

const holders: Record<DType, Holder> = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  bool: Int32Array,
};

export const dtypes: readonly DType[] = Object.keys(holders) as DType[];

/** A zeroed typed array for `length` elements of `dtype`. */
export function allocate(dtype: DType, length: number): TensorData {
  requireRoom(length, dtype);
  return new holders[dtype](length);
}

/** The dtype that a typed array stands for (a plain Int32Array is `int32`). */
export function dtypeOf(data: ArrayBufferView): DType | undefined {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Float64Array) return "float64";
  if (data instanceof Int32Array) return "int32";
  if (data instanceof Uint32Array) return "uint32";
  return undefined;
}

export function isFloat(dtype: DType): boolean {
  return dtype === "float32" || dtype === "float64";
}

/** Throws `OptionError` if an array of so many elements cannot be held. */
export function requireRoom(elements: number, dtype: DType): void {
  requireMemory({
    where: "np",
    option: "the number of elements of an array",
    given: elements,
    bytes: elements * (dtype === "float64" ? 8 : 4),
    of: "they",
  });
}
