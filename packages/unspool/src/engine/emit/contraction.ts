/**
 * Sums of products: matrix products and convolutions over any strides. A tile of results stays in registers while the
 * summed axes are walked, one step per turn of the loop (TurboFan of Node 20 spills when a block holds several), with
 * at most 8 accumulators.
 *
 * For values of units the lanes are vectors and every operand is a plain load, whatever its axes' order. Without lanes
 * the vector runs along an axis of the result that is contiguous in one operand, or else along the summed axis.
 */
import type { Access as ViewAccess } from "../graph/access.ts";
import type { Node } from "../graph/node.ts";
import type { Schedule } from "../graph/schedule.ts";
import { multiplyAdd } from "../math/index.ts";
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import { kernelFunction, rowParameter } from "./kernelFunction.ts";
import { type EmitContext, type Location, bytesOf, stridesAt } from "./location.ts";
import {
  type Access,
  type Vector,
  constantVector,
  isWide,
  lanePrefix,
  loadVector,
  storeVector,
} from "./vectors.ts";

/** Bytes that each operand and the result move by along an axis. */
export interface ContractionAxis {
  size: number;
  a: number;
  b: number;
  out: number;
}

export interface Contraction {
  readonly kept: ContractionAxis[];
  readonly summed: ContractionAxis[];
  /** Bytes per row of a strip; 0 for what only the strip holds. */
  readonly row: Pick<ContractionAxis, "a" | "b" | "out">;
}

interface Side {
  readonly location: Location;
  readonly offset: number;
  /** Vectors per element of one unit vector: members that differ. */
  readonly copies: number;
}

/** The axes of a dot node, those of length 1 left out and neighbours merged. */
export function contractionAxes(node: Node, a: ViewAccess, b: ViewAccess, context: EmitContext): Contraction {
  const { shape } = node.inputs[0]!;
  const summedAxes = node.params.axes ?? [shape.length - 1];
  const out = context.locate(node);
  const bytes = bytesOf(node.dtype);
  const [la, lb] = [context.locate(a.base), context.locate(b.base)];
  const outStrides = [...stridesAt(node, out)];
  const kept: ContractionAxis[] = [];
  const summed: ContractionAxis[] = [];
  const { strips } = context;
  const row = { a: 0, b: 0, out: 0 };
  shape.forEach((size, i) => {
    const isSummed = summedAxes.includes(i);
    const outStride = isSummed ? 0 : outStrides.shift()!;
    if (size === 1) return;
    const axis = {
      size,
      a: a.strides[i]! * la.lanes * bytes,
      b: b.strides[i]! * lb.lanes * bytes,
      out: outStride * out.lanes * bytes,
    };
    if (strips !== undefined && !isSummed && kept.length === 0) {
      const isInternal = (one: Node): boolean => strips.internal.has(one);
      row.a = isInternal(a.base) ? 0 : axis.a;
      row.b = isInternal(b.base) ? 0 : axis.b;
      row.out = isInternal(node) ? 0 : axis.out;
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
      (["a", "b", "out"] as const).every((side) => last[side] === axis[side] * axis.size);
    if (follows) result[result.length - 1] = { ...axis, size: last.size * axis.size };
    else result.push({ ...axis });
  }
  return result;
}

export function emitContraction(
  context: EmitContext,
  schedule: Schedule,
  node: Node,
  name: string,
): FunctionBuilder {
  return new ContractionEmitter(context, schedule, node, name).emit();
}

interface Pointers {
  a: Local;
  b: Local;
  out: Local;
}

/** How many results along two axes, and how many lane vectors, one tile holds. */
interface Tile {
  rows: number;
  columns: number;
  vectors: number;
}

class ContractionEmitter {
  readonly #context: EmitContext;
  readonly #node: Node;
  readonly #f: FunctionBuilder;
  readonly #axes: Contraction;
  readonly #a: Side;
  readonly #b: Side;
  readonly #out: Side;
  readonly #members: number;
  readonly #isLaned: boolean;
  readonly #bytes: number;
  /** Without lanes: the axis that the vector runs along. */
  readonly #vectorAxis: ContractionAxis | undefined;
  readonly #isAcross: boolean;

  constructor(context: EmitContext, schedule: Schedule, node: Node, name: string) {
    this.#context = context;
    this.#node = node;
    this.#bytes = bytesOf(node.dtype);
    this.#f = kernelFunction(context.module, name, context.strips !== undefined);
    this.#isLaned = node.level > 0;
    this.#members = node.level === 2 ? context.members : 1;
    const [a, b] = node.inputs.map((input) => schedule.accesses.of(input)) as [ViewAccess, ViewAccess];
    this.#axes = contractionAxes(node, a, b, context);
    this.#a = this.#side(context.locate(a.base), a.offset);
    this.#b = this.#side(context.locate(b.base), b.offset);
    this.#out = this.#side(context.locate(node), 0);
    this.#vectorAxis = this.#isLaned ? undefined : this.#chooseVector();
    this.#isAcross = this.#vectorAxis !== undefined && this.#axes.summed.includes(this.#vectorAxis);
  }

  #side(location: Location, elementOffset: number): Side {
    const { lanes, offset, memberBytes } = location;
    return {
      location,
      offset: offset + elementOffset * lanes * this.#bytes,
      copies: memberBytes === undefined ? 1 : this.#members,
    };
  }

  #chooseVector(): ContractionAxis | undefined {
    const { kept, summed } = this.#axes;
    const one = this.#bytes;
    const isPlain = (stride: number): boolean => stride === one || stride === 0;
    const score = (axis: ContractionAxis): number => {
      if (!isPlain(axis.a) || !isPlain(axis.b)) return 0;
      return Math.min(axis.size, 16) * (axis.out === one ? 2 : 1);
    };
    const best = kept.reduce<ContractionAxis | undefined>(
      (most, axis) => (score(axis) > (most === undefined ? 0 : score(most)) ? axis : most),
      undefined,
    );
    const last = summed.at(-1);
    const isDeep = last !== undefined && last.a === one && last.b === one;
    if (best !== undefined && (best.size >= 4 || !isDeep)) return best;
    if (isDeep) return last;
    return best ?? kept.at(-1) ?? last;
  }

  emit(): FunctionBuilder {
    const f = this.#f;
    const bases: Record<Location["base"], Local | undefined> = {
      absolute: undefined,
      scratch: 0,
      tile: 1,
      first: 2,
      second: 3,
    };
    const start = ({ location, offset }: Side, rowBytes: number): Local => {
      const pointer = f.local("i32");
      const base = bases[location.base];
      if (base === undefined) f.i32(offset).set(pointer);
      else f.get(base).i32(offset).op("i32.add").set(pointer);
      if (rowBytes !== 0) f.get(pointer, rowParameter).i32(rowBytes).op("i32.mul").op("i32.add").set(pointer);
      return pointer;
    };
    const { row } = this.#axes;
    const pointers = { a: start(this.#a, row.a), b: start(this.#b, row.b), out: start(this.#out, row.out) };
    const { kept } = this.#axes;
    const rows = this.#pick(
      kept.filter((axis) => axis !== this.#vectorAxis),
      (axis) => axis.a !== 0 && axis.b === 0,
    );
    const columns = this.#pick(
      kept.filter((axis) => axis !== this.#vectorAxis),
      (axis) => axis.b !== 0 && axis.a === 0,
    );
    const outer = kept.filter((axis) => axis !== rows && axis !== columns && axis !== this.#vectorAxis);
    this.#nest(outer, pointers, (inner) => this.#tiles(rows, columns, inner));
    return f;
  }

  #pick(
    axes: readonly ContractionAxis[],
    fits: (axis: ContractionAxis) => boolean,
  ): ContractionAxis | undefined {
    return axes
      .filter(fits)
      .reduce<ContractionAxis | undefined>(
        (most, axis) => (axis.size > (most?.size ?? 0) ? axis : most),
        undefined,
      );
  }

  #nest(axes: readonly ContractionAxis[], pointers: Pointers, body: (inner: Pointers) => void): void {
    const [axis, ...rest] = axes;
    if (axis === undefined) body(pointers);
    else this.#loop(axis, axis.size, 1, pointers, (inner) => this.#nest(rest, inner, body));
  }

  /** `turns` turns with pointers of their own, each moving by `step` elements. Leaves `pointers` as they were. */
  #loop(
    axis: ContractionAxis,
    turns: number,
    step: number,
    pointers: Pointers,
    body: (inner: Pointers) => void,
  ): void {
    if (turns === 0) return;
    if (turns === 1) {
      body(pointers);
      return;
    }
    const f = this.#f;
    const inner = { ...pointers };
    for (const side of ["a", "b", "out"] as const) {
      if (axis[side] === 0) continue;
      f.get(pointers[side]);
      inner[side] = f.save("i32");
    }
    const counter = f.local("i32");
    f.forLoop(counter, 0, turns, 1, () => {
      body(inner);
      for (const side of ["a", "b", "out"] as const) {
        if (axis[side] !== 0)
          f.get(inner[side])
            .i32(axis[side] * step)
            .op("i32.add")
            .set(inner[side]);
      }
    });
    f.release(counter);
    for (const side of ["a", "b", "out"] as const) if (axis[side] !== 0) f.release(inner[side]);
  }

  /** Pointers moved by `count` elements of an axis. */
  #moved(axis: ContractionAxis, count: number, pointers: Pointers, body: (moved: Pointers) => void): void {
    const f = this.#f;
    const moved = { ...pointers };
    for (const side of ["a", "b", "out"] as const) {
      if (axis[side] === 0 || count === 0) continue;
      f.get(pointers[side])
        .i32(axis[side] * count)
        .op("i32.add");
      moved[side] = f.save("i32");
    }
    body(moved);
    for (const side of ["a", "b", "out"] as const) if (moved[side] !== pointers[side]) f.release(moved[side]);
  }

  /** Full tiles and what is left at the ends of both axes. */
  #tiles(rows: ContractionAxis | undefined, columns: ContractionAxis | undefined, pointers: Pointers): void {
    const tile = this.#chooseTile(rows?.size ?? 1, columns?.size ?? 1);
    this.#f.note = `tile ${tile.rows} x ${tile.columns} x ${tile.vectors}`;
    this.#parts(rows, tile.rows, pointers, (rowCount, atRows) => {
      this.#parts(columns, tile.columns, atRows, (columnCount, at) => {
        this.#lanes(tile.vectors, at, (vectors, count, inner) => {
          this.#tile({ rows: rowCount, columns: columnCount, vectors }, rows, columns, count, inner);
        });
      });
    });
  }

  #parts(
    axis: ContractionAxis | undefined,
    size: number,
    pointers: Pointers,
    body: (count: number, at: Pointers) => void,
  ): void {
    if (axis === undefined) {
      body(1, pointers);
      return;
    }
    const turns = Math.floor(axis.size / size);
    this.#loop(axis, turns, size, pointers, (inner) => body(size, inner));
    const rest = axis.size % size;
    if (rest > 0) this.#moved(axis, turns * size, pointers, (moved) => body(rest, moved));
  }

  /** Lane vectors, or vectors along the vector axis. */
  #lanes(
    vectors: number,
    pointers: Pointers,
    body: (vectors: number, count: number, at: Pointers) => void,
  ): void {
    const bytes = 4 * this.#bytes;
    if (this.#isLaned) {
      const total = this.#context.units / 4;
      const stride = ({ location }: Side): number => (location.lanes === 1 ? 0 : bytes);
      const axis = { size: total, a: stride(this.#a), b: stride(this.#b), out: stride(this.#out) };
      this.#parts(axis, vectors, pointers, (count, at) => body(count, 4, at));
      return;
    }
    const axis = this.#vectorAxis;
    if (axis === undefined || this.#isAcross) {
      body(1, axis === undefined ? 1 : 4, pointers);
      return;
    }
    const wide = { size: Math.floor(axis.size / 4), a: 4 * axis.a, b: 4 * axis.b, out: 4 * axis.out };
    if (wide.size > 0)
      this.#parts(wide, Math.min(vectors, wide.size), pointers, (count, at) => body(count, 4, at));
    const rest = axis.size % 4;
    if (rest > 0) this.#moved(axis, axis.size - rest, pointers, (at) => body(1, rest, at));
  }

  #chooseTile(rows: number, columns: number): Tile {
    const budget = isWide(this.#node.dtype) ? 4 : 8;
    const lanes = this.#isLaned
      ? this.#context.units / 4
      : this.#isAcross || this.#vectorAxis === undefined
        ? 1
        : Math.max(1, Math.floor(this.#vectorAxis.size / 4));
    let best: Tile = { rows: 1, columns: 1, vectors: 1 };
    let bestCost = Infinity;
    for (let r = 1; r <= Math.min(rows, 4); r++) {
      for (let c = 1; c <= Math.min(columns, 4); c++) {
        for (let v = 1; v <= Math.min(lanes, 4); v++) {
          const products = r * c * v * this.#members;
          if (products > Math.max(budget, this.#members)) continue;
          const perVector = (side: Side): number => side.copies * (this.#movesAcross(side) ? v : 1);
          const cost = (r * perVector(this.#a) + c * perVector(this.#b) + 1) / products;
          if (cost < bestCost - 1e-9) [best, bestCost] = [{ rows: r, columns: c, vectors: v }, cost];
        }
      }
    }
    return best;
  }

  /** Whether neighbouring vectors of a tile read different elements of a side. */
  #movesAcross(side: Side): boolean {
    if (this.#isLaned) return side.location.lanes > 1;
    const axis = this.#vectorAxis;
    if (axis === undefined) return false;
    return (side === this.#a ? axis.a : axis.b) !== 0;
  }

  #tile(
    tile: Tile,
    rows: ContractionAxis | undefined,
    columns: ContractionAxis | undefined,
    count: number,
    pointers: Pointers,
  ): void {
    const f = this.#f;
    const cells = tile.rows * tile.columns * tile.vectors * this.#members;
    const zero = constantVector(f, 0, this.#node.dtype);
    const sums = Array.from({ length: cells }, () =>
      zero.map((part) => {
        f.get(part);
        return f.save("v128");
      }),
    );
    const { summed } = this.#axes;
    const across = this.#isAcross ? this.#vectorAxis! : undefined;
    const outer = summed.filter((axis) => axis !== across);
    this.#nest(outer, pointers, (at) => {
      if (across === undefined) {
        this.#products(tile, rows, columns, sums, at, 4);
        return;
      }
      const wide = { size: Math.floor(across.size / 4), a: 4 * across.a, b: 4 * across.b, out: 0 };
      this.#loop(wide, wide.size, 1, at, (inner) => this.#products(tile, rows, columns, sums, inner, 4));
      const rest = across.size % 4;
      if (rest > 0)
        this.#moved(across, across.size - rest, at, (moved) =>
          this.#products(tile, rows, columns, sums, moved, rest),
        );
    });
    let cell = 0;
    for (let r = 0; r < tile.rows; r++) {
      for (let c = 0; c < tile.columns; c++) {
        for (let v = 0; v < tile.vectors; v++) {
          for (let member = 0; member < this.#members; member++) {
            this.#storeCell(
              sums[cell++]!,
              (rows?.out ?? 0) * r + (columns?.out ?? 0) * c,
              v,
              member,
              count,
              pointers,
            );
          }
        }
      }
    }
    for (const sum of sums) f.release(...sum);
  }

  #storeCell(
    sum: Vector,
    offset: number,
    vector: number,
    member: number,
    count: number,
    { out }: Pointers,
  ): void {
    const f = this.#f;
    const { dtype } = this.#node;
    if (this.#isAcross) {
      addAcross(f, sum, dtype);
      storeVector(f, out, offset, dtype, sum, "contiguous", 1);
      return;
    }
    const shift = this.#out.copies > 1 ? member * this.#out.location.memberBytes! : 0;
    if (this.#isLaned) {
      storeVector(f, out, offset + shift + vector * 4 * this.#bytes, dtype, sum, "contiguous");
      return;
    }
    const stride = this.#vectorAxis?.out ?? 0;
    const access = stride === this.#bytes ? "contiguous" : { strideBytes: stride };
    storeVector(f, out, offset + vector * 4 * stride, dtype, sum, access, count);
  }

  /** One step of the summed axes: loads of both sides, and the products of all pairs. */
  #products(
    tile: Tile,
    rows: ContractionAxis | undefined,
    columns: ContractionAxis | undefined,
    sums: readonly Vector[],
    pointers: Pointers,
    count: number,
  ): void {
    const f = this.#f;
    const a = this.#loads(
      this.#a,
      pointers.a,
      tile.rows,
      rows?.a ?? 0,
      tile.vectors,
      this.#vectorAxis?.a ?? 0,
      count,
    );
    const b = this.#loads(
      this.#b,
      pointers.b,
      tile.columns,
      columns?.b ?? 0,
      tile.vectors,
      this.#vectorAxis?.b ?? 0,
      count,
    );
    const prefix = lanePrefix(this.#node.dtype) as "f32x4" | "f64x2";
    let cell = 0;
    for (let r = 0; r < tile.rows; r++) {
      for (let c = 0; c < tile.columns; c++) {
        for (let v = 0; v < tile.vectors; v++) {
          for (let member = 0; member < this.#members; member++) {
            const [x, y, sum] = [a.at(r, v, member), b.at(c, v, member), sums[cell++]!];
            sum.forEach((part, i) => {
              multiplyAdd(f, prefix, x[i]!, y[i]!, part, this.#context);
              f.set(part);
            });
          }
        }
      }
    }
    f.release(...new Set([...a.all, ...b.all].flat()));
  }

  #loads(
    side: Side,
    pointer: Local,
    elements: number,
    elementStride: number,
    vectors: number,
    vectorStride: number,
    count: number,
  ) {
    const { dtype } = this.#node;
    const width = this.#movesAcross(side) ? vectors : 1;
    const access = this.#accessOf(side, vectorStride);
    const all: Vector[] = [];
    for (let e = 0; e < elements; e++) {
      for (let v = 0; v < width; v++) {
        for (let copy = 0; copy < side.copies; copy++) {
          const step = this.#isLaned ? 4 * this.#bytes : this.#isAcross ? 0 : 4 * vectorStride;
          const offset = e * elementStride + v * step + copy * (side.location.memberBytes ?? 0);
          const vector = loadVector(this.#f, pointer, offset, dtype, access);
          all.push(count < 4 && this.#isAcross ? zeroBeyond(this.#f, vector, count) : vector);
        }
      }
    }
    const at = (e: number, v: number, member: number): Vector =>
      all[(e * width + (width === 1 ? 0 : v)) * side.copies + (side.copies === 1 ? 0 : member)]!;
    return { all, at };
  }

  #accessOf(side: Side, vectorStride: number): Access {
    if (this.#isLaned) return side.location.lanes === 1 ? "same" : "contiguous";
    if (vectorStride === 0) return "same";
    return vectorStride === this.#bytes ? "contiguous" : { strideBytes: vectorStride };
  }
}

/** The vector with its lanes from `count` on set to 0, in new locals: both parts of the old one may be the same. */
function zeroBeyond(f: FunctionBuilder, vector: Vector, count: number): Vector {
  const isWideVector = vector.length === 2;
  const result = vector.map((part, i) => {
    const lanes = isWideVector ? [2 * i, 2 * i, 2 * i + 1, 2 * i + 1] : [0, 1, 2, 3];
    f.get(part)
      .v128(Int32Array.from(lanes.map((lane) => (lane < count ? -1 : 0))))
      .op("v128.and");
    return f.save("v128");
  });
  f.release(...new Set(vector));
  return result;
}

function addAcross(f: FunctionBuilder, vector: Vector, dtype: Node["dtype"]): void {
  const [low, high] = vector as [Local, Local?];
  const add = `${lanePrefix(dtype)}.add`;
  if (high !== undefined) f.get(low, high).op(add).set(low);
  f.get(low, low, low).shuffle32(2, 3, 2, 3).op(add).set(low);
  if (high === undefined) f.get(low, low, low).shuffle32(1, 1, 1, 1).op(add).set(low);
}
