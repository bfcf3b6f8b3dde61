/**
 * The graphs of a program of units and the slots that they read, planned in the order in which levels become known: what
 * begin makes decides for whom the carry differs, the carry decides what the end sees, and the end decides where the
 * carry may lie.
 */
import { type Tensor, tree } from "../array/index.ts";
import type { ForwardProgram } from "../program/index.ts";
import { bytesOf } from "./emit/location.ts";
import { type Level, type Node, reachable } from "./graph/node.ts";
import { type Built, build } from "./levels.ts";
import { type MemberState, type UnitInputs, placeCarry, planMembers } from "./memberState.ts";
import { chooseLanes } from "./tiles.ts";
import { ProgramSlots } from "./programSlots.ts";
import type { UnitTraces } from "./unitTraces.ts";

/** What a program is planned from. */
export interface UnitSource {
  readonly program: ForwardProgram;
  readonly traces: UnitTraces;
  /** Leaves of what units share, of one unit, and of the outer state, for their shapes. */
  readonly shared: readonly Tensor[];
  readonly one: readonly Tensor[];
  readonly outer: readonly Tensor[];
  readonly count: number;
  readonly fma: boolean;
}

export interface UnitPlan extends UnitInputs {
  readonly slots: ProgramSlots;
  readonly tiles: number;
  readonly members: MemberState;
  /** Its outputs: leaves of the unit, means, results of each unit. */
  readonly finish: Built;
  readonly outer: OuterPlan | undefined;
  /** Levels of the unit's leaves after a window. */
  readonly unitLevels: readonly Level[];
}

/** What is planned with units where one call runs several windows. */
export interface OuterPlan {
  /** Slots. */
  readonly state: readonly number[];
  /** What units share, from the outer state. */
  readonly share: Built;
  /** Their outputs: a condition, and leaves of the unit. */
  readonly restart: Built | undefined;
  readonly settle: Built | undefined;
}

/** `levels` are those that the leaves of a unit are taken to have. */
export function planUnits(source: UnitSource, levels: readonly Level[]): UnitPlan {
  const { traces, one } = source;
  const { slots, tiles } = slotsFor(source);
  const state = source.outer.map((leaf) => slots.absolute(leaf));
  const share = traces.outer && build(traces.outer.share, slots.readings(state));
  const shared = source.shared.map((leaf, i) => {
    const node = share?.outputs[i];
    // What is part of the outer state is read where it lies.
    return node?.op === "input" ? node.params.slot! : slots.absolute(leaf);
  });
  const unit = one.map((leaf, i) => slots.inTile(leaf, levels[i]!));
  const counter = slots.inScratch({ shape: [], dtype: "int32" }, 0);
  const inputs: UnitInputs = { shared, unit, counter };
  const members = planMembers(slots, traces, inputs);
  const finish = planFinish(slots, traces, inputs, members);
  placeCarry(slots, members, unit, slotsRead(finish.outputs));
  const outer = share && { state, share, ...planChanges(slots, traces, inputs) };
  const unitLevels = levelsAfter(levels, finish, outer);
  return { ...inputs, slots, tiles, members, finish, outer, unitLevels };
}

function slotsFor({ traces, one, count, fma }: UnitSource): { slots: ProgramSlots; tiles: number } {
  const members = traces.members || 1;
  const bytesIn = (leaves: readonly Tensor[]): number =>
    leaves.reduce((sum, leaf) => sum + leaf.size * bytesOf(leaf.dtype), 0);
  const stateBytes = members * bytesIn([...traces.constant, ...traces.carry]) + bytesIn(one);
  const { lanes, tiles } = chooseLanes(count, stateBytes);
  return { slots: new ProgramSlots({ lanes, members, fma }), tiles };
}

/** The end reads the members one by one. */
function planFinish(
  slots: ProgramSlots,
  { finish, members }: UnitTraces,
  { shared, unit }: UnitInputs,
  { constants, carry, kept }: MemberState,
): Built {
  const ofMembers = (leaves: readonly number[]) =>
    Array.from({ length: members }, (_, m) =>
      leaves.map((slot) => slots.reading(slot, slots.at(slot).level === 2 ? m : undefined)),
    ).flat();
  return build(finish, [
    ...slots.readings([...shared, ...unit]),
    ...ofMembers(constants),
    ...ofMembers(carry),
    ...slots.readings(kept),
  ]);
}

function planChanges(
  slots: ProgramSlots,
  { outer }: UnitTraces,
  { shared, unit }: UnitInputs,
): Pick<OuterPlan, "restart" | "settle"> {
  const readings = slots.readings([...shared, ...unit]);
  const [restart, settle] = [outer?.restart, outer?.settle].map(
    (traced) => traced && build(traced, readings),
  );
  return { restart, settle };
}

/** A leaf that is taken to be the same for all units differs once something makes it differ. */
function levelsAfter(levels: readonly Level[], finish: Built, outer: OuterPlan | undefined): Level[] {
  const changes = [outer?.restart, outer?.settle].flatMap((built) => (built ? [built.outputs.slice(1)] : []));
  return levels.map((level, i) => {
    const isOwn = [finish.outputs, ...changes].some((nodes) => nodes[i]!.level > 0);
    return level === 0 && isOwn ? 1 : level;
  });
}

/** Slots that nodes read. */
function slotsRead(outputs: readonly Node[]): number[] {
  return reachable(outputs).flatMap((node) =>
    node.op === "input" && node.params.member === undefined ? [node.params.slot!] : [],
  );
}

/** Leaves of a unit that are taken to be the same for all, until something is found to change them. */
export function firstLevels({ sameForAll = [] }: ForwardProgram, units: unknown): Level[] {
  return tree.entries(units).map(([path]) => {
    const isSame = sameForAll.some((name) => path === name || path.startsWith(`${name}.`));
    return isSame ? 0 : 1;
  });
}
