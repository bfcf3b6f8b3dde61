/**
 * The pieces around windows where one call runs several of them: what units share from the outer state, changes of
 * units before and after a window, and the next outer state from the means over units.
 */
import { Block, cacheLines } from "./block.ts";
import type { DrivenChange, DrivenOuter } from "./driver.ts";
import { type Built, build } from "./levels.ts";
import { type Piece, compilePiece, outputsTo } from "./pieces.ts";
import type { CompiledSection, SectionContext, Slot } from "./section.ts";
import type { OuterPlan, UnitPlan } from "./unitPlan.ts";
import type { OuterTraces } from "./unitTraces.ts";

export interface OuterPieces {
  readonly restart: ChangePieces | undefined;
  readonly settle: ChangePieces | undefined;
  readonly share: Piece;
  readonly update: Piece;
  /** Where the update finds the means over all units. */
  readonly means: readonly Slot[];
  readonly state: readonly Slot[];
  readonly record: readonly Slot[];
  /** Of one window. */
  readonly recordBytes: number;
}

interface ChangePieces {
  readonly when: Piece;
  readonly apply: Piece;
  readonly flags: Slot;
}

/** `mean` are the slots of a tile's sums. */
export function planOuterPieces(
  plan: UnitPlan,
  { state, share, restart, settle }: OuterPlan,
  { update }: OuterTraces,
  mean: readonly Slot[],
): OuterPieces {
  const { slots, shared } = plan;
  const means = mean.map((sum) => slots.absolute(sum));
  const { graph, outputs } = build(update, slots.readings([...state, ...means]));
  const block = new Block("first");
  const record = outputs.slice(state.length).map((node) => slots.place(block, node, 0));
  const stateSlots = state.map((slot) => slots.at(slot));
  const shareOutputs = share.outputs.flatMap((node, i) =>
    node.op === "input" ? [] : [{ node, slot: slots.at(shared[i]!) }],
  );
  return {
    restart: changePieces(plan, restart),
    settle: changePieces(plan, settle),
    share: { graph: share.graph, outputs: shareOutputs },
    update: { graph, outputs: outputsTo(outputs, [...stateSlots, ...record]) },
    means: means.map((slot) => slots.at(slot)),
    state: stateSlots,
    record,
    recordBytes: cacheLines(block.bytes),
  };
}

function changePieces({ slots, unit }: UnitPlan, built: Built | undefined): ChangePieces | undefined {
  if (built === undefined) return undefined;
  const { graph, outputs } = built;
  const [condition, ...changed] = outputs;
  const flags = slots.place(slots.scratch, { shape: [], dtype: "bool" }, condition!.level);
  const unitSlots = unit.map((slot) => slots.at(slot));
  return {
    when: { graph, outputs: outputsTo([condition!], [flags]) },
    apply: { graph, outputs: outputsTo(changed, unitSlots) },
    flags,
  };
}

export type OuterSections = Pick<DrivenOuter, "restart" | "settle" | "share" | "update">;

export function compileOuter(pieces: OuterPieces, context: SectionContext): OuterSections {
  const change = (name: string, of: ChangePieces | undefined): DrivenChange | undefined =>
    of && {
      when: compilePiece(`${name} condition`, of.when, context),
      apply: compilePiece(name, of.apply, context),
      flags: of.flags,
    };
  return {
    restart: change("restart", pieces.restart),
    settle: change("settle", pieces.settle),
    share: compilePiece("share", pieces.share, context),
    // The bits of an update from outside: a step taken alone, to see what went wrong, must not differ.
    update: compilePiece("update", pieces.update, { ...context, fma: false }),
  };
}

/** In the order in which they were compiled. */
export function outerSectionList({ restart, settle, share, update }: OuterSections): CompiledSection[] {
  return [restart?.when, restart?.apply, settle?.when, settle?.apply, share, update].filter(
    (section) => section !== undefined,
  );
}
