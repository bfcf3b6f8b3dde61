/**
 * The pieces of a window of units: begin, what no step changes, a step, what is recorded after it, and the end with the
 * results of each unit and the parts of means.
 */
import { type TracedProgram, tree } from "../array/index.ts";
import { Block, cacheLines } from "./block.ts";
import type { Node } from "./graph/node.ts";
import { hoistInvariants } from "./invariants.ts";
import { type Built, build } from "./levels.ts";
import { type Piece, outputsTo } from "./pieces.ts";
import { type CarriedAcross, carryAcrossSteps } from "./carryAcrossSteps.ts";
import type { SectionOutput, Slot } from "./section.ts";
import type { UnitPlan } from "./unitPlan.ts";
import type { UnitTraces } from "./unitTraces.ts";

export interface UnitPieces {
  readonly begin: Piece;
  readonly steps: StepPieces | undefined;
  readonly record: RecordPiece | undefined;
  readonly finish: FinishPiece;
}

export interface StepPieces {
  readonly invariants: Piece;
  readonly step: Piece;
}

export interface RecordPiece extends Piece {
  readonly slots: readonly Slot[];
  /** Of one tile and step. */
  readonly stepBytes: number;
}

export interface FinishPiece extends Piece {
  /** Results of each unit, in a block of so many bytes per tile. */
  readonly each: readonly Slot[];
  readonly eachBytes: number;
  /** Per unit, and their sums over a tile's units. */
  readonly meanParts: readonly Slot[];
  readonly mean: readonly Slot[];
}

/** `length` is that of a window. */
export function planPieces(
  plan: UnitPlan,
  { record, finish: ended }: UnitTraces,
  length: number,
): UnitPieces {
  const [, mean] = ended.output as [unknown, unknown, unknown];
  const finish = finishPiece(plan, tree.leaves(mean).length);
  const steps = plan.members.step && stepPieces(plan, plan.members.step, length);
  return { begin: beginPiece(plan), steps, record: record && recordPiece(plan, record), finish };
}

function beginPiece({ slots, members }: UnitPlan): Piece {
  const { begun, constants, carry, kept } = members;
  /** A value of level 2 is written member by member. */
  const outputsOf = (targets: readonly number[], nodes: readonly (readonly Node[])[]): SectionOutput[] =>
    targets.flatMap((target, leaf): SectionOutput[] => {
      const slot = slots.at(target);
      const ofMembers = nodes[leaf]!;
      if (slot.level < 2) return [{ node: ofMembers[0]!, slot }];
      return ofMembers.map((node, member) => ({ node, slot, member }));
    });
  const ownConstants = outputsOf(constants, begun.constants).filter(
    ({ node, slot }) => !(node.op === "input" && slots.at(node.params.slot!) === slot),
  );
  const ownKept = kept.flatMap((slot, i): SectionOutput[] => {
    const node = begun.kept[i]!;
    return node.op === "input" ? [] : [{ node, slot: slots.at(slot) }];
  });
  return { graph: begun.graph, outputs: [...ownConstants, ...outputsOf(carry, begun.carry), ...ownKept] };
}

/** The step, what it carries of its own results besides, and what is computed before the first one. */
function stepPieces({ slots, members, counter }: UnitPlan, built: Built, length: number): StepPieces {
  const { carry } = members;
  const variant = new Set([...carry, counter]);
  const newSlot = (node: Node): number => slots.inScratch(node, node.level);
  // A single step gains nothing from what is kept for others.
  const isLoop = length > 1;
  const recurring: CarriedAcross = isLoop
    ? carryAcrossSteps(built.graph, built.outputs, carry, (slot) => !variant.has(slot), newSlot)
    : { outputs: built.outputs, carried: [] };
  const { outputs, carried } = recurring;
  const carrySlots = [...carry, ...carried.map(({ slot }) => slot)];
  for (const slot of carrySlots) variant.add(slot);
  const hoisted = hoistInvariants(
    [...outputs, ...carried.map(({ next }) => next)],
    (slot) => !isLoop || variant.has(slot),
    newSlot,
  );
  const invariants = [...hoisted.invariants].map(([slot, node]) => ({ node, slot }));
  return {
    invariants: {
      graph: built.graph,
      outputs: [...invariants, ...carried].map(({ node, slot }) => ({ node, slot: slots.at(slot) })),
    },
    step: {
      graph: hoisted.graph,
      outputs: outputsTo(
        hoisted.outputs,
        carrySlots.map((slot) => slots.at(slot)),
      ),
    },
  };
}

function recordPiece({ slots, members }: UnitPlan, traced: TracedProgram): RecordPiece {
  const { graph, outputs } = build(traced, slots.readings(members.carry));
  const block = new Block("first");
  const places = outputs.map((node) => slots.place(block, node, 2));
  return { graph, outputs: outputsTo(outputs, places), slots: places, stepBytes: cacheLines(block.bytes) };
}

function finishPiece({ slots, unit, finish }: UnitPlan, meanCount: number): FinishPiece {
  const { graph, outputs } = finish;
  const [unitNodes, meanNodes, eachNodes] = [
    outputs.slice(0, unit.length),
    outputs.slice(unit.length, unit.length + meanCount),
    outputs.slice(unit.length + meanCount),
  ];
  const block = new Block("second");
  const each = eachNodes.map((node) => slots.place(block, node, 1));
  const meanParts = meanNodes.map((node) => slots.place(slots.scratch, node, 1));
  const mean = meanNodes.map(({ shape }) => slots.place(slots.tile, { shape, dtype: "float64" }, 0));
  const unitSlots = unit.map((slot) => slots.at(slot));
  return {
    graph,
    outputs: [
      ...outputsTo(unitNodes, unitSlots),
      ...outputsTo(eachNodes, each),
      ...outputsTo(meanNodes, meanParts),
    ],
    each,
    eachBytes: cacheLines(block.bytes),
    meanParts,
    mean,
  };
}
