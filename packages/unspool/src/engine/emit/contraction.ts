/**
 * Sums of products: matrix products and convolutions over any strides. Tiles of results, which stay in registers while
 * the summed axes are walked, are visited so that the side that is read again and again stays in cache.
 */
import type { Node } from "../graph/node.ts";
import type { Schedule } from "../graph/schedule.ts";
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import { AxisWalker, type ContractionAxis, type Pointers, startPointer } from "./axes.ts";
import { type ContractionPlan, type Side, planContraction } from "./contractionPlan.ts";
import { type ContractionContext, emitTile } from "./contractionTile.ts";
import type { Epilogue } from "./epilogue.ts";
import { kernelFunction, rowParameter } from "./kernelFunction.ts";
import { type EmitContext, bytesOf } from "./location.ts";
import { chooseTile } from "./tileChoice.ts";

/** Bytes of the side that is read again and again, so that it stays in the first-level cache. */
const innerBytes = 24576;

/** The product `node`; with what its group does with the results, if it is part of one. */
export function emitContraction(
  context: EmitContext,
  schedule: Schedule,
  node: Node,
  name: string,
  epilogue?: Epilogue,
): FunctionBuilder {
  const f = kernelFunction(context.module, name, context.strips !== undefined);
  const plan = planContraction(context, schedule, node, epilogue);
  const walker = new AxisWalker(f);
  walker.nest(plan.outer, startPointers(f, plan), (at) => emitTiles({ f, plan, walker }, at));
  return f;
}

function startPointers(f: FunctionBuilder, { a, b, out, beside, axes }: ContractionPlan): Pointers {
  const { row } = axes;
  const start = ({ location, offset }: Pick<Side, "location" | "offset">, rowBytes: number): Local => {
    const pointer = startPointer(f, location.base, offset);
    if (rowBytes !== 0) f.get(pointer, rowParameter).i32(rowBytes).op("i32.mul").op("i32.add").set(pointer);
    return pointer;
  };
  return {
    a: start(a, row.a),
    b: start(b, row.b),
    out: out === undefined ? f.local("i32") : start(out, row.out),
    beside: beside.map((one, i) => start(one, row.beside[i]!)),
  };
}

/** Full tiles and what is left at the ends of both axes. */
function emitTiles(context: ContractionContext, pointers: Pointers): void {
  const { f, plan, walker } = context;
  const { rows, columns } = plan;
  const tile = chooseTile(plan);
  f.note = `tile ${tile.rows} x ${tile.columns} x ${tile.vectors}`;
  const emit = (rowCount: number, columnCount: number, at: Pointers): void =>
    emitLanes(context, tile.vectors, at, (vectors, count, moved) =>
      emitTile(context, { rows: rowCount, columns: columnCount, vectors }, count, moved),
    );
  // The side that is read again and again should be the one that stays in cache, or a part of it that does.
  const isTransposed = bytesAlong(plan, plan.a, rows) < bytesAlong(plan, plan.b, columns);
  const [outerAxis, outerStep] = isTransposed ? [columns, tile.columns] : [rows, tile.rows];
  const [innerAxis, innerStep] = isTransposed ? [rows, tile.rows] : [columns, tile.columns];
  const length = innerAxis?.size ?? 1;
  const chunks = Math.ceil(bytesAlong(plan, isTransposed ? plan.a : plan.b, innerAxis) / innerBytes);
  const chunk = Math.min(length, Math.ceil(length / chunks / innerStep) * innerStep);
  walker.parts(innerAxis, chunk, pointers, (size, start) => {
    const part = innerAxis && { ...innerAxis, size };
    walker.parts(outerAxis, outerStep, start, (outerCount, atOuter) => {
      walker.parts(part, innerStep, atOuter, (innerCount, at) => {
        if (isTransposed) emit(innerCount, outerCount, at);
        else emit(outerCount, innerCount, at);
      });
    });
  });
}

/** Bytes of a side over one axis of the result and the summed ones. */
function bytesAlong(
  { axes, bytes }: ContractionPlan,
  { location, copies }: Side,
  axis: ContractionAxis | undefined,
): number {
  const depth = axes.summed.reduce((product, { size }) => product * size, 1);
  return (axis?.size ?? 1) * depth * location.lanes * copies * bytes;
}

type LaneBody = (vectors: number, count: number, at: Pointers) => void;

/** Lane vectors, or vectors along the vector axis. */
function emitLanes(context: ContractionContext, vectors: number, pointers: Pointers, body: LaneBody): void {
  const { plan, walker } = context;
  const { vectorAxis: axis } = plan;
  if (plan.isLaned) {
    walker.parts(laneAxis(plan), vectors, pointers, (count, at) => body(count, 4, at));
    return;
  }
  if (axis === undefined || plan.isAcross) {
    body(1, axis === undefined ? 1 : 4, pointers);
    return;
  }
  const passes = Math.floor(axis.size / 4);
  const wide = { size: passes, a: 4 * axis.a, b: 4 * axis.b, out: 4 * axis.out, beside: [] };
  if (passes > 0) walker.parts(wide, Math.min(vectors, passes), pointers, (count, at) => body(count, 4, at));
  const rest = axis.size % 4;
  if (rest > 0) walker.moved(axis, axis.size - rest, pointers, (at) => body(1, rest, at));
}

/** From four lanes to the next four. */
function laneAxis({ context, a, b, out, beside, bytes }: ContractionPlan): ContractionAxis {
  const stride = ({ location }: Pick<Side, "location">, size: number): number =>
    location.lanes === 1 ? 0 : 4 * size;
  return {
    size: context.lanes / 4,
    a: stride(a, bytes),
    b: stride(b, bytes),
    out: out === undefined ? 0 : stride(out, bytes),
    beside: beside.map((one) => stride(one, bytesOf(one.dtype))),
  };
}
