/** Which matrix products of values without lanes are computed by packed panels, and over which axes. */
import type { Access } from "../graph/access.ts";
import { type Node, sizeOf } from "../graph/node.ts";
import type { Schedule } from "../graph/schedule.ts";
import { type ContractionAxis, contractionAxes } from "./axes.ts";
import { type EmitContext, type Location, bytesOf } from "./location.ts";

/** Summed elements per block: a panel of them fills half of the first-level cache. */
export const blockLength = 256;
export const panelBytes = 64;
/** Fewer rows do not pay for the packing, fewer summed elements not for the loops around it. */
const fewestRows = 8;
const fewestSummed = 16;

/** Bytes of scratch memory that a product of values without lanes may want; 0 if it is too small for packing. */
export function packedBytes(node: Node): number {
  if (node.level > 0) return 0;
  const { shape } = node.inputs[0]!;
  const axes = node.params.axes ?? [shape.length - 1];
  const summed = sizeOf(shape.filter((_, i) => axes.includes(i)));
  const isLarge =
    summed >= fewestSummed && sizeOf(node.shape) >= (fewestRows * panelBytes) / bytesOf(node.dtype);
  return isLarge ? Math.min(summed, blockLength) * panelBytes : 0;
}

export interface ProductSide {
  readonly location: Location;
  readonly offset: number;
  readonly row: number;
  readonly column: number;
  readonly summed: number;
}

export interface ProductPlan {
  readonly rows: number;
  readonly columns: number;
  readonly summed: number;
  /** Further axes of the result: bytes that left, right and result move by. */
  readonly outer: readonly { size: number; left: number; right: number; out: number }[];
  readonly left: ProductSide;
  readonly right: ProductSide;
  readonly out: ProductSide;
}

/** How to compute a product by packing; undefined if its shape does not ask for it. */
export function productPlan(context: EmitContext, schedule: Schedule, node: Node): ProductPlan | undefined {
  const [a, b] = node.inputs.map((input) => schedule.accesses.of(input)) as [Access, Access];
  const { kept, summed } = contractionAxes(node, a, b, context);
  const [depth] = summed;
  if (depth === undefined || summed.length > 1) return undefined;
  const one = bytesOf(node.dtype);
  const largest = (fits: (axis: ContractionAxis) => boolean): ContractionAxis | undefined =>
    kept.filter(fits).toSorted((x, y) => y.size - x.size)[0];
  const ofA = largest((axis) => axis.a !== 0 && axis.b === 0);
  const ofB = largest((axis) => axis.b !== 0 && axis.a === 0);
  if (ofA === undefined || ofB === undefined) return undefined;
  // Columns are neighbours in the result; the other side's axis are the rows.
  const isSwapped = ofA.out === one;
  if (!isSwapped && ofB.out !== one) return undefined;
  const [rows, columns] = isSwapped ? [ofB, ofA] : [ofA, ofB];
  const [leftName, rightName] = isSwapped ? (["b", "a"] as const) : (["a", "b"] as const);
  if (rows.size < fewestRows || columns.size * one < panelBytes || depth.size < fewestSummed)
    return undefined;
  if (rows[leftName] < 0 || rows.out < 0 || columns[rightName] < 0) return undefined;
  const isNear =
    columns[rightName] === one && Math.abs(depth[rightName]) * depth.size <= blockLength * panelBytes;
  if (isNear) return undefined;
  const side = (name: "a" | "b"): ProductSide => {
    const access = name === "a" ? a : b;
    const location = context.locate(access.base);
    return {
      location,
      offset: location.offset + access.offset * one,
      row: rows[name],
      column: columns[name],
      summed: depth[name],
    };
  };
  const location = context.locate(node);
  return {
    rows: rows.size,
    columns: columns.size,
    summed: depth.size,
    outer: kept
      .filter((axis) => axis !== rows && axis !== columns)
      .map((axis) => ({ size: axis.size, left: axis[leftName], right: axis[rightName], out: axis.out })),
    left: side(leftName),
    right: side(rightName),
    out: { location, offset: location.offset, row: rows.out, column: one, summed: 0 },
  };
}
