/**
 * One straight-line piece of a program: a graph whose inputs are slots and whose outputs go to slots, planned in memory
 * and emitted as kernels that are called one after the other.
 *
 * An output is written to its slot at once if nothing reads the slot's old content afterwards; otherwise to scratch
 * memory, and copied at the end. What is copied at the end from a slot that such a copy overwrites is staged in scratch
 * memory before.
 */
import type { DType } from "../array/index.ts";
import { arrayBytes } from "./block.ts";
import { emitContraction } from "./emit/contraction.ts";
import { Epilogue } from "./emit/epilogue.ts";
import { emitGroup } from "./emit/group.ts";
import { type CompiledLoop, emitLoop } from "./emit/loop.ts";
import { type EmitContext, type EmitOptions, type Location, bytesOf, stridesAt } from "./emit/location.ts";
import { emitPackedProduct } from "./emit/packedProduct.ts";
import { packedBytes } from "./emit/productPlan.ts";
import { emitLanedProduct, lanedProductBytes } from "./emit/lanedProduct.ts";
import { emitRoutine, routineScratchBytes } from "./emit/routine.ts";
import type { GraphBuilder } from "./graph/builder.ts";
import { type Level, type Node, isElementwise, isSource, isView, sizeOf } from "./graph/node.ts";
import { type Schedule, isIdentity, schedule } from "./graph/schedule.ts";
import { type Strips, findStrips } from "./graph/strips.ts";
import { stripLoop } from "./emit/kernelFunction.ts";
import type { FunctionBuilder, ModuleBuilder } from "./wasm/index.ts";

/** A value that outlives a section. */
export interface Slot {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly level: Level;
  readonly location: Location;
}

export interface SectionOutput {
  readonly node: Node;
  readonly slot: Slot;
  /** Of a slot of level 2 written by sections of level 1: the member. */
  readonly member?: number;
}

export interface SectionContext extends EmitOptions {
  readonly module: ModuleBuilder;
  /** Slots by number, as `input` nodes name them. */
  readonly slots: readonly Slot[];
  /** Absolute address of an array that is known when compiling. */
  readonly constant: (node: Node) => number;
  /** The same as codes, for readers of single elements. */
  readonly coded: EmitContext["coded"];
  /** Offset in scratch memory from which sections may use it. */
  readonly scratchStart: number;
  /** Where routines find tables made when compiling. */
  readonly table: (data: Float32Array | Float64Array | Int32Array) => number;
}

export interface CompiledSection {
  readonly name: string;
  readonly kernels: readonly FunctionBuilder[];
  /** What a driver calls, in this order: kernels, or loops over strips of several of them. */
  readonly calls: readonly FunctionBuilder[];
  readonly strips: readonly Strips[];
  /** Bytes of scratch memory that it uses, counted from its start. */
  readonly scratchEnd: number;
  readonly schedule: Schedule;
  readonly outputs: readonly SectionOutput[];
  /** Nodes that are written to memory. */
  readonly stored: ReadonlySet<Node>;
  /** Loops inside the section, by the position of their kernel. */
  readonly loops: ReadonlyMap<number, CompiledLoop>;
}

export function lanesOf(level: Level, { units }: EmitOptions): number {
  return level === 0 ? 1 : units;
}

/** Arrays that a value consists of. */
export function membersOf(level: Level, { members }: EmitOptions): number {
  return level === 2 ? members : 1;
}

export function compileSection(
  name: string,
  graph: GraphBuilder,
  outputs: readonly SectionOutput[],
  context: SectionContext,
): CompiledSection {
  const plan = planOutputs(graph, outputs, context);
  const { scheduled, bound } = plan;
  const stored = storedNodes(scheduled, [...bound.keys()]);
  const laneBytes = (node: Node): number =>
    lanesOf(node.level, context) * membersOf(node.level, context) * bytesOf(node.dtype);
  const strips = findStrips(scheduled, laneBytes, (node) => bound.has(node)).filter(
    (one) => !overwritesInput(one, scheduled, bound, context),
  );
  const stripsAt = (at: number) => strips.find(({ from, to }) => at >= from && at <= to);
  const { locations, workspaces, end } = allocate(scheduled, bound, stored, strips, context);
  const loops = new Map<number, CompiledLoop>();
  const kernels = scheduled.kernels.map((kernel, at) => {
    const label = `${name} ${at}`;
    const own = stripsAt(at);
    const emit: EmitContext = {
      ...context,
      locate: (node) => locate(node, locations, context),
      ...(own !== undefined && { strips: own }),
    };
    if (kernel.kind === "group" && kernel.product !== undefined) {
      const epilogue = new Epilogue(emit, scheduled, at, stored);
      return emitContraction(emit, scheduled, kernel.product, label, epilogue);
    }
    if (kernel.kind === "group") return emitGroup(emit, scheduled, at, stored, label);
    if (kernel.node.op === "dot") {
      const workspace = workspaces.get(at);
      const emitPacked = kernel.node.level === 0 ? emitPackedProduct : emitLanedProduct;
      const isPacked = workspace !== undefined && own === undefined;
      const packed = isPacked ? emitPacked(emit, scheduled, kernel.node, label, workspace) : undefined;
      return packed ?? emitContraction(emit, scheduled, kernel.node, label);
    }
    const results = resultsOf(kernel.node, locations);
    if (kernel.node.op === "scan") {
      const places = { scratchStart: end, results };
      const loop = emitLoop({ ...context, ...emit }, scheduled, kernel.node, label, places, compileSection);
      loops.set(at, loop);
      return loop.kernel;
    }
    const places = { own: locations.get(kernel.node)!, results };
    return emitRoutine(emit, scheduled, kernel.node, label, places, context.table);
  });
  const calls = kernels.flatMap((kernel, at) => {
    const own = stripsAt(at);
    if (own === undefined) return [kernel];
    if (own.from !== at) return [];
    return [
      stripLoop(context.module, `${name} ${own.from} to ${own.to}`, own, kernels.slice(own.from, own.to + 1)),
    ];
  });
  const scratchEnd = Math.max(end, ...[...loops.values()].map((loop) => loop.scratchEnd));
  return { name, kernels, calls, strips, scratchEnd, schedule: scheduled, outputs, stored, loops };
}

interface Planned {
  scheduled: Schedule;
  /** Nodes that are computed in place in a slot. */
  bound: Map<Node, Location>;
}

/** The location of an output: that of its slot, or of one member's array in it. */
const target = ({ slot, member }: SectionOutput): Location => ofMember(slot, member);

function ofMember({ location }: Slot, member: number | undefined): Location {
  if (member === undefined) return location;
  const { memberBytes = 0, ...rest } = location;
  return { ...rest, offset: location.offset + member * memberBytes };
}

function planOutputs(
  graph: GraphBuilder,
  outputs: readonly SectionOutput[],
  context: SectionContext,
): Planned {
  const late = new Set<number>();
  const staged = new Set<number>();
  for (;;) {
    const bound = new Map<Node, Location>();
    const writes: Write[] = [];
    const early: Node[] = [];
    const last: Node[] = [];
    outputs.forEach((output, index) => {
      const level: Level = output.member === undefined ? output.slot.level : 1;
      if (isUntouched(output, context)) return;
      const { node } = output;
      const isOwn =
        !isView(node) &&
        !isSource(node) &&
        node.level === level &&
        !bound.has(node) &&
        node.op !== "output" &&
        !late.has(index);
      let source = node;
      if (staged.has(index)) {
        source = graph.elementwise("copy", [node], node.dtype, {}, node.shape);
        early.push(source);
      }
      const written = isOwn ? node : graph.copyOf(source, index, level);
      bound.set(written, target(output));
      writes.push({ node: written, slot: output.slot, index });
      if (late.has(index)) last.push(written);
      else early.push(written);
    });
    const scheduled = schedule(graph, early, last);
    const unsafe = writes.filter(
      ({ node, slot, index }) => !late.has(index) && !isSafe(node, slot, scheduled, context),
    );
    const copies = writes.filter(({ index }) => late.has(index));
    const overwritten = copies.filter((copy) =>
      copies.some((other) => !staged.has(copy.index) && !comesBefore(copy, other, scheduled, context)),
    );
    if (unsafe.length === 0 && overwritten.length === 0) return { scheduled, bound };
    for (const { index } of unsafe) late.add(index);
    for (const { index } of overwritten) staged.add(index);
  }
}

interface Write {
  node: Node;
  slot: Slot;
  index: number;
}

/** Whether a copy at the end reads its operand before `other` writes to the slot that holds it, if it does. */
function comesBefore(copy: Write, other: Write, scheduled: Schedule, { slots }: SectionContext): boolean {
  const { accesses, kernels, position } = scheduled;
  const [input] = copy.node.inputs;
  const access = accesses.of(input!);
  const { base } = access;
  const { op, params } = base;
  if (op !== "input" || !sameMemory(ofMember(slots[params.slot!]!, params.member), other.slot.location))
    return true;
  const [reads, writes] = [position.get(copy.node)!, position.get(other.node)!];
  // A group loads an element before it stores it.
  const isSame =
    base.params.member === undefined &&
    base.level === kernels[reads]!.level &&
    isIdentity(input!.shape, access);
  return reads < writes || (reads === writes && isSame);
}

/** An output that is the slot's own old content. */
function isUntouched({ node, slot, member }: SectionOutput, { slots }: SectionContext): boolean {
  if (node.op !== "input") return false;
  const from = slots[node.params.slot!]!;
  if (from === slot && node.params.member === member) return true;
  const isOne = node.level === 1 && (member !== undefined || slot.level === 1);
  return isOne && sameMemory(ofMember(from, node.params.member), ofMember(slot, member));
}

const sameMemory = (a: Location, b: Location): boolean => a.base === b.base && a.offset === b.offset;

/** Whether `node` can be written to `slot` where it is computed. */
function isSafe(node: Node, slot: Slot, scheduled: Schedule, { slots }: SectionContext): boolean {
  const { kernels, accesses, position, regions } = scheduled;
  const pieces = [...regions]
    .filter(([, region]) => region.whole === node)
    .map(([piece]) => position.get(piece)!);
  const at = Math.min(position.get(node)!, ...pieces);
  for (let i = at; i < kernels.length; i++) {
    const kernel = kernels[i]!;
    const nodes = kernel.kind === "group" ? kernel.nodes : [kernel.node];
    for (const reader of nodes) {
      for (const input of reader.inputs) {
        const access = accesses.of(input);
        const { op, params } = access.base;
        if (op !== "input" || !sameMemory(ofMember(slots[params.slot!]!, params.member), slot.location))
          continue;
        const isSame =
          i === at &&
          pieces.length === 0 &&
          reader.op !== "reduce" &&
          kernel.kind === "group" &&
          kernel.reduced === undefined &&
          isElementwise(node) &&
          reader.op !== "gather" &&
          reader.op !== "dot" &&
          access.base.params.member === undefined &&
          access.base.level === kernel.level &&
          isIdentity(input.shape, access);
        if (!isSame) return false;
      }
    }
  }
  return true;
}

/** Strips that write to a slot which others of them still read. */
function overwritesInput(
  { from, to }: Strips,
  scheduled: Schedule,
  bound: ReadonlyMap<Node, Location>,
  { slots }: SectionContext,
): boolean {
  const inside = scheduled.kernels
    .slice(from, to + 1)
    .flatMap((kernel) => (kernel.kind === "group" ? kernel.nodes : [kernel.node]));
  const written = inside.flatMap((node) => bound.get(node) ?? []);
  const read = inside.flatMap((node) => node.inputs.map((input) => scheduled.accesses.of(input).base));
  return read.some(
    ({ op, params }) =>
      op === "input" &&
      written.some((place) => sameMemory(ofMember(slots[params.slot!]!, params.member), place)),
  );
}

/** Nodes that kernels read from memory, and outputs. */
function storedNodes(scheduled: Schedule, bound: readonly Node[]): Set<Node> {
  const stored = new Set<Node>(bound);
  scheduled.kernels.forEach((kernel, at) => {
    const nodes = kernel.kind === "group" ? kernel.nodes : [kernel.node];
    for (const node of nodes) {
      for (const input of node.inputs) {
        const { base } = scheduled.accesses.of(input);
        if (!scheduled.isLocal(at, base)) stored.add(base);
      }
    }
  });
  for (const piece of scheduled.regions.keys()) stored.add(piece);
  return stored;
}

function locate(node: Node, locations: ReadonlyMap<Node, Location>, context: SectionContext): Location {
  if (node.op === "input") {
    const slot = context.slots[node.params.slot!]!;
    if (node.params.member === undefined || slot.level < 2) return slot.location;
    return ofMember(slot, node.params.member);
  }
  if (node.op === "constant") return { base: "absolute", offset: context.constant(node), lanes: 1 };
  const known = locations.get(node);
  if (known === undefined) throw new Error(`internal: ${node.op} ${node.id} has no memory`);
  return known;
}

/** Places what is stored and has no slot in scratch memory; places whose last reader is past are used again. */
function allocate(
  scheduled: Schedule,
  bound: ReadonlyMap<Node, Location>,
  stored: ReadonlySet<Node>,
  strips: readonly Strips[],
  context: SectionContext,
): { locations: Map<Node, Location>; workspaces: Map<number, number>; end: number } {
  const { kernels, accesses, position, regions } = scheduled;
  const locations = new Map(bound);
  const firstUse = new Map<Node, number>();
  const lastUse = new Map<Node, number>();
  /** The node whose memory holds `node`: of a part the concatenation, of a result of a routine itself. */
  const holder = (node: Node): Node => {
    const region = regions.get(node);
    return region === undefined ? node : holder(region.whole);
  };
  const touch = (node: Node, at: number): void => {
    const owner = holder(node);
    firstUse.set(owner, Math.min(firstUse.get(owner) ?? at, at));
    lastUse.set(owner, Math.max(lastUse.get(owner) ?? at, at));
  };
  for (const node of stored) {
    if (isSource(node)) continue;
    touch(node, position.get(node)!);
  }
  kernels.forEach((kernel, at) => {
    const nodes = kernel.kind === "group" ? kernel.nodes : [kernel.node];
    for (const node of nodes) {
      if (node.op === "routine") touch(node, at);
      for (const input of node.inputs) {
        const { base } = accesses.of(input);
        if (!isSource(base) && !scheduled.isLocal(at, base)) touch(base, at);
      }
    }
  });
  const rowsOf = new Map<Node, number>();
  for (const { from, to, length, rows, internal } of strips) {
    for (const node of internal) rowsOf.set(node, rows / length);
    // What all strips read or write is there as long as they are computed.
    for (const [node, first] of firstUse) {
      const last = lastUse.get(node)!;
      if (internal.has(node) || last < from || first > to) continue;
      firstUse.set(node, Math.min(first, from));
      lastUse.set(node, Math.max(last, to));
    }
  }
  const free = new FreeList(context.scratchStart);
  /** Memory that kernels use while they run. */
  const workspaces = new Map<number, number>();
  for (let at = 0; at < kernels.length; at++) {
    for (const [node, first] of firstUse) {
      if (first !== at || locations.has(node)) continue;
      const lanes = lanesOf(node.level, context);
      const members = membersOf(node.level, context);
      const isRoutine = node.op === "routine";
      const memberBytes = arrayBytes(
        sizeOf(node.shape) * (rowsOf.get(node) ?? 1) * lanes * bytesOf(node.dtype),
      );
      const bytes = isRoutine ? routineScratchBytes(node, lanes) : memberBytes * members;
      const apart = node.level === 2 ? { memberBytes } : {};
      locations.set(node, { base: "scratch", offset: free.take(bytes), lanes, ...apart });
    }
    const kernel = kernels[at]!;
    const workspaceBytes =
      kernel.kind === "single" && kernel.node.op === "dot"
        ? packedBytes(kernel.node) || lanedProductBytes(kernel.node)
        : 0;
    if (workspaceBytes > 0) {
      const offset = free.take(workspaceBytes);
      workspaces.set(at, offset);
      free.give(offset);
    }
    for (const [node, last] of lastUse) {
      const location = locations.get(node);
      if (last !== at || location === undefined || bound.has(node)) continue;
      free.give(location.offset);
    }
  }
  for (const [piece] of regions) locateRegion(piece, scheduled, locations);
  return { locations, workspaces, end: free.end };
}

function locateRegion(piece: Node, scheduled: Schedule, locations: Map<Node, Location>): void {
  const region = scheduled.regions.get(piece)!;
  const { whole, axis, start } = region;
  if (scheduled.regions.has(whole) && !locations.has(whole)) locateRegion(whole, scheduled, locations);
  const location = locations.get(whole)!;
  const strides = stridesAt(whole, location);
  const shift = start * strides[axis]! * location.lanes * bytesOf(whole.dtype);
  locations.set(piece, { ...location, offset: location.offset + shift, strides });
}

/** First-fit allocation of a growing stretch of memory. */
class FreeList {
  readonly #taken: { offset: number; bytes: number }[] = [];
  readonly #start: number;
  end: number;

  constructor(start: number) {
    this.#start = start;
    this.end = start;
  }

  take(bytes: number): number {
    const size = Math.ceil(bytes / 16) * 16;
    let offset = this.#start;
    let i = 0;
    for (; i < this.#taken.length; i++) {
      if (this.#taken[i]!.offset - offset >= size) break;
      offset = this.#taken[i]!.offset + this.#taken[i]!.bytes;
    }
    this.#taken.splice(i, 0, { offset, bytes: size });
    this.end = Math.max(this.end, offset + size);
    return offset;
  }

  give(offset: number): void {
    const i = this.#taken.findIndex((one) => one.offset === offset);
    if (i >= 0) this.#taken.splice(i, 1);
  }
}

/** Where the results of a routine or loop lie that somebody reads. */
function resultsOf(node: Node, locations: ReadonlyMap<Node, Location>): Map<number, Location> {
  const results = new Map<number, Location>();
  for (const [one, location] of locations) {
    if (one.op === "output" && one.inputs[0] === node) results.set(one.params.result!, location);
  }
  return results;
}
