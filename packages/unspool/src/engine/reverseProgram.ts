/**
 * A reverse pass as one WebAssembly module: for each tile of units the whole window forward and backward.
 *
 *     begin, invariants, then as the plan of checkpoints says:
 *       forward  state k -> state k + 1, loss k, and what the pullback of step k wants to know (its residuals)
 *       back     cotangents after step k, residuals of k -> cotangents before it; gradient += what theta did
 *     last, what theta did through the first state
 *
 * Forward and backward are one graph, cut where values that no cotangent changes meet those that one does. Under the
 * policy "all" residuals are kept with the states and no step is computed twice; otherwise they have one place and the
 * forward step is run again right before the backward one. The same kernels run in both cases: gradients do not
 * depend on the policy, to the bit.
 *
 * Units lie in the vector lanes. A single unit has no lanes to fill: then every value is laid out row-major, and
 * vectors run along contiguous axes.
 *
 * Linear memory, in bytes: what is shared, plus tiles x (units, last states, theta in float64), plus
 * threads x (states held x state + invariants + cotangents + theta in float64 per unit of a tile + temporary values);
 * a state is its carry, and its residuals where they are kept.
 */
import { tree } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import type { CheckpointAction, ReverseFunctions } from "../program/index.ts";
import { cacheLines } from "./block.ts";
import { oneOf } from "./examples.ts";
import type { MemoryLayout } from "./memory.ts";
import { compilePiece } from "./pieces.ts";
import { sectionContext } from "./programSlots.ts";
import { emitReverseDriver } from "./reverseDriver.ts";
import {
  type ReversePieceName,
  type ReversePlan,
  type ReverseSource,
  planReverse,
  reversePieceNames,
} from "./reversePlan.ts";
import { type ReverseStates, reverseStates } from "./reverseStates.ts";
import { type ReverseArguments, traceReverse } from "./reverseTraces.ts";
import type { CompiledSection, Slot } from "./section.ts";
import type { UnitProgramOptions } from "./unitProgram.ts";
import { ModuleBuilder } from "./wasm/index.ts";

/** Of 64 KiB: what 32-bit addresses reach. */
const mostPages = 65536;

/** How the host and the driver find what lies in the memory of a reverse program. */
export interface ReverseMemory {
  readonly count: number;
  /** Units per tile; 1 for a single unit, whose vectors run along axes. */
  readonly lanes: number;
  readonly tiles: number;
  readonly tileStart: number;
  readonly tileBytes: number;
  readonly scratchStart: number;
  readonly scratchBytes: number;
  /** Each thread's stack of states. */
  readonly stackStart: number;
  readonly stackBytes: number;
  readonly stateBytes: number;
  readonly tableStart: number;
  /** Within a tile's block. */
  readonly lastOffset: number;
}

export interface CompiledReverseProgram {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly layout: MemoryLayout;
  readonly memory: ReverseMemory;
  readonly theta: readonly Slot[];
  readonly shared: readonly Slot[];
  /** Leaves of units, of the last carry, losses and the gradient's sums: offsets within a tile's block. */
  readonly unit: readonly Slot[];
  readonly last: readonly Slot[];
  readonly losses: Slot;
  readonly gradient: readonly Slot[];
  readonly carry: unknown;
  readonly states: ReverseStates;
  readonly sections: readonly CompiledSection[];
  readonly length: number;
  readonly options: UnitProgramOptions;
  /** Whether residuals are kept with the states, so that no forward step is computed twice. */
  readonly keepsResiduals: boolean;
  /** Instructions of the module. */
  readonly instructions: number;
  /** Milliseconds that tracing took, and everything from there to the bytes of the module. */
  readonly traceMs: number;
  readonly emitMs: number;
}

/** Compiles `program` for arguments with the shapes and dtypes of `given`, to run as `plan` says. */
export function compileReverseProgram(
  program: ReverseFunctions,
  plan: readonly CheckpointAction[],
  given: ReverseArguments,
  options: UnitProgramOptions,
): CompiledReverseProgram {
  const { name, length } = program;
  const one = oneOf(given.units);
  const startedAt = performance.now();
  const traces = traceReverse(program, given, one);
  const tracedAt = performance.now();
  const states = reverseStates(length, plan);
  const source: ReverseSource = {
    name,
    length,
    traces,
    theta: tree.leaves(given.theta),
    shared: tree.leaves(given.shared),
    one: tree.leaves(one),
    count: tree.leaves(given.units)[0]!.shape[0]!,
    fma: options.fma,
    keepsResiduals: states.forwardSteps === length && !states.hasMotion,
  };
  const compiled = compilePlan(source, planReverse(source), states, options);
  return { ...compiled, traceMs: tracedAt - startedAt, emitMs: performance.now() - tracedAt };
}

function compilePlan(
  source: ReverseSource,
  plan: ReversePlan,
  states: ReverseStates,
  options: UnitProgramOptions,
): Omit<CompiledReverseProgram, "traceMs" | "emitMs"> {
  const { name, length, keepsResiduals } = source;
  const { slots, gradient, last } = plan;
  const { layout } = slots;
  const module = new ModuleBuilder({ isShared: options.isShared });
  const context = sectionContext(slots, module);
  const sections = Object.fromEntries(
    reversePieceNames.map((piece) => [piece, compilePiece(piece, plan.pieces[piece], context)]),
  ) as Record<ReversePieceName, CompiledSection>;
  const list = Object.values(sections);
  const memory = reserveMemory(source, plan, states, list, options.threads);
  const { counter, sums } = plan;
  emitReverseDriver(module, { memory, sections, states, keepsResiduals, counter: slots.at(counter), sums });
  requireSpace(name, layout, states, memory);
  module.memory.initial = layout.pages;
  module.memory.maximum = layout.pages;
  const at = (list: readonly number[]): Slot[] => list.map((slot) => slots.at(slot));
  return {
    ...{ name, layout, memory, last, gradient, states, length, options, keepsResiduals },
    bytes: module.encode(),
    theta: at(plan.theta),
    shared: at(plan.shared),
    unit: at(plan.unit),
    losses: slots.at(plan.losses),
    carry: source.traces.begin.output,
    sections: list,
    instructions: module.instructions,
  };
}

function reserveMemory(
  { count, keepsResiduals }: ReverseSource,
  { slots, lanes, tiles, state, lastOffset }: ReversePlan,
  { held, table }: ReverseStates,
  sections: readonly CompiledSection[],
  threads: number,
): ReverseMemory {
  const { layout, scratch, tile } = slots;
  const scratchEnds = sections.map(({ scratchEnd }) => scratchEnd);
  const scratchBytes = cacheLines(Math.max(scratch.bytes, ...scratchEnds) + 64);
  const tileBytes = cacheLines(tile.bytes);
  const stateBytes = cacheLines(state.bytes);
  const stackBytes = stateBytes * (held + (keepsResiduals ? 0 : 1));
  return {
    count,
    lanes,
    tiles,
    tileStart: layout.reserve(tileBytes * tiles),
    tileBytes,
    scratchStart: layout.reserve(scratchBytes * threads),
    scratchBytes,
    stackStart: layout.reserve(stackBytes * threads),
    stackBytes,
    stateBytes,
    tableStart: layout.place(table),
    lastOffset,
  };
}

function requireSpace(
  name: string,
  { pages }: MemoryLayout,
  { held }: ReverseStates,
  { stateBytes }: ReverseMemory,
): void {
  if (pages <= mostPages) return;
  const given = `${held} states of ${stateBytes} bytes`;
  const hint = 'Use "sqrt" or { states }, or fewer tasks or threads.';
  throw new OptionError(name, "checkpoints", given, "few enough for 4 GiB of memory", hint);
}
