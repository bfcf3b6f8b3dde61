/**
 * The layout of a program's memory, decided when it is compiled: constants first, then slots that all share, tiles, and
 * the threads' scratch. Addresses are part of the code.
 */
import { requireMemory, sizeText, wasmBytes } from "../sizes.ts";
import type { DType, TensorData } from "../array/index.ts";
import { type CodedArray, codedArray } from "./codedArray.ts";
import type { Node } from "./graph/node.ts";

/** Reading past either end of an array by less than this stays inside the memory. */
const margin = 65536;

const align = (bytes: number, to: number): number => Math.ceil(bytes / to) * to;

/** An array of codes in memory, and where the values of the codes lie. */
export interface CodedPlace extends CodedArray {
  readonly address: number;
  readonly tableAddress: number;
}

export class MemoryLayout {
  #end: number = margin;
  readonly #known = new Map<unknown, number>();
  readonly #data: { address: number; data: ArrayBufferView }[] = [];

  /** The address of `bytes` new bytes. */
  reserve(bytes: number, alignment = 64): number {
    const address = align(this.#end, alignment);
    this.#end = address + bytes;
    if (this.#end + margin > wasmBytes) {
      requireMemory({
        where: "engine",
        option: "the memory of a program",
        given: sizeText(this.#end),
        bytes: this.#end,
        of: "its arrays",
        limit: wasmBytes - margin,
        hint: "Use fewer threads, fewer particles or smaller batches, or a truncation or checkpoints that keep fewer states.",
      });
    }
    return address;
  }

  /** The address of data that is written once. */
  place(data: ArrayBufferView): number {
    let address = this.#known.get(data);
    if (address === undefined) {
      address = this.reserve(data.byteLength + 16);
      this.#known.set(data, address);
      this.#data.push({ address, data });
    }
    return address;
  }

  constant(node: Node): number {
    return this.place(node.params.data!);
  }

  /** The place of a constant whose elements are read one by one as codes, if it has them and none reads it whole. */
  coded(node: Node): CodedPlace | undefined {
    const data = node.params.data!;
    const coded = this.#known.has(data) ? undefined : codedArray(data);
    return coded && { ...coded, address: this.place(coded.codes), tableAddress: this.place(coded.table) };
  }

  /** Pages of 64 KiB that hold everything. */
  get pages(): number {
    return Math.ceil((this.#end + margin) / 65536);
  }

  get bytes(): number {
    return this.#end;
  }

  /** Bytes of the data that is written once. */
  get constantBytes(): number {
    return this.#data.reduce((sum, { data }) => sum + data.byteLength, 0);
  }

  /** Writes all constants. */
  initialise(memory: WebAssembly.Memory): void {
    const bytes = new Uint8Array(memory.buffer);
    for (const { address, data } of this.#data) {
      bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), address);
    }
  }
}

/** The elements of a dtype at an address. */
export function elementsAt(
  memory: WebAssembly.Memory,
  address: number,
  length: number,
  dtype: DType,
): TensorData {
  const { buffer } = memory;
  switch (dtype) {
    case "float32":
      return new Float32Array(buffer, address, length);
    case "float64":
      return new Float64Array(buffer, address, length);
    case "uint32":
      return new Uint32Array(buffer, address, length);
    default:
      return new Int32Array(buffer, address, length);
  }
}
