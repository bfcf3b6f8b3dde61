/**
 * What the loop nest of a group walks: operands in memory, arrays that results go to, and the axes of its space in the
 * order of the nest.
 *
 * For values that differ between units the innermost axis is the lanes of a tile, and the members of a unit are
 * unrolled in the body: what they share is loaded once. For values that all units share, four elements of the last
 * axis go together.
 */
import type { DType } from "../../array/index.ts";
import { type Node, numberOf } from "../graph/node.ts";
import type { Group, Schedule } from "../graph/schedule.ts";
import type { Strips } from "../graph/strips.ts";
import { type Gathered, gatheredFrom } from "./gather.ts";
import { type EmitContext, type Location, bytesOf, stridesAt } from "./location.ts";
import { type Axis, type Moving, dropTrivialAxes, mergeAxes } from "./nest.ts";
import type { Access } from "./vectors.ts";

/** An operand of the group in memory. */
export interface Operand extends Moving {
  /** Whose elements they are. */
  readonly node: Node | undefined;
  readonly dtype: DType;
  readonly location: Location | undefined;
}

/** An array that a node's values are written to. */
export interface Target extends Operand {
  readonly node: Node;
}

/** One of the copies of the body. */
export interface Copy {
  readonly index: number;
  readonly member: number;
  /** Of neighbouring vectors of lanes. */
  readonly vector: number;
}

export class GroupPlan {
  readonly context: EmitContext;
  readonly schedule: Schedule;
  readonly group: Group;
  readonly axes: readonly Axis[];
  readonly operands: Map<string, Operand> = new Map();
  readonly gathers: Map<Node, Gathered> = new Map();
  readonly stores: Target[] = [];
  /** Of reductions. */
  readonly sinks: Target[] = [];
  readonly isLaned: boolean;
  /** What the body is unrolled over: members of a unit, and neighbouring vectors of lanes. */
  readonly copies: readonly Copy[];
  readonly #vectors: number;
  readonly #at: number;
  /** Order of the axes of the space in the nest. */
  readonly #order: readonly number[];

  /** `stored` are the nodes that others read from memory. */
  constructor(context: EmitContext, schedule: Schedule, at: number, stored: ReadonlySet<Node>) {
    this.context = context;
    this.schedule = schedule;
    this.#at = at;
    this.group = schedule.kernels[at] as Group;
    const { level, shape, reduced = [], nodes } = this.group;
    this.isLaned = level > 0;
    const members = level === 2 ? context.members : 1;
    // Two chains of operations at once keep the machine busy where one would wait for its own results.
    this.#vectors = this.isLaned && members === 1 && (context.lanes / 4) % 2 === 0 ? 2 : 1;
    this.copies = copiesOf(members, this.#vectors);
    this.#order = nestOrder(this.group);
    const axes = this.#order.map((i): Axis => ({
      size: shape[i]!,
      step: 1,
      kind: reduced.includes(i) ? "reduced" : "kept",
      isVector: !this.isLaned && i === shape.length - 1,
    }));
    for (const node of nodes) this.#collect(node, stored);
    if (context.strips !== undefined) this.#cutRows(axes[0]!, context.strips);
    if (this.isLaned) this.#addLanes(axes, shape.length - reduced.length);
    else this.#addVector(axes);
    mergeAxes(axes, this.moving());
    dropTrivialAxes(axes, this.moving());
    this.axes = axes;
  }

  moving(): Moving[] {
    return [...this.operands.values(), ...this.gathers.values(), ...this.stores, ...this.sinks];
  }

  /** The first axis is the rows, of which a strip is computed. */
  #cutRows(axis: Axis, { rows, internal }: Strips): void {
    axis.size = rows;
    for (const one of this.moving())
      one.rowBytes = "node" in one && internal.has(one.node as Node) ? 0 : one.strides[0]!;
  }

  /** The lanes of a tile, inside of the kept axes. */
  #addLanes(axes: Axis[], keptAxes: number): void {
    const passes = this.context.lanes / 4;
    if (passes <= 1) return;
    axes.splice(keptAxes, 0, { size: passes, step: this.#vectors, kind: "lane", isVector: false });
    for (const one of this.moving())
      one.strides.splice(keptAxes, 0, "location" in one ? laneStride(one as Operand) : 0);
  }

  /** For a single number the vector axis has one element. */
  #addVector(axes: Axis[]): void {
    if (axes.length === 0) {
      axes.push({ size: 1, step: 1, kind: "kept", isVector: true });
      for (const one of this.moving()) one.strides.push(0);
    }
    for (const axis of axes) if (axis.isVector) axis.step = 4;
  }

  #collect(node: Node, stored: ReadonlySet<Node>): void {
    node.inputs.forEach((input, i) => {
      if (node.op !== "gather" || i > 0) {
        this.#collectOperand(input);
        return;
      }
      const access = this.schedule.accesses.of(input);
      const inOrder = (strides: readonly number[]): number[] => this.#inOrder(node.shape, strides);
      this.gathers.set(node, gatheredFrom(node, access, this.context, inOrder));
    });
    if (node.op === "reduce") this.sinks.push(this.#sinkOf(node));
    else if (stored.has(node)) {
      const strides = stridesAt(node, this.context.locate(node));
      this.stores.push({ ...this.#operand(node.shape, strides, 0, node), node });
    }
  }

  #collectOperand(input: Node): void {
    const name = this.nameOf(input);
    if (name === undefined || this.operands.has(name)) return;
    const { base, strides, offset } = this.schedule.accesses.of(input);
    const operand: Operand =
      base.op === "iota"
        ? {
            base: "index",
            offset,
            strides: this.#inOrder(input.shape, strides),
            dtype: "uint32",
            location: undefined,
            node: undefined,
          }
        : this.#operand(input.shape, strides, offset, base);
    this.operands.set(name, operand);
  }

  /** It moves along the kept axes only. */
  #sinkOf(node: Node): Target {
    const { shape } = node.inputs[0]!;
    const strides = stridesAt(node, this.context.locate(node));
    const kept = shape.map((_, i) => i).filter((i) => !node.params.axes!.includes(i));
    const full = shape.map((_, i) => (kept.includes(i) ? strides[kept.indexOf(i)]! : 0));
    return { ...this.#operand(shape, full, 0, node), node };
  }

  #operand(shape: readonly number[], strides: readonly number[], offset: number, node: Node): Operand {
    const { dtype } = node;
    const location = this.context.locate(node);
    const bytes = location.lanes * bytesOf(dtype);
    return {
      node,
      base: location.base,
      offset: location.offset + offset * bytes,
      strides: this.#inOrder(shape, strides).map((stride) => stride * bytes),
      dtype,
      location,
    };
  }

  /** Strides of a node's axes as strides of the nest's. */
  #inOrder(shape: readonly number[], strides: readonly number[]): number[] {
    const squeezed = strides.filter((_, i) => shape[i] !== 1);
    return this.#order.map((i) => squeezed[i]!);
  }

  /** The node whose elements an input is. */
  baseOf(input: Node): Node {
    return this.schedule.accesses.of(input).base;
  }

  /** Whether a node is computed by this group, and in a register when others of it are. */
  isLocal(node: Node): boolean {
    return this.schedule.isLocal(this.#at, node);
  }

  /** The name of the operand behind an input; undefined for numbers and what is in a register. */
  nameOf(input: Node): string | undefined {
    if (numberOf(input) !== undefined) return undefined;
    const { base, strides, offset } = this.schedule.accesses.of(input);
    if (this.isLocal(base)) return undefined;
    return `${base.id}:${offset}:${this.#inOrder(input.shape, strides).join()}`;
  }

  /** Depth of the outermost loop over a reduced axis. */
  get firstReduced(): number {
    const first = this.axes.findIndex((axis) => axis.kind === "reduced");
    return first < 0 ? this.axes.length : first;
  }

  /** Whether a reduction also sums over the four elements of a vector. */
  get isAcross(): boolean {
    return !this.isLaned && this.axes.some((axis) => axis.isVector && axis.kind === "reduced");
  }

  /** Bytes per element of the vector axis. */
  vectorStride({ strides }: Pick<Moving, "strides">): number {
    const at = this.axes.findIndex((axis) => axis.isVector);
    return at < 0 ? 0 : strides[at]!;
  }

  accessOf(operand: Operand): Access {
    if (this.isLaned) return operand.location!.lanes === 1 ? "same" : "contiguous";
    const stride = this.vectorStride(operand);
    if (stride === 0) return "same";
    return stride === bytesOf(operand.dtype) ? "contiguous" : { strideBytes: stride };
  }

  /** Bytes from what the first copy of the body reads to what this one does. */
  shift({ location, dtype }: Pick<Operand, "location" | "dtype">, { member, vector }: Copy): number {
    if (!this.isLaned || location === undefined || location.lanes === 1) return 0;
    return member * (location.memberBytes ?? 0) + 4 * vector * bytesOf(dtype);
  }

  /** Copies with the same number read the same. */
  variant({ location }: Operand, { member, vector }: Copy): number {
    if (!this.isLaned || location === undefined || location.lanes === 1) return 0;
    return (location.memberBytes === undefined ? 0 : member) * this.#vectors + vector;
  }
}

const copiesOf = (members: number, vectors: number): Copy[] =>
  Array.from({ length: members * vectors }, (_, index) => ({
    index,
    member: Math.floor(index / vectors),
    vector: index % vectors,
  }));

/** Kept axes outside of reduced ones. */
function nestOrder({ level, shape, reduced = [] }: Group): number[] {
  const kept = shape.map((_, i) => i).filter((i) => !reduced.includes(i));
  // Without lanes the last axis is the vector, also among the reduced ones.
  const isVectorReduced = level === 0 && reduced.includes(shape.length - 1);
  return [...kept, ...(isVectorReduced ? reduced.toSorted((a, b) => a - b) : reduced)];
}

/** Bytes from the lanes of four units to the next four. */
function laneStride({ location, dtype }: Operand): number {
  return location === undefined || location.lanes === 1 ? 0 : 4 * bytesOf(dtype);
}
