/**
 * One tile of a sum of products: sums in registers over all passes of the summed axes, one step per pass (TurboFan of
 * Node 20 spills when a block holds several), and what is done with them at the end.
 */
import type { Node } from "../graph/node.ts";
import { multiplyAdd } from "../math/index.ts";
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import type { AxisWalker, ContractionAxis, Pointers } from "./axes.ts";
import { type ContractionPlan, movesAcross } from "./contractionPlan.ts";
import type { Tile } from "./tileChoice.ts";
import { type Access, type Vector, constantVector, lanePrefix, loadVector, storeVector } from "./vectors.ts";

/** What emits a sum of products. */
export interface ContractionContext {
  readonly f: FunctionBuilder;
  readonly plan: ContractionPlan;
  readonly walker: AxisWalker;
}

/** One vector of sums. */
interface Cell {
  readonly row: number;
  readonly column: number;
  readonly vector: number;
  readonly member: number;
  readonly sum: Vector;
}

/** `count` of the four elements of a vector are real. */
export function emitTile(context: ContractionContext, tile: Tile, count: number, pointers: Pointers): void {
  const { f, plan, walker } = context;
  const cells = startCells(context, tile);
  const across = plan.isAcross ? plan.vectorAxis! : undefined;
  const outer = plan.axes.summed.filter((axis) => axis !== across);
  walker.nest(outer, pointers, (at) => {
    if (across === undefined) emitStep(context, tile, cells, at, 4);
    else emitAcross(context, tile, cells, at, across);
  });
  for (const cell of cells) {
    if (plan.epilogue === undefined) storeCell(context, cell, count, pointers.out);
    else applyEpilogue(context, cell, pointers.beside);
  }
  for (const { sum } of cells) f.release(...sum);
}

function startCells({ f, plan }: ContractionContext, tile: Tile): Cell[] {
  const zero = constantVector(f, 0, plan.node.dtype);
  const cells: Cell[] = [];
  for (let row = 0; row < tile.rows; row++) {
    for (let column = 0; column < tile.columns; column++) {
      for (let vector = 0; vector < tile.vectors; vector++) {
        for (let member = 0; member < plan.members; member++) {
          const sum = zero.map((part) => f.get(part).save("v128"));
          cells.push({ row, column, vector, member, sum });
        }
      }
    }
  }
  return cells;
}

/** Vectors along a summed axis, and what is left at its end. */
function emitAcross(
  context: ContractionContext,
  tile: Tile,
  cells: readonly Cell[],
  at: Pointers,
  axis: ContractionAxis,
): void {
  const { walker } = context;
  const passes = Math.floor(axis.size / 4);
  const wide = { a: 4 * axis.a, b: 4 * axis.b, out: 0, beside: [] };
  walker.loop(wide, passes, 1, at, (inner) => emitStep(context, tile, cells, inner, 4));
  const rest = axis.size % 4;
  if (rest > 0)
    walker.moved(axis, axis.size - rest, at, (moved) => emitStep(context, tile, cells, moved, rest));
}

/** One step of the summed axes: loads of both sides, and the products of all pairs. */
function emitStep(
  context: ContractionContext,
  tile: Tile,
  cells: readonly Cell[],
  pointers: Pointers,
  count: number,
): void {
  const { f, plan } = context;
  const a = loadSide(context, "a", tile.rows, tile.vectors, pointers.a, count);
  const b = loadSide(context, "b", tile.columns, tile.vectors, pointers.b, count);
  const prefix = lanePrefix(plan.node.dtype) as "f32x4" | "f64x2";
  for (const { row, column, vector, member, sum } of cells) {
    const [x, y] = [a.at(row, vector, member), b.at(column, vector, member)];
    sum.forEach((part, i) => {
      multiplyAdd(f, prefix, x[i]!, y[i]!, part, plan.context);
      f.set(part);
    });
  }
  f.release(...new Set([...a.all, ...b.all].flat()));
}

interface Loaded {
  readonly all: readonly Vector[];
  at(element: number, vector: number, member: number): Vector;
}

function loadSide(
  { f, plan }: ContractionContext,
  name: "a" | "b",
  elements: number,
  vectors: number,
  pointer: Local,
  count: number,
): Loaded {
  const { location, copies } = plan[name];
  const elementStride = (name === "a" ? plan.rows : plan.columns)?.[name] ?? 0;
  const vectorStride = plan.vectorAxis?.[name] ?? 0;
  const step = plan.isLaned ? 4 * plan.bytes : plan.isAcross ? 0 : 4 * vectorStride;
  const width = movesAcross(plan, name) ? vectors : 1;
  const access = accessOf(plan, name);
  const all: Vector[] = [];
  for (let e = 0; e < elements; e++) {
    for (let v = 0; v < width; v++) {
      for (let copy = 0; copy < copies; copy++) {
        const offset = e * elementStride + v * step + copy * (location.memberBytes ?? 0);
        const vector = loadVector(f, pointer, offset, plan.node.dtype, access);
        all.push(count < 4 && plan.isAcross ? zeroBeyond(f, vector, count) : vector);
      }
    }
  }
  const at = (e: number, v: number, member: number): Vector =>
    all[(e * width + (width === 1 ? 0 : v)) * copies + (copies === 1 ? 0 : member)]!;
  return { all, at };
}

function accessOf({ isLaned, vectorAxis, bytes, ...plan }: ContractionPlan, side: "a" | "b"): Access {
  if (isLaned) return plan[side].location.lanes === 1 ? "same" : "contiguous";
  const stride = vectorAxis?.[side] ?? 0;
  if (stride === 0) return "same";
  return stride === bytes ? "contiguous" : { strideBytes: stride };
}

function applyEpilogue({ f, plan }: ContractionContext, cell: Cell, pointers: readonly Local[]): void {
  const { row, column, vector, member, sum } = cell;
  const offsets = plan.beside.map(
    (_, i) => (plan.rows?.beside[i] ?? 0) * row + (plan.columns?.beside[i] ?? 0) * column,
  );
  plan.epilogue!.apply(f, sum, { offsets, vector, member }, pointers);
}

function storeCell({ f, plan }: ContractionContext, cell: Cell, count: number, out: Local): void {
  const { row, column, vector, member, sum } = cell;
  const { dtype } = plan.node;
  const offset = (plan.rows?.out ?? 0) * row + (plan.columns?.out ?? 0) * column;
  if (plan.isAcross) {
    addAcross(f, sum, dtype);
    storeVector(f, out, offset, dtype, sum, "contiguous", 1);
  } else if (plan.isLaned) {
    const shift = member * (plan.out!.location.memberBytes ?? 0) + vector * 4 * plan.bytes;
    storeVector(f, out, offset + shift, dtype, sum, "contiguous");
  } else {
    const stride = plan.vectorAxis?.out ?? 0;
    const access = stride === plan.bytes ? "contiguous" : { strideBytes: stride };
    storeVector(f, out, offset + vector * 4 * stride, dtype, sum, access, count);
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
