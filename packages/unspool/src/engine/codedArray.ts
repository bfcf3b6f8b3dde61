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
  const numbered = numberWords(bits);
  if (numbered === undefined) return undefined;
  const { words, numbers: codes } = numbered;
  const isFloat = data instanceof Float32Array;
  // Of a negative float all bits but the sign are inverted: then the order of the bits is that of the values.
  const rank = (word: number): number => (isFloat && word < 0 ? word ^ 0x7fffffff : word);
  const sorted = words.toSorted((a, b) => rank(a) - rank(b));
  const values = isFloat ? new Float32Array(sorted.buffer) : sorted;
  const affine = findAffine(values);
  const codeOf = affine === undefined ? [...values.keys()] : codesOf(values, affine);
  const recoded = Uint8Array.from(words, (word) => codeOf[sorted.indexOf(word)]!);
  for (let i = 0; i < codes.length; i++) codes[i] = recoded[codes[i]!]!;
  if (affine === undefined) return { codes, table: values };
  const table = new (isFloat ? Float32Array : Int32Array)(codeOf.at(-1)! + 1);
  for (let i = 0; i < table.length; i++) table[i] = decode(i, affine, isFloat);
  return { codes, table, affine };
}

/** Distinct words in the order of their coming, and for each word which of them it is. Undefined if there are too many. */
function numberWords(all: Int32Array): { words: Int32Array; numbers: Uint8Array } | undefined {
  const numbers = new Uint8Array(all.length);
  const words = new Int32Array(mostValues);
  // Open addressing: places hold words, and their numbers plus 1 (0 where there is none).
  const keys = new Int32Array(4096);
  const found = new Uint16Array(4096);
  let count = 0;
  for (let i = 0; i < all.length; i++) {
    const word = all[i]!;
    // Knuth's multiplicative hash: 2^32 over the golden ratio, of which the 12 highest bits are taken.
    let place = Math.imul(word, 0x9e3779b1) >>> 20;
    while (keys[place] !== word || found[place] === 0) {
      if (found[place] === 0) {
        if (count === mostValues) return undefined;
        keys[place] = word;
        words[count++] = word;
        found[place] = count;
        break;
      }
      place = (place + 1) & 4095;
    }
    numbers[i] = found[place]! - 1;
  }
  return { words: words.slice(0, count), numbers };
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
