/**
 * How a sum of products is computed: which axes the loops walk, what the vectors run along, and which two axes of the
 * result a tile extends over.
 *
 * For values of units the lanes are vectors and every operand is a plain load, whatever its axes' order. Without lanes
 * the vector runs along an axis of the result that is contiguous in one operand, or else along the summed axis.
 */
import type { Access as ViewAccess } from "../graph/access.ts";
import type { Node } from "../graph/node.ts";
import type { Schedule } from "../graph/schedule.ts";
import { type Beside, type Contraction, type ContractionAxis, contractionAxes } from "./axes.ts";
import type { Epilogue } from "./epilogue.ts";
import { type EmitContext, type Location, bytesOf } from "./location.ts";

export interface Side {
  readonly location: Location;
  readonly offset: number;
  /** Vectors per element of one unit vector: members that differ. */
  readonly copies: number;
}

export interface ContractionPlan {
  readonly context: EmitContext;
  readonly node: Node;
  readonly axes: Contraction;
  readonly a: Side;
  readonly b: Side;
  /** Undefined if only the epilogue sees the results. */
  readonly out: Side | undefined;
  readonly epilogue: Epilogue | undefined;
  readonly beside: readonly Beside[];
  /** Members that are computed together. */
  readonly members: number;
  readonly isLaned: boolean;
  /** Bytes per element. */
  readonly bytes: number;
  /** Without lanes: the axis that the vector runs along. */
  readonly vectorAxis: ContractionAxis | undefined;
  /** Whether that is a summed one. */
  readonly isAcross: boolean;
  /** The axes of a tile: one that only a has, one that only b has. */
  readonly rows: ContractionAxis | undefined;
  readonly columns: ContractionAxis | undefined;
  /** The other axes of the result. */
  readonly outer: readonly ContractionAxis[];
}

/** The product `node`; with what its group does with the results, if it is part of one. */
export function planContraction(
  context: EmitContext,
  schedule: Schedule,
  node: Node,
  epilogue: Epilogue | undefined,
): ContractionPlan {
  const bytes = bytesOf(node.dtype);
  const isLaned = node.level > 0;
  const beside = epilogue?.beside ?? [];
  const [a, b] = node.inputs.map((input) => schedule.accesses.of(input)) as [ViewAccess, ViewAccess];
  const out = epilogue === undefined ? context.locate(node) : null;
  const axes = contractionAxes(node, a, b, context, out, beside);
  const memberBytes = [a, b].map(({ base }) => context.locate(base).memberBytes);
  const isApart = node.level === 2 && memberBytes.every((apart) => apart !== undefined);
  if (isApart) axes.kept.unshift(memberAxis(context.members, memberBytes as number[], out, beside));
  const members = node.level === 2 && !isApart ? context.members : 1;
  const side = (location: Location, elementOffset: number): Side => ({
    location,
    offset: location.offset + elementOffset * location.lanes * bytes,
    copies: location.memberBytes === undefined ? 1 : members,
  });
  const vectorAxis = isLaned ? undefined : chooseVector(axes, bytes);
  return {
    ...{ context, node, axes, epilogue, beside, members, isLaned, bytes, vectorAxis },
    a: side(context.locate(a.base), a.offset),
    b: side(context.locate(b.base), b.offset),
    out: out === null ? undefined : side(out, 0),
    isAcross: vectorAxis !== undefined && axes.summed.includes(vectorAxis),
    ...tileAxes(axes.kept.filter((axis) => axis !== vectorAxis)),
  };
}

/** The members of a unit, one after the other: where both sides differ, nothing is shared by doing them together. */
function memberAxis(
  size: number,
  [a, b]: readonly number[],
  out: Location | null,
  beside: readonly Beside[],
): ContractionAxis {
  const besideBytes = beside.map(({ location }) => location.memberBytes ?? 0);
  return { size, a: a!, b: b!, out: out?.memberBytes ?? 0, beside: besideBytes };
}

function chooseVector({ kept, summed }: Contraction, bytes: number): ContractionAxis | undefined {
  const isPlain = (stride: number): boolean => stride === bytes || stride === 0;
  const score = (axis: ContractionAxis): number => {
    if (!isPlain(axis.a) || !isPlain(axis.b)) return 0;
    return Math.min(axis.size, 16) * (axis.out === bytes ? 2 : 1);
  };
  const best = kept.reduce<ContractionAxis | undefined>(
    (most, axis) => (score(axis) > (most === undefined ? 0 : score(most)) ? axis : most),
    undefined,
  );
  const last = summed.at(-1);
  const isDeep = last !== undefined && last.a === bytes && last.b === bytes;
  if (best !== undefined && (best.size >= 4 || !isDeep)) return best;
  if (isDeep) return last;
  return best ?? kept.at(-1) ?? last;
}

function tileAxes(axes: readonly ContractionAxis[]): Pick<ContractionPlan, "rows" | "columns" | "outer"> {
  const rows = longest(axes.filter((axis) => axis.a !== 0 && axis.b === 0));
  const columns = longest(axes.filter((axis) => axis.b !== 0 && axis.a === 0));
  return { rows, columns, outer: axes.filter((axis) => axis !== rows && axis !== columns) };
}

/** The first of the longest. */
export const longest = (axes: readonly ContractionAxis[]): ContractionAxis | undefined =>
  axes.reduce<ContractionAxis | undefined>(
    (most, axis) => (axis.size > (most?.size ?? 0) ? axis : most),
    undefined,
  );

/** Whether neighbouring vectors of a tile read different elements of a side. */
export function movesAcross({ isLaned, vectorAxis, ...plan }: ContractionPlan, side: "a" | "b"): boolean {
  return isLaned ? plan[side].location.lanes > 1 : vectorAxis !== undefined && vectorAxis[side] !== 0;
}
