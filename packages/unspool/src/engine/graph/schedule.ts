/**
 * Kernels: elementwise nodes of one space are fused into groups; reductions end groups; everything else is a kernel of
 * its own. A space is a level and a shape without its axes of length 1.
 */
import { type Access, Accesses } from "./access.ts";
import type { GraphBuilder } from "./builder.ts";
import {
  type Level,
  type Node,
  type Op,
  isElementwise,
  isSource,
  isView,
  reachable,
  stridesOf,
} from "./node.ts";

/** Nodes that one loop nest computes, element by element. */
export interface Group {
  readonly kind: "group";
  readonly level: Level;
  /** Without axes of length 1. */
  readonly shape: readonly number[];
  /** Elementwise nodes and reductions over the space, operands first. */
  readonly nodes: Node[];
  /** A product whose results the other nodes are computed from while they are in registers. */
  product?: Node;
  /** Axes of `shape` that the reductions of this group sum over. */
  reduced?: readonly number[];
}

/** A node that is computed by a kernel of its own. */
export interface Single {
  readonly kind: "single";
  readonly level: Level;
  readonly node: Node;
}

export type Kernel = Group | Single;

/** What a kernel computes, operands first. */
export const nodesOf = (kernel: Kernel): readonly Node[] =>
  kernel.kind === "group" ? kernel.nodes : [kernel.node];

/** Where a part of a concatenation begins. */
export interface Region {
  readonly whole: Node;
  readonly axis: number;
  readonly start: number;
}

export interface Schedule {
  readonly kernels: Kernel[];
  readonly accesses: Accesses;
  /** Position of the kernel that computes a node. */
  readonly position: ReadonlyMap<Node, number>;
  /** Nodes that are written into a part of a concatenation. */
  readonly regions: ReadonlyMap<Node, Region>;
  /** True if kernel `at` has `node` in a register when it computes others. */
  isLocal(at: number, node: Node): boolean;
}

/** Operations after which a group is closed: more live values than registers cost more than they save. */
const groupLimit = 56;

const squeeze = (shape: readonly number[]): number[] => shape.filter((length) => length !== 1);

/** Whether an access visits its base in the base's own order. */
export function isIdentity(shape: readonly number[], { base, strides, offset }: Access): boolean {
  if (offset !== 0 || squeeze(shape).join() !== squeeze(base.shape).join()) return false;
  const own = stridesOf(base.shape);
  const real = (lengths: readonly number[], values: readonly number[]) =>
    values.filter((_, i) => lengths[i] !== 1).join();
  return real(shape, strides) === real(base.shape, own);
}

/** Orders and groups what `outputs` need; the copies in `last` come after everything else. */
export function schedule(
  graph: GraphBuilder,
  outputs: readonly Node[],
  last: readonly Node[] = [],
): Schedule {
  const accesses = new Accesses(graph);
  const kernels: Kernel[] = [];
  const position = new Map<Node, number>();
  const regions = new Map<Node, Region>();
  const uses = useCounts([...outputs, ...last]);
  let floor = 0;

  const placeConcatenation = (node: Node): void => {
    const axis = node.params.axes![0]!;
    let start = 0;
    let last = 0;
    node.inputs.forEach((part, i) => {
      const isOwn =
        (isElementwise(part) || part.op === "reduce" || part.op === "dot") &&
        uses.get(part) === 1 &&
        part.level === node.level &&
        !regions.has(part);
      // A copy fills all lanes of the whole, also from a part that is the same for all of them.
      const piece = isOwn ? part : graph.copyOf(part, -1 - i - node.id * 4096, node.level);
      place(piece);
      regions.set(piece, { whole: node, axis, start });
      start += part.shape[axis]!;
      last = Math.max(last, position.get(piece)!);
    });
    position.set(node, last);
  };

  const place = (node: Node): void => {
    if (position.has(node) || isSource(node)) return;
    if (isView(node)) {
      // The access may need a copy of the operand.
      const { base } = accesses.of(node);
      place(base);
      return;
    }
    if (node.op === "concatenate") {
      placeConcatenation(node);
      return;
    }
    for (const input of node.inputs) place(input);
    if (node.op === "output") {
      position.set(node, position.get(node.inputs[0]!)!);
      return;
    }
    if (!isElementwise(node) && node.op !== "reduce") {
      position.set(node, kernels.push({ kind: "single", level: node.level, node }) - 1);
      return;
    }
    position.set(node, placeInGroup(node));
  };

  const placeInGroup = (node: Node): number => {
    const isReduction = node.op === "reduce";
    const full = isReduction ? node.inputs[0]!.shape : node.shape;
    const shape = squeeze(full);
    const name = shape.join();
    const reduced = isReduction ? reducedAxes(node) : undefined;
    let least = floor;
    let nearest = -1;
    node.inputs.forEach((input, i) => {
      const access = accesses.of(input);
      const at = position.get(access.base);
      if (at === undefined) return;
      const kernel = kernels[at]!;
      const mayFuse =
        kernel.kind === "group" &&
        kernel.level === node.level &&
        kernel.shape.join() === name &&
        isElementwise(access.base) &&
        isIdentity(input.shape, access) &&
        !(node.op === "gather" && i === 0);
      least = Math.max(least, mayFuse ? at : at + 1);
      if (mayFuse) nearest = Math.max(nearest, at);
    });
    const fits = (kernel: Kernel): boolean =>
      kernel.kind === "group" &&
      kernel.level === node.level &&
      kernel.shape.join() === name &&
      kernel.nodes.length < groupLimit &&
      (reduced === undefined || kernel.reduced === undefined || kernel.reduced.join() === reduced.join());
    let at = nearest >= least && nearest >= 0 && fits(kernels[nearest]!) ? nearest : -1;
    for (let i = kernels.length - 1; at < 0 && i >= least; i--) if (fits(kernels[i]!)) at = i;
    if (at < 0) at = kernels.push({ kind: "group", level: node.level, shape, nodes: [] }) - 1;
    const group = kernels[at] as Group;
    group.nodes.push(node);
    if (reduced !== undefined) group.reduced = reduced;
    return at;
  };

  const first = [...outputs, ...last.flatMap((copy) => copy.inputs)];
  for (const node of reachable(first)) if (node.op !== "concatenate") place(node);
  for (const node of first) place(node);
  mergeProducts(kernels, position, accesses, (node) => uses.get(node) === 1 && !regions.has(node));
  floor = kernels.length;
  for (const copy of last) place(copy);
  const isLocal = (at: number, node: Node): boolean => {
    if (position.get(node) !== at) return false;
    const kernel = kernels[at]!;
    return isElementwise(node) || (kernel.kind === "group" && kernel.product === node);
  };
  return { kernels, accesses, position, regions, isLocal };
}

/** Products that are deeper are computed in panels, by a kernel of their own. */
const deepest = 96;
/** With more nodes the registers of a tile's results would not be enough. */
const epilogueLimit = 8;
const notInEpilogues: ReadonlySet<Op> = new Set<Op>(["reduce", "gather", "random_bits", "box_muller"]);

/** Moves products of units into the group that is the only one to use their results, element by element. */
function mergeProducts(
  kernels: Kernel[],
  position: Map<Node, number>,
  accesses: Accesses,
  isUsedOnce: (node: Node) => boolean,
): void {
  kernels.forEach((kernel, from) => {
    if (kernel.kind !== "single" || kernel.node.op !== "dot") return;
    const { node } = kernel;
    const depth = node.inputs[0]!.shape.at(-1)!;
    if (node.level === 0 || depth >= deepest || (node.params.axes?.length ?? 1) > 1 || !isUsedOnce(node))
      return;
    // One view of it may be read in several places.
    const readers = kernels.flatMap((other, at) =>
      nodesOf(other).some((one) => one.inputs.some((input) => accesses.of(input).base === node)) ? [at] : [],
    );
    const [to] = readers as [number];
    const group = readers.length === 1 ? kernels[to] : undefined;
    if (group?.kind !== "group" || group.product !== undefined || group.level !== node.level) return;
    const isPlain = group.nodes.every(
      (one) =>
        !notInEpilogues.has(one.op) &&
        one.inputs.every((input) => {
          const access = accesses.of(input);
          return access.base !== node || isIdentity(input.shape, access);
        }),
    );
    if (!isPlain || group.nodes.length > epilogueLimit || group.shape.join() !== squeeze(node.shape).join())
      return;
    group.nodes.unshift(node);
    group.product = node;
    position.set(node, to);
    kernels[from] = { kind: "group", level: node.level, shape: [], nodes: [] };
  });
  // What has been emptied falls away.
  const isEmpty = (kernel: Kernel): boolean => kernel.kind === "group" && kernel.nodes.length === 0;
  let next = 0;
  const moved = kernels.map((kernel) => (isEmpty(kernel) ? -1 : next++));
  for (const [node, at] of position) position.set(node, moved[at]!);
  for (let at = kernels.length - 1; at >= 0; at--) if (isEmpty(kernels[at]!)) kernels.splice(at, 1);
}

/** How often each node is an operand or an output. */
function useCounts(outputs: readonly Node[]): Map<Node, number> {
  const uses = new Map<Node, number>();
  const count = (node: Node): void => void uses.set(node, (uses.get(node) ?? 0) + 1);
  for (const node of reachable(outputs)) node.inputs.forEach(count);
  outputs.forEach(count);
  return uses;
}

/** Axes of a reduction in the squeezed shape of its operand. */
export function reducedAxes(node: Node): number[] {
  const { shape } = node.inputs[0]!;
  const kept = shape.map((length, i) => [length, i] as const).filter(([length]) => length !== 1);
  return kept.flatMap(([, axis], i) => (node.params.axes!.includes(axis) ? [i] : []));
}
