/**
 * Large arrays of few distinct values (pixels, labels) as one byte per element: the number of its value in ascending
 * order. They stay that way in memory until an element is used.
 */
import type { TensorData } from "../array/index.ts";

export interface CodedArray {
  /** Per element. */
  readonly codes: Uint8Array;
  /** The value of each code. */
  readonly table: Float32Array | Int32Array;
  /** Set if the value is `code * scale + offset`, each operation rounded to the array's dtype, bit for bit. */
  readonly affine?: Affine;
}

export interface Affine {
  readonly scale: number;
  readonly offset: number;
}

/** Elements from which on an array is worth a second form. */
const leastElements = 65536;
const mostValues = 256;

const known = new WeakMap<TensorData, CodedArray | "none">();

/** The codes of an array that has them, found once per array. */
export function codedArray(data: TensorData): CodedArray | undefined {
  if (data.length < leastElements) return undefined;
  if (!(data instanceof Float32Array || data instanceof Int32Array)) return undefined;
  const coded = known.get(data) ?? encode(data) ?? "none";
  known.set(data, coded);
  return coded === "none" ? undefined : coded;
}

/** Undefined if there are too many values. Values are told apart by their bits. */
function encode(data: Float32Array | Int32Array): CodedArray | undefined {
  const bits = new Int32Array(data.buffer, data.byteOffset, data.length);
  const found = new BitsTable();
  const codes = new Uint8Array(bits.length);
  let last = bits[0]! ^ 1;
  let code = 0;
  for (let i = 0; i < bits.length; i++) {
    if (bits[i] !== last) {
      last = bits[i]!;
      code = found.numberOf(last);
      if (code === mostValues) return undefined;
    }
    codes[i] = code;
  }
  const isFloat = data instanceof Float32Array;
  // Of a negative float all bits but the sign are inverted: then the order of the bits is that of the values.
  const rank = (one: number): number => (isFloat && one < 0 ? one ^ 0x7fffffff : one);
  const sorted = found.values().toSorted((a, b) => rank(a) - rank(b));
  const words = Int32Array.from(sorted);
  const values = isFloat ? new Float32Array(words.buffer) : words;
  const affine = findAffine(values);
  const codeOf = affine === undefined ? undefined : codesOf(values, affine);
  const recoded = new Uint8Array(mostValues);
  sorted.forEach((one, i) => (recoded[found.numberOf(one)] = codeOf?.[i] ?? i));
  for (let i = 0; i < codes.length; i++) codes[i] = recoded[codes[i]!]!;
  if (affine === undefined) return { codes, table: values };
  const table = new (isFloat ? Float32Array : Int32Array)(codeOf!.at(-1)! + 1);
  for (let i = 0; i < table.length; i++) table[i] = decode(i, affine, isFloat);
  return { codes, table, affine };
}

/** Numbers 32-bit words in the order of their coming, up to `mostValues`. */
class BitsTable {
  // Open addressing; a place is a word's number plus 1, or 0.
  readonly #places = new Uint16Array(1024);
  readonly #words = new Int32Array(mostValues);
  #count = 0;

  /** `mostValues` if it would be one word too many. */
  numberOf(word: number): number {
    // Knuth's multiplicative hash: 2^32 over the golden ratio, of which the ten highest bits are taken.
    let place = Math.imul(word, 0x9e3779b1) >>> 22;
    for (;;) {
      const number = this.#places[place]! - 1;
      if (number < 0) break;
      if (this.#words[number] === word) return number;
      place = (place + 1) & 1023;
    }
    if (this.#count === mostValues) return mostValues;
    this.#words[this.#count++] = word;
    this.#places[place] = this.#count;
    return this.#count - 1;
  }

  values(): number[] {
    return [...this.#words.subarray(0, this.#count)];
  }
}

/** Steps of equal width on which all values lie, if there are such. */
function findAffine(values: Float32Array | Int32Array): Affine | undefined {
  const [offset, end] = [values[0]!, values.at(-1)!];
  let gap = Infinity;
  for (let i = 1; i < values.length; i++) gap = Math.min(gap, values[i]! - values[i - 1]!);
  const steps = Math.round((end - offset) / gap);
  const isFloat = values instanceof Float32Array;
  const scale = isFloat ? Math.fround((end - offset) / steps) : Math.round((end - offset) / steps);
  if (!(steps < mostValues) || !Number.isFinite(scale) || !Number.isFinite(offset)) return undefined;
  const affine = { scale, offset };
  const codes = codesOf(values, affine);
  return codes.every((code, i) => Object.is(decode(code, affine, isFloat), values[i])) ? affine : undefined;
}

const codesOf = (values: Float32Array | Int32Array, { scale, offset }: Affine): number[] =>
  Array.from(values, (value) => Math.round((value - offset) / scale));

/** What the instructions compute that `emit/gather.ts` emits. */
function decode(code: number, { scale, offset }: Affine, isFloat: boolean): number {
  if (isFloat) return Math.fround(Math.fround(code * scale) + offset);
  return (Math.imul(code, scale) + offset) | 0;
}
