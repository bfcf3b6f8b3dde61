/**
 * The pieces of a reverse pass and the slots that they read and write. The graph of a step, forward and backward, is cut
 * where values that no cotangent changes meet those that one does: what is read across the cut are the step's residuals.
 */
import type { Tensor } from "../array/index.ts";
import { Block, rebased } from "./block.ts";
import { bytesOf } from "./emit/location.ts";
import { GraphBuilder } from "./graph/builder.ts";
import type { Level, Node } from "./graph/node.ts";
import { type Hoisted, hoistInvariants } from "./invariants.ts";
import { type Built, build, settleLevels } from "./levels.ts";
import { type Piece, outputsTo } from "./pieces.ts";
import { type ArrayType, ProgramSlots } from "./programSlots.ts";
import { recomputable } from "./residuals.ts";
import type { ReverseTraces } from "./reverseTraces.ts";
import type { SectionOutput, Slot } from "./section.ts";
import { chooseLanes } from "./tiles.ts";

/** What a reverse program is planned from. */
export interface ReverseSource {
  readonly name: string;
  readonly length: number;
  readonly traces: ReverseTraces;
  /** Leaves of theta, of what units share, and of one unit, for their shapes. */
  readonly theta: readonly Tensor[];
  readonly shared: readonly Tensor[];
  readonly one: readonly Tensor[];
  readonly count: number;
  readonly fma: boolean;
  /** Whether residuals are kept with the states. */
  readonly keepsResiduals: boolean;
}

/** In the order in which they are compiled. */
export const reversePieceNames = ["begin", "invariants", "forward", "tally", "back", "first"] as const;

export type ReversePieceName = (typeof reversePieceNames)[number];

/** Slots of what a reverse pass is given, and of what it carries backward. */
interface ReverseInputs {
  readonly theta: readonly number[];
  readonly shared: readonly number[];
  readonly unit: readonly number[];
  /** The number of the step. */
  readonly counter: number;
  readonly cotangent: readonly number[];
  /** The gradient so far, of each unit. */
  readonly sum: readonly number[];
  /** Of the steps so far, and of one step. */
  readonly losses: number;
  readonly loss: number;
  /** The gradient summed over a tile's units. */
  readonly gradient: readonly Slot[];
}

export interface ReversePlan extends ReverseInputs {
  readonly slots: ProgramSlots;
  /** Units per tile; 1 for a single unit, whose vectors run along axes. */
  readonly lanes: number;
  readonly tiles: number;
  /** What is held per step. */
  readonly state: Block;
  /** The last carry within a tile's block. */
  readonly last: readonly Slot[];
  readonly lastOffset: number;
  /** Gradients per unit, to be summed over the tile's units. */
  readonly sums: readonly { part: Slot; sum: Slot }[];
  readonly pieces: Readonly<Record<ReversePieceName, Piece>>;
}

export function planReverse(source: ReverseSource): ReversePlan {
  const { traces, count } = source;
  const { lanes, tiles } = tilingOf(source);
  const slots = new ProgramSlots({ lanes: Math.max(4, lanes), members: 1, fma: source.fma });
  const state = new Block("first");
  const inputs = takeInputs(slots, source);
  const { unit, cotangent, sum, gradient } = inputs;
  const fixed = [...inputs.theta, ...inputs.shared];
  const begun = build(traces.begin, slots.readings([...fixed, ...unit]));
  const { carry, stepped } = settleCarry(slots, state, traces, begun, inputs);
  const last = carry.map((slot) => rebased(slots.at(slot), "tile", slots.tile.bytes));
  const lastOffset = slots.tile.bytes;
  slots.tile.bytes += state.bytes;
  const cut = cutStep(slots, source.keepsResiduals ? state : slots.scratch, stepped, carry, inputs);
  const first = build(traces.first, slots.readings([...fixed, ...unit, ...cotangent, ...sum]));
  const sums = count === 1 ? [] : sum.map((slot, i) => ({ part: slots.at(slot), sum: gradient[i]! }));
  const pieces = piecesOf(slots, inputs, { begun, stepped, carry, cut, first });
  return { ...inputs, slots, lanes, tiles, state, last, lastOffset, sums, pieces };
}

function tilingOf({ one, theta, traces, count }: ReverseSource): { lanes: number; tiles: number } {
  const bytesIn = (leaves: readonly Tensor[], bytes?: number): number =>
    leaves.reduce((sum, leaf) => sum + leaf.size * (bytes ?? bytesOf(leaf.dtype)), 0);
  const bytesPerUnit = bytesIn([...one, ...traces.carry, ...traces.cotangent]) + bytesIn(theta, 8);
  const { lanes, tiles } = chooseLanes(count, bytesPerUnit);
  return { lanes: count === 1 ? 1 : lanes, tiles };
}

function takeInputs(
  slots: ProgramSlots,
  { theta, shared, one, traces, count }: ReverseSource,
): ReverseInputs {
  // Values that differ between units are the same for all if there is only one.
  const own: Level = count === 1 ? 0 : 1;
  const sums = theta.map(({ shape }): ArrayType => ({ shape, dtype: "float64" }));
  const number: ArrayType = { shape: [], dtype: "float64" };
  const inputs = {
    theta: theta.map((leaf) => slots.absolute(leaf)),
    shared: shared.map((leaf) => slots.absolute(leaf)),
    unit: one.map((leaf) => slots.inTile(leaf, own)),
    counter: slots.inScratch({ shape: [], dtype: "int32" }, 0),
    cotangent: traces.cotangent.map((leaf) => slots.inScratch(leaf, own)),
  };
  const gradient = sums.map((type) => slots.place(slots.tile, type, 0));
  return {
    ...inputs,
    gradient,
    // The gradient of a single unit is summed where the host finds it.
    sum: sums.map((type, i) => (own === 0 ? slots.add(gradient[i]!) : slots.inScratch(type, own))),
    losses: slots.inTile(number, own),
    loss: slots.inScratch(number, own),
  };
}

/** Slots of the carry, and the graph of a step forward and backward that reads them. */
function settleCarry(
  slots: ProgramSlots,
  state: Block,
  { carry: leaves, step }: ReverseTraces,
  begun: Built,
  { theta, shared, counter, cotangent, sum }: ReverseInputs,
): { carry: number[]; stepped: Built } {
  const carry = leaves.map((leaf) => slots.undecided(leaf));
  let stepped: Built | undefined;
  const levels = settleLevels(
    begun.outputs.map((node) => node.level),
    (trial) => {
      stepped = build(step, [
        ...slots.readings([...theta, ...shared]),
        ...carry.map((slot, i) => ({ ...slots.reading(slot), level: trial[i]! })),
        ...slots.readings([counter, ...cotangent, ...sum]),
      ]);
      return stepped.outputs.slice(0, carry.length).map((node) => node.level);
    },
  );
  carry.forEach((slot, i) => (slots.all[slot] = slots.place(state, leaves[i]!, levels[i]!)));
  return { carry, stepped: stepped! };
}

/** The graph of a step in parts. */
interface CutStep {
  /** What no step changes, by slot. */
  readonly invariants: ReadonlyMap<number, Node>;
  readonly forward: Built;
  /** What the pullback reads of the step, by slot. */
  readonly residuals: ReadonlyMap<number, Node>;
  readonly back: Hoisted;
}

/** `kept` is the block that residuals lie in. */
function cutStep(
  slots: ProgramSlots,
  kept: Block,
  stepped: Built,
  carry: readonly number[],
  { counter, cotangent, sum }: ReverseInputs,
): CutStep {
  const [forward, backward] = [new Set([...carry, counter]), new Set([...cotangent, ...sum])];
  const keepIn = (block: Block) => (node: Node) => slots.add(slots.place(block, node, node.level));
  const hoisted = hoistInvariants(
    stepped.outputs,
    (slot) => forward.has(slot) || backward.has(slot),
    keepIn(slots.scratch),
  );
  const results = hoisted.outputs.length - backward.size;
  const back = hoistInvariants(
    hoisted.outputs.slice(results),
    (slot) => backward.has(slot),
    keepIn(kept),
    recomputable(),
  );
  return {
    invariants: hoisted.invariants,
    forward: { graph: hoisted.graph, outputs: hoisted.outputs.slice(0, results) },
    residuals: back.invariants,
    back,
  };
}

interface ReverseGraphs {
  readonly begun: Built;
  readonly stepped: Built;
  readonly carry: readonly number[];
  readonly cut: CutStep;
  readonly first: Built;
}

function piecesOf(
  slots: ProgramSlots,
  { cotangent, sum, losses, loss }: ReverseInputs,
  { begun, stepped, carry, cut, first }: ReverseGraphs,
): ReversePlan["pieces"] {
  const at = (numbers: readonly number[]): Slot[] => numbers.map((slot) => slots.at(slot));
  const bySlot = (nodes: ReadonlyMap<number, Node>): SectionOutput[] =>
    [...nodes].map(([slot, node]) => ({ node, slot: slots.at(slot) }));
  const next = at(carry).map((slot) => rebased(slot, "second"));
  const zeros = at([...cotangent, ...sum, losses]).map((slot): SectionOutput => {
    const zero = begun.graph.literal(0, slot.dtype);
    return { node: begun.graph.broadcastTo(zero, slot.shape), slot };
  });
  const total = addition(slots, losses, loss);
  return {
    begin: { graph: begun.graph, outputs: [...outputsTo(begun.outputs, next), ...zeros] },
    invariants: { graph: stepped.graph, outputs: bySlot(cut.invariants) },
    forward: {
      graph: cut.forward.graph,
      outputs: [...outputsTo(cut.forward.outputs, [...next, slots.at(loss)]), ...bySlot(cut.residuals)],
    },
    tally: { graph: total.graph, outputs: outputsTo(total.outputs, at([losses])) },
    back: { graph: cut.back.graph, outputs: outputsTo(cut.back.outputs, at([...cotangent, ...sum])) },
    first: { graph: first.graph, outputs: outputsTo(first.outputs, at(sum)) },
  };
}

/** losses + loss */
function addition(slots: ProgramSlots, losses: number, loss: number): Built {
  const graph = new GraphBuilder();
  const inputs = slots
    .readings([losses, loss])
    .map(({ slot, shape, dtype, level }) => graph.input(slot, shape, dtype, level));
  return { graph, outputs: [graph.elementwise("add", inputs, "float64")] };
}
