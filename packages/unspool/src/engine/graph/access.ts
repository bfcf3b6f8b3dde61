/**
 * Views folded into strides: where the elements of a node lie among those of the node that holds them in memory.
 *
 *     element at index (i0, i1, …)  =  offset + i0 strides[0] + i1 strides[1] + …  of `base`, row-major
 */
import type { GraphBuilder } from "./builder.ts";
import { type Node, isView, stridesOf } from "./node.ts";

export interface Access {
  readonly base: Node;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Accesses of nodes. A view that no strides express is read from a copy of its operand, made where it is needed. */
export class Accesses {
  readonly #graph: GraphBuilder;
  readonly #known = new Map<Node, Access>();

  constructor(graph: GraphBuilder) {
    this.#graph = graph;
  }

  of(node: Node): Access {
    let access = this.#known.get(node);
    if (access === undefined) {
      access = isView(node) ? this.#view(node) : { base: node, strides: stridesOf(node.shape), offset: 0 };
      this.#known.set(node, access);
    }
    return access;
  }

  #view(node: Node): Access {
    const operand = node.inputs[0]!;
    const inner = this.of(operand);
    const folded = fold(node, operand, inner);
    if (folded !== undefined) return { ...folded, base: inner.base };
    const copy = this.#graph.elementwise("copy", [operand], operand.dtype, {}, operand.shape);
    return { ...fold(node, copy, this.of(copy))!, base: copy };
  }
}

type Folded = Pick<Access, "strides" | "offset">;

function fold(node: Node, operand: Node, { strides, offset }: Access): Folded | undefined {
  const { params, shape } = node;
  switch (node.op) {
    case "transpose":
      return { strides: params.perm!.map((axis) => strides[axis]!), offset };
    case "broadcast": {
      let next = 0;
      return { strides: shape.map((_, i) => (params.axes!.includes(i) ? 0 : strides[next++]!)), offset };
    }
    case "flip": {
      const isFlipped = (i: number): boolean => params.axes!.includes(i);
      const start = strides.reduce(
        (sum, stride, i) => sum + (isFlipped(i) ? (shape[i]! - 1) * stride : 0),
        offset,
      );
      return { strides: strides.map((stride, i) => (isFlipped(i) ? -stride : stride)), offset: start };
    }
    case "shrink":
      return { strides, offset: params.pairs!.reduce((sum, [from], i) => sum + from * strides[i]!, offset) };
    case "window": {
      const contiguous = stridesOf(operand.shape);
      const isPlain = operand.shape.every((length, i) => length === 1 || strides[i] === contiguous[i]);
      return isPlain ? { strides: params.strides!, offset } : undefined;
    }
    default: {
      const reshaped = reshapeStrides(operand.shape, strides, shape);
      return reshaped === undefined ? undefined : { strides: reshaped, offset };
    }
  }
}

/** Strides of the same elements under another shape, if there are any. */
export function reshapeStrides(
  from: readonly number[],
  strides: readonly number[],
  to: readonly number[],
): number[] | undefined {
  // Runs of axes of the operand that are contiguous to each other: [elements, stride of the last].
  const runs: [length: number, stride: number][] = [];
  from.forEach((length, i) => {
    if (length === 1) return;
    const last = runs.at(-1);
    if (last !== undefined && last[1] === strides[i]! * length)
      runs[runs.length - 1] = [last[0] * length, strides[i]!];
    else runs.push([length, strides[i]!]);
  });
  const result: number[] = [];
  let run = runs.length - 1;
  let left = run >= 0 ? runs[run]![0] : 1;
  let stride = run >= 0 ? runs[run]![1] : 0;
  for (let i = to.length - 1; i >= 0; i--) {
    const length = to[i]!;
    if (length === 1) {
      result.unshift(0);
      continue;
    }
    if (left === 1) {
      run--;
      if (run < 0) return undefined;
      [left, stride] = runs[run]!;
    }
    if (left % length !== 0) return undefined;
    result.unshift(stride);
    left /= length;
    stride *= length;
  }
  return result;
}
