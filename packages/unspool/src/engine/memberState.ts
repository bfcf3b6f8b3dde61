/**
 * What the members of a unit have, for whom it differs, and where it lies: constants and the carry of each member, and
 * what is kept for the end. Nothing is copied that can be read where it is: a constant that is an argument, a carry that
 * starts as leaves of the unit.
 */
import { type Level, type Node } from "./graph/node.ts";
import type { GraphBuilder } from "./graph/builder.ts";
import type { Location } from "./emit/location.ts";
import { type Built, type Reading, build, settleLevels } from "./levels.ts";
import type { Slot } from "./section.ts";
import type { ProgramSlots } from "./programSlots.ts";
import type { UnitTraces } from "./unitTraces.ts";

/** Slots of what a unit is given. */
export interface UnitInputs {
  readonly shared: readonly number[];
  readonly unit: readonly number[];
  /** The number of the step. */
  readonly counter: number;
}

export interface MemberState {
  readonly begun: Begun;
  /** Slots, by leaf. */
  readonly constants: readonly number[];
  readonly carry: readonly number[];
  readonly kept: readonly number[];
  /** A step at the levels of the carry; its outputs are the next carry. */
  readonly step: Built | undefined;
}

/** What `begin` makes: nodes by leaf, and within a leaf by member. */
export interface Begun {
  readonly graph: GraphBuilder;
  readonly constants: readonly (readonly Node[])[];
  readonly carry: readonly (readonly Node[])[];
  readonly kept: readonly Node[];
}

/** Slots of all but the carry, whose places `placeCarry` decides. */
export function planMembers(slots: ProgramSlots, traces: UnitTraces, inputs: UnitInputs): MemberState {
  const begun = begin(slots, traces, inputs);
  const constants = traces.constant.map((leaf, i) => {
    const nodes = begun.constants[i]!;
    const level = startLevel(nodes);
    const [first] = nodes;
    // A constant that is an argument is read where it lies.
    return level < 2 && first!.op === "input" ? first!.params.slot! : slots.inScratch(leaf, level);
  });
  const carry = traces.carry.map((leaf) => slots.undecided(leaf));
  const step = settleCarry(slots, traces, begun, [...inputs.shared, ...constants], carry, inputs.counter);
  const kept = traces.kept.map((leaf, i) => {
    const node = begun.kept[i]!;
    return node.op === "input" ? node.params.slot! : slots.inScratch(leaf, node.level);
  });
  return { begun, constants, carry, kept, step };
}

function begin(slots: ProgramSlots, traces: UnitTraces, { shared, unit }: UnitInputs): Begun {
  const { graph, outputs } = build(traces.begin, slots.readings([...shared, ...unit]));
  const { members, constant, carry } = traces;
  const byLeaf = (start: number, leaves: number): Node[][] =>
    Array.from({ length: leaves }, (_, leaf) =>
      Array.from({ length: members }, (_unused, member) => outputs[start + member * leaves + leaf]!),
    );
  return {
    graph,
    constants: byLeaf(0, constant.length),
    carry: byLeaf(members * constant.length, carry.length),
    kept: outputs.slice(members * (constant.length + carry.length)),
  };
}

/** For whom a leaf differs, from its nodes of all members. */
const startLevel = (nodes: readonly Node[]): Level =>
  nodes.every((node) => node === nodes[0]) ? nodes[0]!.level : 2;

/** Gives the slots of the carry their levels; the graph of a step that reads them. */
function settleCarry(
  slots: ProgramSlots,
  { step }: UnitTraces,
  begun: Begun,
  fixed: readonly number[],
  carry: readonly number[],
  counter: number,
): Built | undefined {
  const readings = (levels: readonly Level[]): Reading[] => [
    ...slots.readings(fixed),
    ...carry.map((slot, i) => ({ ...slots.reading(slot), level: levels[i]! })),
    slots.reading(counter),
  ];
  let built: Built | undefined;
  const settled = settleLevels(begun.carry.map(startLevel), (levels) => {
    if (step === undefined) return levels;
    built = build(step, readings(levels));
    return built.outputs.map((node) => node.level);
  });
  carry.forEach((slot, i) => (slots.all[slot] = { ...slots.at(slot), level: settled[i]! }));
  return built;
}

/** Gives the slots of the carry their places. `read` are the slots that are read at the end. */
export function placeCarry(
  slots: ProgramSlots,
  { begun, constants, kept, carry }: MemberState,
  unit: readonly number[],
  read: readonly number[],
): void {
  const busy = new Set([...constants, ...kept, ...read]);
  carry.forEach((slot, i) => {
    const type = slots.at(slot);
    const nodes = begun.carry[i]!;
    const location = sharedPlace(nodes, type.level, slots.all, unit, busy);
    // Each place is carried in once.
    if (location !== undefined) for (const node of nodes) busy.add(node.params.slot!);
    slots.all[slot] =
      location === undefined ? slots.place(slots.scratch, type, type.level) : { ...type, location };
  });
}

/**
 * Where a carry that starts as leaves of the unit can stay all the time: in their place. The leaves of the members must
 * lie at equal distances, and nobody may want their old content at the end.
 */
function sharedPlace(
  starts: readonly Node[],
  level: Level,
  slots: readonly Slot[],
  unit: readonly number[],
  busy: ReadonlySet<number>,
): Location | undefined {
  const isFree = starts.every(
    ({ op, params }) =>
      op === "input" && params.member === undefined && unit.includes(params.slot!) && !busy.has(params.slot!),
  );
  if (!isFree || starts.length === 0 || level === 0) return undefined;
  const places = starts.map(({ params }) => slots[params.slot!]!);
  if (places.some((place) => place.level !== 1)) return undefined;
  const [first, second] = places.map(({ location }) => location) as [Location, Location | undefined];
  if (level === 1) return places.every((place) => place === places[0]) ? first : undefined;
  const memberBytes = (second?.offset ?? 0) - first.offset;
  const isEven = places.every(({ location }, m) => location.offset === first.offset + m * memberBytes);
  return isEven && memberBytes !== 0 ? { ...first, memberBytes } : undefined;
}
