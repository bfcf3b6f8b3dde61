/** Each node once: nodes with equal operation, operands and parameters are one object. */
import type { DType, TensorData } from "../../array/index.ts";
import type { Loop } from "./loop.ts";
import type { Level, Node, Op, Params } from "./node.ts";

export class NodeTable {
  readonly #known = new Map<string, Node>();
  readonly #arrays = new Map<unknown, number>();
  readonly #contents = new Map<string, TensorData[]>();
  /** All nodes in the order of making: operands first. */
  readonly nodes: Node[] = [];

  intern(
    op: Op,
    inputs: readonly Node[],
    shape: readonly number[],
    dtype: DType,
    params: Params,
    level: Level,
  ): Node {
    const operands = inputs.map((one) => one.id).join();
    const name = `${op}(${operands})[${shape.join()}]${dtype}${level}${this.#textOf(params)}`;
    let node = this.#known.get(name);
    if (node === undefined) {
      node = { id: this.nodes.length, op, inputs, shape: [...shape], dtype, level, params };
      this.#known.set(name, node);
      this.nodes.push(node);
    }
    return node;
  }

  #textOf(params: Params): string {
    return JSON.stringify(params, (name, value: unknown) => {
      if (ArrayBuffer.isView(value)) return `array ${this.#numberOf(value)}`;
      if (name === "loop") return this.#nameOf(value as Loop);
      if (Object.is(value, -0)) return "-0";
      return typeof value === "number" && !Number.isFinite(value) ? `${value}` : value;
    });
  }

  #nameOf({ text, arrays }: Loop): string {
    return `loop ${[text, ...arrays].map((part) => this.#numberOf(part)).join()}`;
  }

  /** By identity, or the text. */
  #numberOf(array: unknown): number {
    const known = this.#arrays.get(array) ?? this.#arrays.size;
    this.#arrays.set(array, known);
    return known;
  }

  /** The first array with these elements: a function that is traced twice makes its constants twice. */
  equalTo(data: TensorData): TensorData {
    let hash = data.length;
    // Of a large array about a thousand elements: what differs elsewhere is found when it is compared.
    for (let i = 0; i < data.length; i += Math.ceil(data.length / 1024))
      hash = (Math.imul(hash, 31) + Math.floor(data[i]! * 4096)) | 0;
    const name = `${data.constructor.name}:${data.length}:${hash}`;
    const known = this.#contents.get(name) ?? [];
    const found = known.find((one) => one === data || one.every((x, i) => Object.is(x, data[i])));
    if (found === undefined) this.#contents.set(name, [...known, data]);
    return found ?? data;
  }
}
