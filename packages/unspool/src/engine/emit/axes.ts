/** Axes of sums of products, and loops over them: every operand has a pointer that moves as they go round. */
import type { Access } from "../graph/access.ts";
import type { Node } from "../graph/node.ts";
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import { type EmitContext, type Location, bytesOf, stridesAt } from "./location.ts";

/** Bytes that the operands and the results move by along an axis. */
export interface ContractionAxis {
  size: number;
  a: number;
  b: number;
  out: number;
  /** Of what is read and written besides, in the order of `Beside`. */
  beside: readonly number[];
}

export type AxisBytes = Omit<ContractionAxis, "size">;

/** An array of the result's shape that is read or written with it. */
export interface Beside {
  readonly location: Location;
  readonly offset: number;
  /** Elements per step of each axis of the result that is longer than 1. */
  readonly strides: readonly number[];
  readonly dtype: Node["dtype"];
  /** Of which only a strip is kept. */
  readonly isInternal: boolean;
}

export interface Contraction {
  readonly kept: ContractionAxis[];
  readonly summed: ContractionAxis[];
  /** Bytes per row of a strip; 0 for what only the strip holds. */
  readonly row: AxisBytes;
}

/** The axes of a dot node, those of length 1 left out and neighbours merged. `out` is null if it is not stored. */
export function contractionAxes(
  node: Node,
  a: Access,
  b: Access,
  context: EmitContext,
  out: Location | null = context.locate(node),
  beside: readonly Beside[] = [],
): Contraction {
  const { shape } = node.inputs[0]!;
  const { strips } = context;
  const summedAxes = node.params.axes ?? [shape.length - 1];
  const bytes = bytesOf(node.dtype);
  const [la, lb] = [context.locate(a.base), context.locate(b.base)];
  const outStrides = out === null ? undefined : stridesAt(node, out);
  const kept: ContractionAxis[] = [];
  const summed: ContractionAxis[] = [];
  let row: AxisBytes = { a: 0, b: 0, out: 0, beside: beside.map(() => 0) };
  let keptAxis = -1;
  let longAxis = -1;
  shape.forEach((size, i) => {
    const isSummed = summedAxes.includes(i);
    if (!isSummed) keptAxis++;
    if (size === 1) return;
    if (!isSummed) longAxis++;
    const axis: ContractionAxis = {
      size,
      a: a.strides[i]! * la.lanes * bytes,
      b: b.strides[i]! * lb.lanes * bytes,
      out: isSummed || outStrides === undefined ? 0 : outStrides[keptAxis]! * out!.lanes * bytes,
      beside: beside.map(({ strides, location, dtype }) =>
        isSummed ? 0 : strides[longAxis]! * location.lanes * bytesOf(dtype),
      ),
    };
    if (strips !== undefined && !isSummed && kept.length === 0) {
      const moving = (isInternal: boolean, by: number): number => (isInternal ? 0 : by);
      row = {
        a: moving(strips.internal.has(a.base), axis.a),
        b: moving(strips.internal.has(b.base), axis.b),
        out: moving(strips.internal.has(node), axis.out),
        beside: axis.beside.map((by, j) => moving(beside[j]!.isInternal, by)),
      };
      axis.size = strips.rows;
    }
    (isSummed ? summed : kept).push(axis);
  });
  return { kept: merged(kept), summed: merged(summed), row };
}

function merged(axes: readonly ContractionAxis[]): ContractionAxis[] {
  const result: ContractionAxis[] = [];
  for (const axis of axes) {
    const last = result.at(-1);
    const follows =
      last !== undefined &&
      (["a", "b", "out"] as const).every((side) => last[side] === axis[side] * axis.size) &&
      last.beside.every((by, i) => by === axis.beside[i]! * axis.size);
    if (follows) result[result.length - 1] = { ...axis, size: last.size * axis.size };
    else result.push({ ...axis });
  }
  return result;
}

export interface Pointers {
  a: Local;
  b: Local;
  out: Local;
  beside: readonly Local[];
}

const sides = ["a", "b", "out"] as const;

/** Loops over axes with pointers of their own; the pointers that are given stay as they are. */
export class AxisWalker {
  readonly #f: FunctionBuilder;

  constructor(f: FunctionBuilder) {
    this.#f = f;
  }

  /** All elements of all axes, the first the outermost. */
  nest(axes: readonly ContractionAxis[], at: Pointers, body: (inner: Pointers) => void): void {
    const [axis, ...rest] = axes;
    if (axis === undefined) body(at);
    else this.loop(axis, axis.size, 1, at, (inner) => this.nest(rest, inner, body));
  }

  /** `passes` passes of `step` elements each. */
  loop(axis: AxisBytes, passes: number, step: number, at: Pointers, body: (inner: Pointers) => void): void {
    if (passes === 0) return;
    if (passes === 1) {
      body(at);
      return;
    }
    const f = this.#f;
    const inner = this.#own(axis, at, () => {});
    const counter = f.local("i32");
    f.forLoop(counter, 0, passes, 1, () => {
      body(inner);
      this.#each(axis, inner, (pointer, by) =>
        f
          .get(pointer)
          .i32(by * step)
          .op("i32.add")
          .set(pointer),
      );
    });
    f.release(counter);
    this.#each(axis, inner, (pointer) => f.release(pointer));
  }

  /** With pointers moved by `count` elements. */
  moved(axis: AxisBytes, count: number, at: Pointers, body: (moved: Pointers) => void): void {
    if (count === 0) {
      body(at);
      return;
    }
    const f = this.#f;
    const moved = this.#own(axis, at, (by) => f.i32(by * count).op("i32.add"));
    body(moved);
    this.#each(axis, moved, (pointer) => f.release(pointer));
  }

  /** Full steps of `size` elements, and what is left at the end of the axis. */
  parts(
    axis: ContractionAxis | undefined,
    size: number,
    at: Pointers,
    body: (count: number, inner: Pointers) => void,
  ): void {
    if (axis === undefined) {
      body(1, at);
      return;
    }
    const passes = Math.floor(axis.size / size);
    this.loop(axis, passes, size, at, (inner) => body(size, inner));
    const rest = axis.size % size;
    if (rest > 0) this.moved(axis, passes * size, at, (moved) => body(rest, moved));
  }

  /** New locals for the pointers that the axis moves; `change` works on the value on the stack. */
  #own(axis: AxisBytes, at: Pointers, change: (by: number) => void): Pointers {
    const f = this.#f;
    const copy = (pointer: Local, by: number): Local => {
      if (by === 0) return pointer;
      f.get(pointer);
      change(by);
      return f.save("i32");
    };
    return {
      a: copy(at.a, axis.a),
      b: copy(at.b, axis.b),
      out: copy(at.out, axis.out),
      beside: at.beside.map((pointer, i) => copy(pointer, axis.beside[i]!)),
    };
  }

  #each(axis: AxisBytes, pointers: Pointers, body: (pointer: Local, by: number) => void): void {
    for (const side of sides) if (axis[side] !== 0) body(pointers[side], axis[side]);
    pointers.beside.forEach((pointer, i) => axis.beside[i] !== 0 && body(pointer, axis.beside[i]!));
  }
}

/** A pointer to `offset` bytes after the place that `location` counts from. */
export function startPointer(f: FunctionBuilder, base: Location["base"], offset: number): Local {
  const bases: Record<Location["base"], Local | undefined> = {
    absolute: undefined,
    scratch: 0,
    tile: 1,
    first: 2,
    second: 3,
  };
  const pointer = bases[base];
  if (pointer === undefined) f.i32(offset);
  else f.get(pointer).i32(offset).op("i32.add");
  return f.save("i32");
}
