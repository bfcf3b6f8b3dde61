/**
 * Which outputs of a section are written to their slots where they are computed.
 *
 * An output is written at once if nothing reads the slot's old content afterwards; otherwise to scratch memory, and
 * copied at the end. What is copied at the end from a slot that such a copy overwrites is staged in scratch memory
 * before.
 */
import type { Location } from "./emit/location.ts";
import type { GraphBuilder } from "./graph/builder.ts";
import { type Level, type Node, isElementwise, isSource, isView } from "./graph/node.ts";
import { type Kernel, type Schedule, isIdentity, nodesOf, schedule } from "./graph/schedule.ts";
import type { Strips } from "./graph/strips.ts";
import type { SectionOutput, Slot } from "./section.ts";

export interface OutputPlan {
  readonly scheduled: Schedule;
  /** Nodes that are computed in place in a slot. */
  readonly bound: ReadonlyMap<Node, Location>;
}

/** One output that is written. */
interface Write {
  readonly node: Node;
  readonly slot: Slot;
  readonly index: number;
}

/** Outputs by number: those copied at the end, and those of them that are staged before. */
interface Postponed {
  readonly late: Set<number>;
  readonly staged: Set<number>;
}

/** Nodes to schedule, and where they go. */
interface Writes {
  readonly bound: Map<Node, Location>;
  readonly writes: Write[];
  readonly early: Node[];
  readonly last: Node[];
}

type Slots = readonly Slot[];

export function planOutputs(
  graph: GraphBuilder,
  outputs: readonly SectionOutput[],
  slots: Slots,
): OutputPlan {
  const postponed: Postponed = { late: new Set(), staged: new Set() };
  const { late, staged } = postponed;
  for (;;) {
    const { bound, writes, early, last } = writesOf(graph, outputs, postponed, slots);
    const scheduled = schedule(graph, early, last);
    const copies = writes.filter(({ index }) => late.has(index));
    const unsafe = writes.filter(
      ({ node, slot, index }) => !late.has(index) && !isSafe(node, slot, scheduled, slots),
    );
    const overwritten = copies.filter((copy) =>
      copies.some((other) => !staged.has(copy.index) && !comesBefore(copy, other, scheduled, slots)),
    );
    if (unsafe.length === 0 && overwritten.length === 0) return { scheduled, bound };
    for (const { index } of unsafe) late.add(index);
    for (const { index } of overwritten) staged.add(index);
  }
}

function writesOf(
  graph: GraphBuilder,
  outputs: readonly SectionOutput[],
  { late, staged }: Postponed,
  slots: Slots,
): Writes {
  const plan: Writes = { bound: new Map(), writes: [], early: [], last: [] };
  outputs.forEach((output, index) => {
    const { node, slot, member } = output;
    if (node.shape.includes(0) || isUntouched(output, slots)) return;
    const level: Level = member === undefined ? slot.level : 1;
    const isOwn = !late.has(index) && !plan.bound.has(node) && canBeOutput(node, level);
    let source = node;
    if (staged.has(index)) {
      source = graph.elementwise("copy", [node], node.dtype, {}, node.shape);
      plan.early.push(source);
    }
    const written = isOwn ? node : graph.copyOf(source, index, level);
    plan.bound.set(written, ofMember(slot, member));
    plan.writes.push({ node: written, slot, index });
    (late.has(index) ? plan.last : plan.early).push(written);
  });
  return plan;
}

/** Whether a node is computed by a kernel, at the level of the slot it goes to. */
const canBeOutput = (node: Node, level: Level): boolean =>
  !isView(node) && !isSource(node) && node.level === level && node.op !== "output";

/** Whether a copy at the end reads its operand before `other` writes to the slot that holds it, if it does. */
function comesBefore(copy: Write, other: Write, scheduled: Schedule, slots: Slots): boolean {
  const { accesses, kernels, position } = scheduled;
  const [input] = copy.node.inputs;
  const access = accesses.of(input!);
  const { base } = access;
  if (!isReadFrom(base, other.slot.location, slots)) return true;
  const [reads, writes] = [position.get(copy.node)!, position.get(other.node)!];
  // A group loads an element before it stores it.
  const isSame =
    base.params.member === undefined &&
    base.level === kernels[reads]!.level &&
    isIdentity(input!.shape, access);
  return reads < writes || (reads === writes && isSame);
}

/** An output that is the slot's own old content. */
function isUntouched({ node, slot, member }: SectionOutput, slots: Slots): boolean {
  if (node.op !== "input") return false;
  const from = slots[node.params.slot!]!;
  if (from === slot && node.params.member === member) return true;
  const isOne = node.level === 1 && (member !== undefined || slot.level === 1);
  return isOne && sameMemory(ofMember(from, node.params.member), ofMember(slot, member));
}

/** Whether `node` can be written to `slot` where it is computed. */
function isSafe(node: Node, slot: Slot, scheduled: Schedule, slots: Slots): boolean {
  const { kernels, position, regions, accesses } = scheduled;
  const pieces = [...regions]
    .filter(([, region]) => region.whole === node)
    .map(([piece]) => position.get(piece)!);
  const at = Math.min(position.get(node)!, ...pieces);
  return kernels.slice(at).every((kernel, later) =>
    nodesOf(kernel).every((reader) =>
      reader.inputs.every((input) => {
        if (!isReadFrom(accesses.of(input).base, slot.location, slots)) return true;
        return (
          later === 0 &&
          pieces.length === 0 &&
          isElementwise(node) &&
          readsSameElement(reader, input, kernel, scheduled)
        );
      }),
    ),
  );
}

/** Whether a kernel reads of an input that element only which it writes next. */
function readsSameElement(reader: Node, input: Node, kernel: Kernel, { accesses }: Schedule): boolean {
  const access = accesses.of(input);
  const { params, level } = access.base;
  return (
    kernel.kind === "group" &&
    kernel.reduced === undefined &&
    !["reduce", "gather", "dot"].includes(reader.op) &&
    params.member === undefined &&
    level === kernel.level &&
    isIdentity(input.shape, access)
  );
}

/** Strips that write to a slot which others of them still read. */
export function overwritesInput(
  { from, to }: Strips,
  { scheduled, bound }: OutputPlan,
  slots: Slots,
): boolean {
  const inside = scheduled.kernels.slice(from, to + 1).flatMap(nodesOf);
  const written = inside.flatMap((node) => bound.get(node) ?? []);
  const read = inside.flatMap((node) => node.inputs.map((input) => scheduled.accesses.of(input).base));
  return read.some((node) => written.some((place) => isReadFrom(node, place, slots)));
}

/** Whether `node` is an input that lies at `place`. */
function isReadFrom({ op, params }: Node, place: Location, slots: Slots): boolean {
  return op === "input" && sameMemory(ofMember(slots[params.slot!]!, params.member), place);
}

/** The location of a slot, or of one member's array in it. */
export function ofMember({ location }: Slot, member: number | undefined): Location {
  if (member === undefined) return location;
  const { memberBytes = 0, ...rest } = location;
  return { ...rest, offset: location.offset + member * memberBytes };
}

const sameMemory = (a: Location, b: Location): boolean => a.base === b.base && a.offset === b.offset;
