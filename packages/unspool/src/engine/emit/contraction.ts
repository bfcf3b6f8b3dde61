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
import {
  AxisWalker,
  type Contraction,
  type ContractionAxis,
  type Pointers,
  contractionAxes,
  startPointer,
} from "./axes.ts";
import type { Epilogue } from "./epilogue.ts";
import { kernelFunction, rowParameter } from "./kernelFunction.ts";
import { type EmitContext, type Location, bytesOf } from "./location.ts";
import {
  type Access,
  type Vector,
  constantVector,
  isWide,
  lanePrefix,
  loadVector,
  storeVector,
} from "./vectors.ts";

interface Side {
  readonly location: Location;
  readonly offset: number;
  /** Vectors per element of one unit vector: members that differ. */
  readonly copies: number;
}

/** The product `node`; with what its group does with the results, if it is part of one. */
export function emitContraction(
  context: EmitContext,
  schedule: Schedule,
  node: Node,
  name: string,
  epilogue?: Epilogue,
): FunctionBuilder {
  return new ContractionEmitter(context, schedule, node, name, epilogue).emit();
}

/** How many results along two axes, and how many lane vectors, one tile holds. */
interface Tile {
  rows: number;
  columns: number;
  vectors: number;
}

/** Vector registers that V8 allocates on x64; a step's loads all come before its products. */
const registers = 15;
/** Of a multiply-add, in cycles: fewer sums would wait for themselves. */
const latency = 4;
/** Operations per cycle, and those of a turn of the loop besides loads and products. */
const issued = 5;
const loopOperations = 5;
/** Bytes of the side that is read again and again, so that it stays in the first-level cache. */
const innerBytes = 24576;

class ContractionEmitter {
  readonly #context: EmitContext;
  readonly #node: Node;
  readonly #f: FunctionBuilder;
  readonly #axes: Contraction;
  readonly #a: Side;
  readonly #b: Side;
  /** Undefined if only the epilogue sees the results. */
  readonly #out: Side | undefined;
  readonly #epilogue: Epilogue | undefined;
  readonly #walker: AxisWalker;
  readonly #members: number;
  readonly #isLaned: boolean;
  readonly #bytes: number;
  /** Without lanes: the axis that the vector runs along. */
  readonly #vectorAxis: ContractionAxis | undefined;
  readonly #isAcross: boolean;

  constructor(
    context: EmitContext,
    schedule: Schedule,
    node: Node,
    name: string,
    epilogue: Epilogue | undefined,
  ) {
    this.#context = context;
    this.#node = node;
    this.#bytes = bytesOf(node.dtype);
    this.#f = kernelFunction(context.module, name, context.strips !== undefined);
    this.#walker = new AxisWalker(this.#f);
    this.#isLaned = node.level > 0;
    this.#epilogue = epilogue;
    const [a, b] = node.inputs.map((input) => schedule.accesses.of(input)) as [ViewAccess, ViewAccess];
    const out = epilogue === undefined ? context.locate(node) : null;
    this.#axes = contractionAxes(node, a, b, context, out, epilogue?.beside);
    const memberBytes = [a, b].map(({ base }) => context.locate(base).memberBytes);
    const isApart = node.level === 2 && memberBytes.every((bytes) => bytes !== undefined);
    if (isApart) this.#axes.kept.unshift(this.#memberAxis(memberBytes as number[], out));
    this.#members = node.level === 2 && !isApart ? context.members : 1;
    this.#a = this.#side(context.locate(a.base), a.offset);
    this.#b = this.#side(context.locate(b.base), b.offset);
    this.#out = out === null ? undefined : this.#side(out, 0);
    this.#vectorAxis = this.#isLaned ? undefined : this.#chooseVector();
    this.#isAcross = this.#vectorAxis !== undefined && this.#axes.summed.includes(this.#vectorAxis);
  }

  /** The members of a unit, one after the other: where both sides differ, nothing is shared by doing them together. */
  #memberAxis([a, b]: readonly number[], out: Location | null): ContractionAxis {
    const beside = (this.#epilogue?.beside ?? []).map(({ location }) => location.memberBytes ?? 0);
    return { size: this.#context.members, a: a!, b: b!, out: out?.memberBytes ?? 0, beside };
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
    const start = ({ location, offset }: Pick<Side, "location" | "offset">, rowBytes: number): Local => {
      const pointer = startPointer(f, location.base, offset);
      if (rowBytes !== 0) f.get(pointer, rowParameter).i32(rowBytes).op("i32.mul").op("i32.add").set(pointer);
      return pointer;
    };
    const { row } = this.#axes;
    const pointers: Pointers = {
      a: start(this.#a, row.a),
      b: start(this.#b, row.b),
      out: this.#out === undefined ? f.local("i32") : start(this.#out, row.out),
      beside: (this.#epilogue?.beside ?? []).map((one, i) => start(one, row.beside[i]!)),
    };
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
    this.#walker.nest(outer, pointers, (inner) => this.#tiles(rows, columns, inner));
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

  /** Full tiles and what is left at the ends of both axes. */
  #tiles(rows: ContractionAxis | undefined, columns: ContractionAxis | undefined, pointers: Pointers): void {
    const tile = this.#chooseTile(rows?.size ?? 1, columns?.size ?? 1);
    this.#f.note = `tile ${tile.rows} x ${tile.columns} x ${tile.vectors}`;
    const inner = (rowCount: number, columnCount: number, at: Pointers): void =>
      this.#lanes(tile.vectors, at, (vectors, count, moved) => {
        this.#tile({ rows: rowCount, columns: columnCount, vectors }, rows, columns, count, moved);
      });
    // The side that is read again and again should be the one that stays in cache, or a part of it that does.
    const isTransposed = this.#bytesAlong(this.#a, rows) < this.#bytesAlong(this.#b, columns);
    const [outerAxis, outerStep] = isTransposed ? [columns, tile.columns] : [rows, tile.rows];
    const [innerAxis, innerStep] = isTransposed ? [rows, tile.rows] : [columns, tile.columns];
    const bytes = this.#bytesAlong(isTransposed ? this.#a : this.#b, innerAxis);
    const chunks = Math.ceil(bytes / innerBytes);
    const chunk = Math.ceil((innerAxis?.size ?? 1) / chunks / innerStep) * innerStep;
    this.#walker.parts(innerAxis, Math.min(chunk, innerAxis?.size ?? 1), pointers, (length, start) => {
      const part = innerAxis && { ...innerAxis, size: length };
      this.#walker.parts(outerAxis, outerStep, start, (outerCount, atOuter) => {
        this.#walker.parts(part, innerStep, atOuter, (innerCount, at) => {
          if (isTransposed) inner(innerCount, outerCount, at);
          else inner(outerCount, innerCount, at);
        });
      });
    });
  }

  /** Bytes of a side over one axis of the result and the summed ones. */
  #bytesAlong({ location, copies }: Side, axis: ContractionAxis | undefined): number {
    const depth = this.#axes.summed.reduce((product, { size }) => product * size, 1);
    return (axis?.size ?? 1) * depth * location.lanes * copies * this.#bytes;
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
      const beside = (this.#epilogue?.beside ?? []).map(({ location, dtype }) =>
        location.lanes === 1 ? 0 : 4 * bytesOf(dtype),
      );
      const out = this.#out === undefined ? 0 : stride(this.#out);
      const axis = { size: total, a: stride(this.#a), b: stride(this.#b), out, beside };
      this.#walker.parts(axis, vectors, pointers, (count, at) => body(count, 4, at));
      return;
    }
    const axis = this.#vectorAxis;
    if (axis === undefined || this.#isAcross) {
      body(1, axis === undefined ? 1 : 4, pointers);
      return;
    }
    const wide = {
      size: Math.floor(axis.size / 4),
      a: 4 * axis.a,
      b: 4 * axis.b,
      out: 4 * axis.out,
      beside: [],
    };
    if (wide.size > 0)
      this.#walker.parts(wide, Math.min(vectors, wide.size), pointers, (count, at) => body(count, 4, at));
    const rest = axis.size % 4;
    if (rest > 0) this.#walker.moved(axis, axis.size - rest, pointers, (at) => body(1, rest, at));
  }

  /** The tile with the fewest cycles per product among those that fit into registers, with all that a step loads. */
  #chooseTile(rows: number, columns: number): Tile {
    const perVector = isWide(this.#node.dtype) ? 2 : 1;
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
          const loadsOf = (side: Side): number => side.copies * (this.#movesAcross(side) ? v : 1);
          const products = perVector * r * c * v * this.#members;
          const loads = perVector * (r * loadsOf(this.#a) + c * loadsOf(this.#b));
          if (products + loads > registers) continue;
          const cycles = Math.max(
            latency,
            products / 2,
            loads / 2,
            (products + loads + loopOperations) / issued,
          );
          if (cycles / products < bestCost - 1e-9) {
            [best, bestCost] = [{ rows: r, columns: c, vectors: v }, cycles / products];
          }
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
    this.#walker.nest(outer, pointers, (at) => {
      if (across === undefined) {
        this.#products(tile, rows, columns, sums, at, 4);
        return;
      }
      const wide = {
        size: Math.floor(across.size / 4),
        a: 4 * across.a,
        b: 4 * across.b,
        out: 0,
        beside: [],
      };
      this.#walker.loop(wide, wide.size, 1, at, (inner) =>
        this.#products(tile, rows, columns, sums, inner, 4),
      );
      const rest = across.size % 4;
      if (rest > 0)
        this.#walker.moved(across, across.size - rest, at, (moved) =>
          this.#products(tile, rows, columns, sums, moved, rest),
        );
    });
    let cell = 0;
    for (let r = 0; r < tile.rows; r++) {
      for (let c = 0; c < tile.columns; c++) {
        for (let v = 0; v < tile.vectors; v++) {
          for (let member = 0; member < this.#members; member++) {
            if (this.#epilogue !== undefined) {
              const offsets = this.#epilogue.beside.map(
                (_, i) => (rows?.beside[i] ?? 0) * r + (columns?.beside[i] ?? 0) * c,
              );
              this.#epilogue.apply(f, sums[cell++]!, { offsets, vector: v, member }, pointers.beside);
              continue;
            }
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
    const shift = member * (this.#out!.location.memberBytes ?? 0);
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
