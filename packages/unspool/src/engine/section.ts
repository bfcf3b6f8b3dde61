/**
 * One straight-line piece of a program: a graph whose inputs are slots and whose outputs go to slots, planned in memory
 * and emitted as kernels that are called one after the other.
 */
import type { DType } from "../array/index.ts";
import { emitContraction } from "./emit/contraction.ts";
import { Epilogue } from "./emit/epilogue.ts";
import { emitGroup } from "./emit/group.ts";
import { stripLoop } from "./emit/kernelFunction.ts";
import { emitLanedProduct } from "./emit/lanedProduct.ts";
import {
  type EmitContext,
  type EmitOptions,
  type Location,
  bytesOf,
  lanesOf,
  membersOf,
} from "./emit/location.ts";
import { type CompiledLoop, emitLoop } from "./emit/loop.ts";
import { emitPackedProduct } from "./emit/packedProduct.ts";
import { emitRoutine } from "./emit/routine.ts";
import type { GraphBuilder } from "./graph/builder.ts";
import type { Level, Node } from "./graph/node.ts";
import type { Group, Schedule } from "./graph/schedule.ts";
import { type Strips, findStrips } from "./graph/strips.ts";
import { type OutputPlan, ofMember, overwritesInput, planOutputs } from "./outputPlan.ts";
import { type SectionMemory, allocate, storedNodes } from "./sectionMemory.ts";
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
  /** Products are fused with sums. */
  readonly fma: boolean;
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

/** What is known of a section when its kernels are emitted. */
interface PlannedSection {
  readonly name: string;
  readonly context: SectionContext;
  readonly scheduled: Schedule;
  readonly stored: ReadonlySet<Node>;
  readonly strips: readonly Strips[];
  readonly memory: SectionMemory;
  /** Those emitted so far. */
  readonly loops: Map<number, CompiledLoop>;
}

export function compileSection(
  name: string,
  graph: GraphBuilder,
  outputs: readonly SectionOutput[],
  context: SectionContext,
): CompiledSection {
  const plan = planOutputs(graph, outputs, context.slots);
  const { scheduled, bound } = plan;
  const stored = storedNodes(scheduled, [...bound.keys()]);
  const strips = stripsOf(plan, context);
  const memory = allocate(scheduled, bound, stored, strips, context);
  const loops = new Map<number, CompiledLoop>();
  const section: PlannedSection = { name, context, scheduled, stored, strips, memory, loops };
  const kernels = scheduled.kernels.map((_, at) => emitKernel(section, at));
  const calls = callsOf(section, kernels);
  const scratchEnd = Math.max(memory.end, ...[...loops.values()].map((loop) => loop.scratchEnd));
  const { fma } = context;
  return { name, fma, kernels, calls, strips, scratchEnd, schedule: scheduled, outputs, stored, loops };
}

function stripsOf(plan: OutputPlan, context: SectionContext): Strips[] {
  const laneBytes = (node: Node): number =>
    lanesOf(node.level, context) * membersOf(node.level, context) * bytesOf(node.dtype);
  return findStrips(plan.scheduled, laneBytes, (node) => plan.bound.has(node)).filter(
    (one) => !overwritesInput(one, plan, context.slots),
  );
}

const stripsAt = (strips: readonly Strips[], at: number): Strips | undefined =>
  strips.find(({ from, to }) => at >= from && at <= to);

function emitKernel(section: PlannedSection, at: number): FunctionBuilder {
  const { name, context, scheduled, stored, memory, loops } = section;
  const kernel = scheduled.kernels[at]!;
  const label = `${name} ${at}`;
  const strips = stripsAt(section.strips, at);
  const emit: EmitContext = {
    ...context,
    locate: (node) => locate(node, memory.locations, context),
    ...(strips !== undefined && { strips }),
  };
  if (kernel.kind === "group") return emitFused(kernel, emit, scheduled, at, stored, label);
  const { node } = kernel;
  if (node.op === "dot") return emitProduct(node, emit, scheduled, label, memory.workspaces.get(at));
  const results = resultsOf(node, memory.locations);
  if (node.op === "scan") {
    const places = { scratchStart: memory.end, results };
    const loop = emitLoop({ ...context, ...emit }, scheduled, node, label, places, compileSection);
    loops.set(at, loop);
    return loop.kernel;
  }
  const places = { own: memory.locations.get(node)!, results };
  return emitRoutine(emit, scheduled, node, label, places, context.table);
}

/** Elementwise operations and reductions, alone or on the results of a product. */
function emitFused(
  group: Group,
  emit: EmitContext,
  scheduled: Schedule,
  at: number,
  stored: ReadonlySet<Node>,
  label: string,
): FunctionBuilder {
  if (group.product === undefined) return emitGroup(emit, scheduled, at, stored, label);
  const epilogue = new Epilogue(emit, scheduled, at, stored);
  return emitContraction(emit, scheduled, group.product, label, epilogue);
}

/** `workspace` is set for products that may be computed from panels. */
function emitProduct(
  node: Node,
  emit: EmitContext,
  scheduled: Schedule,
  label: string,
  workspace: number | undefined,
): FunctionBuilder {
  const emitPacked = node.level === 0 ? emitPackedProduct : emitLanedProduct;
  const isPacked = workspace !== undefined && emit.strips === undefined;
  const packed = isPacked ? emitPacked(emit, scheduled, node, label, workspace) : undefined;
  return packed ?? emitContraction(emit, scheduled, node, label);
}

/** The kernels, those of strips in a loop over them. */
function callsOf(
  { name, context, strips }: PlannedSection,
  kernels: readonly FunctionBuilder[],
): FunctionBuilder[] {
  return kernels.flatMap((kernel, at) => {
    const own = stripsAt(strips, at);
    if (own === undefined) return [kernel];
    if (own.from !== at) return [];
    const label = `${name} ${own.from} to ${own.to}`;
    return [stripLoop(context.module, label, own, kernels.slice(own.from, own.to + 1))];
  });
}

function locate(node: Node, locations: ReadonlyMap<Node, Location>, context: SectionContext): Location {
  if (node.op === "input") {
    const slot = context.slots[node.params.slot!]!;
    return ofMember(slot, slot.level < 2 ? undefined : node.params.member);
  }
  if (node.op === "constant") return { base: "absolute", offset: context.constant(node), lanes: 1 };
  const known = locations.get(node);
  if (known === undefined) throw new Error(`internal: ${node.op} ${node.id} has no memory`);
  return known;
}

/** Where the results of a routine or loop lie that somebody reads. */
function resultsOf(node: Node, locations: ReadonlyMap<Node, Location>): Map<number, Location> {
  const results = new Map<number, Location>();
  for (const [one, location] of locations) {
    if (one.op === "output" && one.inputs[0] === node) results.set(one.params.result!, location);
  }
  return results;
}
