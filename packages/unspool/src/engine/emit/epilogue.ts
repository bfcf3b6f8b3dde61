/**
 * What is done with the results of a product while they are in registers: a bias and a rectifier after a layer, the
 * update of weights by a gradient that so needs no memory.
 */
import { type Node, numberOf } from "../graph/node.ts";
import type { Group, Schedule } from "../graph/schedule.ts";
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import type { Beside } from "./axes.ts";
import { type EmitContext, bytesOf, stridesAt } from "./location.ts";
import { emitOperation } from "./operations.ts";
import { type Vector, constantVector, loadVector, storeVector } from "./vectors.ts";

/** Where a vector of results is: bytes from the pointer of each array beside, by row, column, lanes and member. */
export interface Cell {
  /** Bytes per array, from rows and columns of the tile. */
  readonly offsets: readonly number[];
  /** Lane vector within the tile. */
  readonly vector: number;
  readonly member: number;
}

export class Epilogue {
  readonly beside: readonly Beside[];
  readonly #context: EmitContext;
  readonly #schedule: Schedule;
  readonly #at: number;
  readonly #group: Group;
  readonly #reads = new Map<string, number>();
  readonly #writes = new Map<Node, number>();

  constructor(context: EmitContext, schedule: Schedule, at: number, stored: ReadonlySet<Node>) {
    this.#context = context;
    this.#schedule = schedule;
    this.#at = at;
    this.#group = schedule.kernels[at] as Group;
    const beside: Beside[] = [];
    for (const node of this.#nodes()) {
      for (const input of node.inputs) this.#collect(input, beside);
      if (!stored.has(node)) continue;
      const location = context.locate(node);
      this.#writes.set(node, beside.push(this.#arrayOf(node, node.shape, stridesAt(node, location), 0)) - 1);
    }
    this.beside = beside;
  }

  #nodes(): readonly Node[] {
    return this.#group.nodes.filter((node) => node !== this.#group.product);
  }

  #collect(input: Node, beside: Beside[]): void {
    const name = this.#nameOf(input);
    if (name === undefined || this.#reads.has(name)) return;
    const { base, strides, offset } = this.#schedule.accesses.of(input);
    this.#reads.set(name, beside.push(this.#arrayOf(base, input.shape, strides, offset)) - 1);
  }

  /** Axes of length 1, of which the operations may have others than the product, are left out. */
  #arrayOf(node: Node, shape: readonly number[], strides: readonly number[], offset: number): Beside {
    const location = this.#context.locate(node);
    const { dtype } = node;
    return {
      location,
      offset: location.offset + offset * location.lanes * bytesOf(dtype),
      strides: strides.filter((_, i) => shape[i] !== 1),
      dtype,
      isInternal: this.#context.strips?.internal.has(node) === true,
    };
  }

  /** Undefined for numbers and what is in registers. */
  #nameOf(input: Node): string | undefined {
    if (numberOf(input) !== undefined) return undefined;
    const { base, strides, offset } = this.#schedule.accesses.of(input);
    if (this.#schedule.isLocal(this.#at, base)) return undefined;
    return `${base.id}:${offset}:${strides.join()}`;
  }

  /** All operations for one vector of results. */
  apply(f: FunctionBuilder, product: Vector, cell: Cell, pointers: readonly Local[]): void {
    const values = new Map<Node, Vector>([[this.#group.product!, product]]);
    const loaded = new Map<string, Vector>();
    for (const node of this.#nodes()) {
      const inputs = node.inputs.map((input): Vector => {
        const number = numberOf(input);
        if (number !== undefined) return constantVector(f, number.params.value!, input.dtype);
        const name = this.#nameOf(input);
        if (name === undefined) return values.get(this.#schedule.accesses.of(input).base)!;
        let vector = loaded.get(name);
        if (vector === undefined) {
          const index = this.#reads.get(name)!;
          const one = this.beside[index]!;
          const access = one.location.lanes === 1 ? "same" : "contiguous";
          vector = loadVector(f, pointers[index]!, this.#offset(index, cell), one.dtype, access);
          loaded.set(name, vector);
        }
        return vector;
      });
      values.set(node, emitOperation(f, node, inputs, this.#context));
    }
    // After all loads: a result may go to where an operand lies.
    for (const [node, index] of this.#writes)
      storeVector(
        f,
        pointers[index]!,
        this.#offset(index, cell),
        node.dtype,
        values.get(node)!,
        "contiguous",
      );
    values.delete(this.#group.product!);
    for (const vector of [...values.values(), ...loaded.values()]) f.release(...new Set(vector));
  }

  #offset(index: number, { offsets, vector, member }: Cell): number {
    const { location, dtype } = this.beside[index]!;
    const lanes = location.lanes === 1 ? 0 : 4 * vector * bytesOf(dtype);
    return offsets[index]! + lanes + member * (location.memberBytes ?? 0);
  }
}
