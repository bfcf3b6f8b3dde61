/**
 * Where the values of a section lie that have no slot: in scratch memory, each from its first to its last use, so that
 * memory whose last reader is past is used again. Parts of a concatenation lie in the whole.
 */
import { arrayBytes } from "./block.ts";
import { lanedProductBytes } from "./emit/lanedProduct.ts";
import { type EmitOptions, type Location, bytesOf, lanesOf, membersOf, stridesAt } from "./emit/location.ts";
import { packedBytes } from "./emit/productPlan.ts";
import { routineScratchBytes } from "./emit/routine.ts";
import { type Node, isSource, sizeOf } from "./graph/node.ts";
import { type Kernel, type Schedule, nodesOf } from "./graph/schedule.ts";
import type { Strips } from "./graph/strips.ts";
import { FreeList } from "./freeList.ts";

export interface SectionMemory {
  readonly locations: ReadonlyMap<Node, Location>;
  /** Offsets in scratch memory of what kernels use while they run, by position. */
  readonly workspaces: ReadonlyMap<number, number>;
  /** Bytes of scratch memory, counted from its start. */
  readonly end: number;
}

/** Positions of the first and the last kernel that needs a value in memory. */
interface Lifetime {
  first: number;
  last: number;
}

/** Nodes that kernels read from memory, and outputs. */
export function storedNodes(scheduled: Schedule, bound: readonly Node[]): Set<Node> {
  const stored = new Set<Node>(bound);
  scheduled.kernels.forEach((kernel, at) => {
    for (const node of nodesOf(kernel)) {
      for (const input of node.inputs) {
        const { base } = scheduled.accesses.of(input);
        if (!scheduled.isLocal(at, base)) stored.add(base);
      }
    }
  });
  for (const piece of scheduled.regions.keys()) stored.add(piece);
  return stored;
}

/** `bound` are the nodes that have a place; `scratchStart` is the offset from which the section may use scratch memory. */
export function allocate(
  scheduled: Schedule,
  bound: ReadonlyMap<Node, Location>,
  stored: ReadonlySet<Node>,
  strips: readonly Strips[],
  options: EmitOptions & { readonly scratchStart: number },
): SectionMemory {
  const lifetimes = lifetimesOf(scheduled, stored, strips);
  const rowShares = rowSharesOf(strips);
  const locations = new Map(bound);
  const workspaces = new Map<number, number>();
  const free = new FreeList(options.scratchStart);
  scheduled.kernels.forEach((kernel, at) => {
    for (const [node, { first }] of lifetimes) {
      if (first !== at || locations.has(node)) continue;
      const { bytes, ...place } = sizeIn(node, rowShares.get(node) ?? 1, options);
      locations.set(node, { base: "scratch", offset: free.take(bytes), ...place });
    }
    const workspaceBytes = workspaceBytesOf(kernel);
    if (workspaceBytes > 0) {
      const offset = free.take(workspaceBytes);
      workspaces.set(at, offset);
      free.give(offset);
    }
    for (const [node, { last }] of lifetimes) {
      const location = locations.get(node);
      if (last === at && location !== undefined && !bound.has(node)) free.give(location.offset);
    }
  });
  for (const piece of scheduled.regions.keys()) locateRegion(piece, scheduled, locations);
  return { locations, workspaces, end: free.end };
}

function lifetimesOf(
  scheduled: Schedule,
  stored: ReadonlySet<Node>,
  strips: readonly Strips[],
): Map<Node, Lifetime> {
  const { kernels, accesses, position, regions } = scheduled;
  const lifetimes = new Map<Node, Lifetime>();
  /** The node whose memory holds `node`: of a part the concatenation, of a result of a routine itself. */
  const holder = (node: Node): Node => {
    const region = regions.get(node);
    return region === undefined ? node : holder(region.whole);
  };
  const touch = (node: Node, at: number): void => {
    const owner = holder(node);
    const { first, last } = lifetimes.get(owner) ?? { first: at, last: at };
    lifetimes.set(owner, { first: Math.min(first, at), last: Math.max(last, at) });
  };
  for (const node of stored) if (!isSource(node)) touch(node, position.get(node)!);
  kernels.forEach((kernel, at) => {
    for (const node of nodesOf(kernel)) {
      if (node.op === "routine") touch(node, at);
      for (const input of node.inputs) {
        const { base } = accesses.of(input);
        if (!isSource(base) && !scheduled.isLocal(at, base)) touch(base, at);
      }
    }
  });
  for (const one of strips) extendOverStrips(lifetimes, one);
  return lifetimes;
}

/** What all strips read or write is there as long as they are computed. */
function extendOverStrips(lifetimes: Map<Node, Lifetime>, { from, to, internal }: Strips): void {
  for (const [node, lifetime] of lifetimes) {
    if (internal.has(node) || lifetime.last < from || lifetime.first > to) continue;
    lifetime.first = Math.min(lifetime.first, from);
    lifetime.last = Math.max(lifetime.last, to);
  }
}

/** Of what only a strip is kept, which part of its rows. */
function rowSharesOf(strips: readonly Strips[]): Map<Node, number> {
  return new Map(
    strips.flatMap(({ length, rows, internal }) =>
      [...internal].map((node) => [node, rows / length] as const),
    ),
  );
}

function sizeIn(
  node: Node,
  rowShare: number,
  options: EmitOptions,
): Pick<Location, "lanes" | "memberBytes"> & { bytes: number } {
  const lanes = lanesOf(node.level, options);
  const memberBytes = arrayBytes(sizeOf(node.shape) * rowShare * lanes * bytesOf(node.dtype));
  const bytes =
    node.op === "routine" ? routineScratchBytes(node, lanes) : memberBytes * membersOf(node.level, options);
  return { bytes, lanes, ...(node.level === 2 && { memberBytes }) };
}

function workspaceBytesOf(kernel: Kernel): number {
  if (kernel.kind === "group" || kernel.node.op !== "dot") return 0;
  return packedBytes(kernel.node) || lanedProductBytes(kernel.node);
}

function locateRegion(piece: Node, scheduled: Schedule, locations: Map<Node, Location>): void {
  const { whole, axis, start } = scheduled.regions.get(piece)!;
  if (scheduled.regions.has(whole) && !locations.has(whole)) locateRegion(whole, scheduled, locations);
  const location = locations.get(whole)!;
  const strides = stridesAt(whole, location);
  const shift = start * strides[axis]! * location.lanes * bytesOf(whole.dtype);
  locations.set(piece, { ...location, offset: location.offset + shift, strides });
}
