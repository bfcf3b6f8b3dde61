/** Data down to its bits: for comparisons, and through what a checkpoint makes of it. */
import { Tensor, tensorOf } from "../array/index.ts";
import type { Json } from "../methods/index.ts";
import { decodeState, encodeState } from "../train/index.ts";

/** A state, gradient or loss with all its bits, for comparison. The order of the fields of a record does not matter. */
export function bitsOf(value: unknown): string {
  const { structure, tensors: found } = encodeState(inOrder(value));
  const tensors = [...found];
  const leaves = tensors.map(([path, x]) => [path, x.dtype, x.shape, [...new Uint8Array(x.data.buffer, x.data.byteOffset, x.data.byteLength)]]); // prettier-ignore
  return JSON.stringify([structure, leaves]);
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null || Tensor.is(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  // What is no record is refused by the codec, with its path.
  if (prototype !== Object.prototype && prototype !== null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, one]) => [name, inOrder(one)]));
}

/** A copy made from JSON and typed arrays. */
export function throughData<T>(value: T): T {
  const { structure, tensors } = encodeState(value);
  const copies = [...tensors].map(
    ([path, { data, shape, dtype }]) => [path, tensorOf(data.slice(), [...shape], dtype)] as const,
  );
  return decodeState(JSON.parse(JSON.stringify(structure)) as Json, new Map(copies)) as T;
}
