/**
 * A program of many units as one WebAssembly module: every thread takes tiles of units, and for each tile runs the
 * whole window before the next, so that what a tile carries stays in cache.
 *
 *     for each tile:  begin, invariants, `length` times step (and record), finish, sum of what is averaged
 */
import { tree } from "../array/index.ts";
import type { ForwardProgram } from "../program/index.ts";
import { oneOf } from "./examples.ts";
import { emitDriver } from "./driver.ts";
import { reachable } from "./graph/node.ts";
import { settleLevels } from "./levels.ts";
import type { MemoryLayout } from "./memory.ts";
import {
  type OuterPieces,
  type OuterSections,
  compileOuter,
  outerSectionList,
  planOuterPieces,
} from "./outerPieces.ts";
import { compilePiece } from "./pieces.ts";
import { sectionContext } from "./programSlots.ts";
import type { CompiledSection, SectionContext, Slot } from "./section.ts";
import { type UnitPieces, planPieces } from "./unitPieces.ts";
import { type OuterPlaces, type UnitPlaces, reservePlaces } from "./unitPlaces.ts";
import { type OuterPlan, type UnitPlan, type UnitSource, firstLevels, planUnits } from "./unitPlan.ts";
import { type OuterSource, type OuterTraces, type UnitTraces, traceUnit } from "./unitTraces.ts";
import { ModuleBuilder } from "./wasm/index.ts";

export interface UnitProgramOptions {
  readonly fma: boolean;
  readonly isShared: boolean;
  readonly threads: number;
}

/** Everything that the host needs to run the compiled program. */
export interface UnitProgram extends UnitPlaces {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly layout: MemoryLayout;
  readonly count: number;
  /** Units per tile. */
  readonly lanes: number;
  readonly members: number;
  readonly tiles: number;
  readonly shared: readonly Slot[];
  /** Leaves of units, offsets within a tile's block. */
  readonly unit: readonly Slot[];
  readonly mean: readonly Slot[];
  readonly each: readonly Slot[];
  readonly record: readonly Slot[];
  readonly recordNames: readonly string[];
  readonly outputs: { unit: unknown; mean: unknown; each: unknown };
  readonly sections: readonly CompiledSection[];
  readonly length: number;
  readonly outer: OuterProgramPart | undefined;
  readonly options: UnitProgramOptions;
  /** Instructions of the module. */
  readonly instructions: number;
  /** Milliseconds that tracing took, and everything from there to the bytes of the module. */
  readonly traceMs: number;
  readonly emitMs: number;
}

/** Outer state and records of a program of several windows. */
export interface OuterProgramPart extends OuterPlaces {
  readonly state: readonly Slot[];
  readonly stateTree: unknown;
  /** For each leaf of the state whether a window of units depends on it. */
  readonly isShared: readonly boolean[];
  readonly record: readonly Slot[];
  readonly recordTree: unknown;
}

/** Compiles `program` for arguments with the shapes and dtypes of `shared` and `units`. */
export function compileUnitProgram(
  program: ForwardProgram,
  shared: unknown,
  units: unknown,
  options: UnitProgramOptions,
  source?: OuterSource,
): UnitProgram {
  const startedAt = performance.now();
  const one = oneOf(units);
  const traces = traceUnit(program, shared, one, source);
  const tracedAt = performance.now();
  const unitSource: UnitSource = {
    program,
    traces,
    shared: tree.leaves(shared),
    one: tree.leaves(one),
    outer: source === undefined ? [] : tree.leaves(source.outer),
    count: tree.leaves(units)[0]!.shape[0]!,
    fma: options.fma,
  };
  let plan: UnitPlan | undefined;
  settleLevels(firstLevels(program, units), (levels) => {
    plan = planUnits(unitSource, levels);
    return plan.unitLevels;
  });
  const compiled = compilePlan(unitSource, plan!, options);
  return { ...compiled, traceMs: tracedAt - startedAt, emitMs: performance.now() - tracedAt };
}

type Untimed = Omit<UnitProgram, "traceMs" | "emitMs">;

function compilePlan(source: UnitSource, plan: UnitPlan, options: UnitProgramOptions): Untimed {
  const { program, traces, count } = source;
  const { slots, tiles } = plan;
  const { lanes, members } = slots.options;
  const { name, length } = program;
  const pieces = planPieces(plan, traces, length);
  const { mean, each, meanParts } = pieces.finish;
  const outer = plan.outer && planOuterPieces(plan, plan.outer, traces.outer!, mean);

  const module = new ModuleBuilder({ isShared: options.isShared });
  const { sections, around, list } = compilePieces(pieces, outer, sectionContext(slots, module));
  const turns = { length, threads: options.threads };
  const { ofUnits, ofOuter } = reservePlaces(plan, pieces, outer, list, turns);
  emitDriver(module, {
    ...{
      ...ofUnits,
      sections,
      length,
      counter: slots.at(plan.counter),
      lanes,
      count,
      tiles,
      meanParts,
      mean,
    },
    outer: outer && { ...around!, ...ofOuter, means: outer.means },
  });
  const { pages } = slots.layout;
  module.memory.initial = pages;
  module.memory.maximum = pages;
  return {
    ...{ ...ofUnits, name, count, lanes, members, tiles, mean, each, length, options },
    bytes: module.encode(),
    layout: slots.layout,
    shared: plan.shared.map((slot) => slots.at(slot)),
    unit: plan.unit.map((slot) => slots.at(slot)),
    record: pieces.record?.slots ?? [],
    recordNames: tree.entries(traces.record?.output ?? {}).map(([path]) => path),
    outputs: outputTrees(traces),
    sections: list,
    instructions: module.instructions,
    outer: outer && outerPart(outer, plan.outer!, traces.outer!, ofOuter),
  };
}

function outputTrees({ finish }: UnitTraces): UnitProgram["outputs"] {
  const [unit, mean, each] = finish.output as [unknown, unknown, unknown];
  return { unit, mean, each };
}

function outerPart(
  { state, record }: OuterPieces,
  planned: OuterPlan,
  { update }: OuterTraces,
  places: OuterPlaces,
): OuterProgramPart {
  const [stateTree, recordTree] = update.output as [unknown, unknown];
  const read = new Set(
    reachable(planned.share.outputs).map(({ op, params }) => (op === "input" ? params.slot : undefined)),
  );
  const isShared = planned.state.map((slot) => read.has(slot));
  return { state, stateTree, isShared, record, recordTree, ...places };
}

interface CompiledPieces {
  readonly sections: {
    readonly begin: CompiledSection;
    readonly invariants: CompiledSection | undefined;
    readonly step: CompiledSection | undefined;
    readonly record: CompiledSection | undefined;
    readonly finish: CompiledSection;
  };
  readonly around: OuterSections | undefined;
  /** All of them, in the order in which they were compiled. */
  readonly list: readonly CompiledSection[];
}

function compilePieces(
  { begin, steps, record, finish }: UnitPieces,
  outer: OuterPieces | undefined,
  context: SectionContext,
): CompiledPieces {
  const sections = {
    begin: compilePiece("begin", begin, context),
    invariants: steps && compilePiece("invariants", steps.invariants, context),
    step: steps && compilePiece("step", steps.step, context),
    record: record && compilePiece("record", record, context),
    finish: compilePiece("finish", finish, context),
  };
  const around = outer && compileOuter(outer, context);
  const list = [...Object.values(sections), ...(around === undefined ? [] : outerSectionList(around))];
  return { sections, around, list: list.filter((section) => section !== undefined) };
}
