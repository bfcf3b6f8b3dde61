/** One kernel of a section as data: what it computes, over which space, for whom, and how much work that is. */
import type { Access } from "../graph/access.ts";
import { type Level, type Node, sizeOf } from "../graph/node.ts";
import type { Kernel } from "../graph/schedule.ts";
import type { CompiledSection } from "../section.ts";
import { bytesOf } from "../emit/location.ts";
import { explainLoop } from "./loops.ts";
import { type Work, addWork, arithmeticOf, bytesOfNode, noWork, routineFlops, timesWork } from "./work.ts";

/** For whom a value differs: it is one for all units of a tile, one per unit, or one per member of a unit. */
export type LevelName = "shared" | "unit" | "member";

export interface KernelExplanation {
  /** Elementwise operations and reductions in one loop nest, a product of arrays, a routine, or a loop over kernels. */
  kind: "fused" | "product" | "routine" | "loop";
  /** `8 operations`, `product 32 x 10 x 784`, `cholesky`, `100 steps`. */
  title: string;
  /** How often each operation occurs, the most frequent first. */
  operations: Readonly<Record<string, number>>;
  /** One line per operation: `%7 = exp(%6) float32[32]`. */
  lines: readonly string[];
  /** The loop nest, without axes of length 1. */
  space: readonly number[];
  level: LevelName;
  /** How it works, where that was chosen: the tile of a product in rows x columns x vectors. */
  note: string;
  /** WebAssembly instructions of the function. */
  instructions: number;
  /** Per unit, and what all units of a tile do together. */
  perUnit: Work;
  perTile: Work;
}

const levelNames: Readonly<Record<Level, LevelName>> = { 0: "shared", 1: "unit", 2: "member" };

export interface KernelContext {
  readonly members: number;
  readonly fma: boolean;
}

/** The kernels of a section, in the order in which they run. */
export function explainKernels(section: CompiledSection, context: KernelContext): KernelExplanation[] {
  return section.schedule.kernels.map((kernel, at) => {
    const nodes = kernel.kind === "group" ? kernel.nodes : [kernel.node];
    const { title, kind, space } = describe(kernel, section);
    const { note, instructions } = section.kernels[at]!;
    const level = levelNames[kernel.level];
    const lines = nodes.map((node) => lineOf(node, section));
    const loop = section.loops.get(at);
    if (loop !== undefined) {
      const explain = (inner: CompiledSection) => explainKernels(inner, context);
      const moved = (bytes: number, of: Level) =>
        placed({ ...noWork, bytesRead: bytes, bytesWritten: bytes }, of, context.members);
      return { kind, title, space, level, note, ...explainLoop(nodes[0]!, loop, lines[0]!, explain, moved) };
    }
    const work = workOf(kernel, at, section, context);
    return { kind, title, operations: countNames(nodes), lines, space, level, note, instructions, ...work };
  });
}

function describe(
  kernel: Kernel,
  section: CompiledSection,
): Pick<KernelExplanation, "kind" | "title" | "space"> {
  if (kernel.kind === "group") {
    const count = kernel.nodes.length;
    return { kind: "fused", title: count === 1 ? "1 operation" : `${count} operations`, space: kernel.shape };
  }
  const { node } = kernel;
  const space = node.shape.filter((length) => length !== 1);
  if (node.op === "scan") return { kind: "loop", title: `${node.params.loop!.length} steps`, space };
  if (node.op !== "dot") return { kind: "routine", title: node.params.routine ?? node.op, space };
  const { batch, rows, columns, depth } = productSizes(node, section);
  const title = `${batch > 1 ? `${batch} of ` : ""}${rows} x ${columns} x ${depth}`;
  return { kind: "product", title: `product ${title}`, space };
}

/** Sizes of a product: axes of both operands, of the first one, of the second one, and summed ones. */
function productSizes(node: Node, { schedule }: CompiledSection) {
  const { shape } = node.inputs[0]!;
  const [a, b] = node.inputs.map((input) => schedule.accesses.of(input)) as [Access, Access];
  const summed = node.params.axes ?? [shape.length - 1];
  const sizes = { batch: 1, rows: 1, columns: 1, depth: 1 };
  shape.forEach((length, i) => {
    if (summed.includes(i)) sizes.depth *= length;
    else if (b.strides[i] === 0) sizes.rows *= length;
    else if (a.strides[i] === 0) sizes.columns *= length;
    else sizes.batch *= length;
  });
  return sizes;
}

/** What an operation is called: a reduction by what it does. */
function nameOf({ op, params }: Node): string {
  if (op === "reduce")
    return { Add: "sum", Mul: "product", Min: "minimum", Max: "maximum" }[params.reduction!];
  return op === "routine" ? params.routine! : op;
}

function countNames(nodes: readonly Node[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const node of nodes) counts.set(nameOf(node), (counts.get(nameOf(node)) ?? 0) + 1);
  return Object.fromEntries([...counts].toSorted(([, a], [, b]) => b - a));
}

/** Operands are named by who computes them; views of them are not told. */
function lineOf(node: Node, { schedule }: CompiledSection): string {
  const operand = (input: Node): string => {
    const { base } = schedule.accesses.of(input);
    if (base.op === "literal") return String(base.params.value);
    if (base.op === "input") return `slot ${base.params.slot}`;
    return base.op === "constant" || base.op === "iota" ? base.op : `%${base.id}`;
  };
  const axes = node.op === "reduce" ? ` over axes ${node.params.axes!.join()}` : "";
  const operands = node.inputs.map(operand).join(", ");
  return `%${node.id} = ${nameOf(node)}(${operands})${axes} ${node.dtype}[${node.shape.join()}]`;
}

/** Work at a level as work per unit or per tile. */
function placed(work: Work, level: Level, members: number): Pick<KernelExplanation, "perUnit" | "perTile"> {
  if (level === 0) return { perUnit: noWork, perTile: work };
  return { perUnit: timesWork(work, level === 2 ? members : 1), perTile: noWork };
}

function workOf(
  kernel: Kernel,
  at: number,
  section: CompiledSection,
  { members, fma }: KernelContext,
): Pick<KernelExplanation, "perUnit" | "perTile"> {
  const nodes = kernel.kind === "group" ? kernel.nodes : [kernel.node];
  const parts = nodes.map((node) => placed(arithmetic(node, fma), node.level, members));
  const { schedule, stored } = section;
  const seen = new Set<string>();
  for (const node of nodes) {
    if (stored.has(node)) {
      parts.push(placed({ ...noWork, bytesWritten: bytesOfNode(node) }, node.level, members));
    }
    node.inputs.forEach((input, i) => {
      const access = schedule.accesses.of(input);
      const { base } = access;
      if (base.op === "literal" || base.op === "iota" || schedule.isLocal(at, base)) return;
      const isGathered = node.op === "gather" && i === 0;
      const name = isGathered ? `${node.id}` : `${base.id} ${access.strides.join()} ${access.offset}`;
      if (seen.has(name)) return;
      seen.add(name);
      const bytes = isGathered ? bytesOfNode(node) : distinctBytes(input, access);
      const level = isGathered ? node.level : base.level;
      parts.push(placed({ ...noWork, bytesRead: bytes }, level, members));
    });
  }
  const isResults = kernel.kind === "single" && kernel.node.op === "routine";
  if (isResults) {
    const outputs = kernel.node.params.detail!["outputs"] as Pick<Node, "shape" | "dtype">[];
    const bytesWritten = outputs.reduce((sum, output) => sum + bytesOfNode(output), 0);
    parts.push(placed({ ...noWork, bytesWritten }, kernel.level, members));
  }
  return {
    perUnit: addWork(...parts.map(({ perUnit }) => perUnit)),
    perTile: addWork(...parts.map(({ perTile }) => perTile)),
  };
}

function arithmetic(node: Node, fma: boolean): Work {
  if (node.op === "dot") return { ...noWork, flops: 2 * sizeOf(node.inputs[0]!.shape) };
  if (node.op === "routine") return { ...noWork, flops: routineFlops(node) };
  const elements = sizeOf(node.op === "reduce" ? node.inputs[0]!.shape : node.shape);
  return timesWork({ ...noWork, ...arithmeticOf(node, fma) }, elements);
}

/** Bytes of the elements that an access visits, each once. */
function distinctBytes({ shape }: Node, { base, strides }: Access): number {
  const visited = shape.reduce((product, length, i) => (strides[i] === 0 ? product : product * length), 1);
  return Math.min(visited, sizeOf(base.shape)) * bytesOf(base.dtype);
}
