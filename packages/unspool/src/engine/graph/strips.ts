/**
 * Runs of kernels that treat the rows of a long array one like the other (a small network applied to every parameter)
 * are computed strip by strip, so that what they pass to each other stays in the first-level cache.
 */
import type { Access } from "./access.ts";
import { type Node, sizeOf } from "./node.ts";
import { type Kernel, type Schedule, nodesOf } from "./schedule.ts";

export interface Strips {
  /** Positions of the first and last kernel. */
  readonly from: number;
  readonly to: number;
  /** Length of the common first axis, and how much of it a strip takes. */
  readonly length: number;
  readonly rows: number;
  /** Nodes of which only a strip is kept. */
  readonly internal: ReadonlySet<Node>;
}

/** Arrays between kernels that are smaller than this, over all lanes, stay in cache as they are. */
const leastBytes = 32768;
/** What the arrays of one strip may take together; each kernel uses two or three of them. */
const stripBytes = 49152;
const leastLength = 32;

const squeeze = (shape: readonly number[]): number[] => shape.filter((length) => length !== 1);

/** `bytesPerElement` counts all lanes of a node; `isKept` says that a node must be stored whole. */
export function findStrips(
  scheduled: Schedule,
  bytesPerElement: (node: Node) => number,
  isKept: (node: Node) => boolean,
): Strips[] {
  const { kernels } = scheduled;
  const found: Strips[] = [];
  for (let from = 0; from < kernels.length; from++) {
    const length = lengthOf(kernels[from]!);
    if (length === undefined) continue;
    let to = from;
    while (
      to + 1 < kernels.length &&
      lengthOf(kernels[to + 1]!) === length &&
      isAligned(scheduled, from, to + 1, length)
    )
      to++;
    if (to === from) continue;
    const strips = stripsOf(scheduled, from, to, length, bytesPerElement, isKept);
    if (strips === undefined) continue;
    found.push(strips);
    from = to;
  }
  return found;
}

/** The length of the first axis of what a kernel computes row by row. */
function lengthOf(kernel: Kernel): number | undefined {
  const isGroup = kernel.kind === "group";
  if (!isGroup && kernel.node.op !== "dot") return undefined;
  const [length] = isGroup ? kernel.shape : squeeze(kernel.node.shape);
  if (length === undefined || length < leastLength || kernel.level === 0) return undefined;
  return isGroup && kernel.reduced?.includes(0) ? undefined : length;
}

/** Whether kernel `at` reads what the kernels from `from` on compute only in the row that it is at. */
function isAligned(
  { kernels, accesses, position }: Schedule,
  from: number,
  at: number,
  length: number,
): boolean {
  return nodesOf(kernels[at]!).every((node) =>
    node.inputs.every((input, i) => {
      const access = accesses.of(input);
      const made = position.get(access.base);
      if (made === undefined || made < from) return true;
      if (made === at && kernels[at]!.kind === "group") return true;
      return !(node.op === "gather" && i === 0) && isRowAligned(input, access, length);
    }),
  );
}

function isRowAligned(input: Node, { base, strides, offset }: Access, length: number): boolean {
  const row = sizeOf(base.shape) / length;
  const axes = input.shape.map((size, i) => [size, strides[i]!] as const).filter(([size]) => size !== 1);
  const [first, ...inner] = axes;
  if (squeeze(base.shape)[0] !== length || first?.[0] !== length || first[1] !== row) return false;
  const reach = inner.reduce((sum, [size, stride]) => sum + (size - 1) * stride, offset);
  return offset >= 0 && reach < row && inner.every(([, stride]) => stride >= 0);
}

function stripsOf(
  { kernels, accesses, position, regions }: Schedule,
  from: number,
  to: number,
  length: number,
  bytesPerElement: (node: Node) => number,
  isKept: (node: Node) => boolean,
): Strips | undefined {
  const isInside = (at: number | undefined): boolean => at !== undefined && at >= from && at <= to;
  const internal = new Set<Node>();
  for (let at = from; at <= to; at++) {
    for (const node of nodesOf(kernels[at]!)) if (!isKept(node) && !regions.has(node)) internal.add(node);
  }
  kernels.forEach((kernel, at) => {
    for (const node of nodesOf(kernel)) {
      for (const input of node.inputs) if (!isInside(at)) internal.delete(accesses.of(input).base);
    }
  });
  // Only what is read by another kernel is in memory at all.
  const passed = new Set<Node>();
  for (let at = from; at <= to; at++) {
    for (const node of nodesOf(kernels[at]!)) {
      for (const input of node.inputs) {
        const { base } = accesses.of(input);
        if (internal.has(base) && position.get(base) !== at) passed.add(base);
      }
    }
  }
  const sizes = [...passed].map((node) => sizeOf(node.shape) * bytesPerElement(node));
  if (Math.max(0, ...sizes) < leastBytes) return undefined;
  const rowBytes = sizes.reduce((sum, size) => sum + size, 0) / length;
  const most = Math.max(4, Math.floor(stripBytes / rowBytes));
  for (let rows = Math.min(most, length / 2); rows >= 4; rows--) {
    if (length % rows === 0 && rows % 4 === 0) return { from, to, length, rows, internal: passed };
  }
  return undefined;
}
