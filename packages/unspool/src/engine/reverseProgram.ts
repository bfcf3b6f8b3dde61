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
import { type Tensor, np, tree } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { Block, cacheLines, rebased } from "./block.ts";
import { bytesOf } from "./emit/location.ts";
import { GraphBuilder } from "./graph/builder.ts";
import type { Level, Node } from "./graph/node.ts";
import { hoistInvariants } from "./invariants.ts";
import { type Built, type Reading, build, settleLevels } from "./levels.ts";
import { MemoryLayout } from "./memory.ts";
import { recomputable } from "./residuals.ts";
import { emitReverseDriver } from "./reverseDriver.ts";
import { type ReverseAction, type ReverseStates, reverseStates } from "./reverseStates.ts";
import {
  type ReverseArguments,
  type ReverseTraces,
  type ReverseUnitFunctions,
  traceReverse,
} from "./reverseTraces.ts";
import {
  type CompiledSection,
  type SectionContext,
  type SectionOutput,
  type Slot,
  compileSection,
} from "./section.ts";
import { chooseUnits } from "./tiles.ts";
import type { UnitProgramOptions } from "./unitProgram.ts";
import { ModuleBuilder } from "./wasm/index.ts";

/** Of 64 KiB: what 32-bit addresses reach. */
const mostPages = 65536;

/** How the host and the driver find what lies in the memory of a reverse program. */
export interface ReverseMemory {
  readonly count: number;
  /** Units per tile; 1 for a single unit, which has no lanes. */
  readonly units: number;
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

export interface ReverseProgram {
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
  program: ReverseUnitFunctions,
  plan: readonly ReverseAction[],
  given: ReverseArguments,
  options: UnitProgramOptions,
): ReverseProgram {
  const one = tree.map((leaf: Tensor) => np.zeros(leaf.shape.slice(1), { dtype: leaf.dtype }), given.units);
  const startedAt = performance.now();
  const traces = traceReverse(program, given, one);
  const tracedAt = performance.now();
  const compiled = new ReverseCompiler(program, plan, given, tree.leaves(one), traces, options).compile();
  return { ...compiled, traceMs: tracedAt - startedAt, emitMs: performance.now() - tracedAt };
}

class ReverseCompiler {
  readonly #program: ReverseUnitFunctions;
  readonly #states: ReverseStates;
  readonly #options: UnitProgramOptions;
  readonly #traces: ReverseTraces;
  readonly #theta: readonly Tensor[];
  readonly #shared: readonly Tensor[];
  readonly #one: readonly Tensor[];
  readonly #count: number;
  /** Of values that differ between units: 0 if there is only one. */
  readonly #own: Level;
  readonly #units: number;
  readonly #tiles: number;
  /** Whether residuals are kept with the states. */
  readonly #keepsResiduals: boolean;
  readonly #slots: Slot[] = [];
  readonly #layout: MemoryLayout = new MemoryLayout();
  readonly #scratch: Block = new Block("scratch");
  readonly #tile: Block = new Block("tile");
  readonly #state: Block = new Block("first");

  constructor(
    program: ReverseUnitFunctions,
    plan: readonly ReverseAction[],
    given: ReverseArguments,
    one: readonly Tensor[],
    traces: ReverseTraces,
    options: UnitProgramOptions,
  ) {
    this.#program = program;
    this.#states = reverseStates(program.length, plan);
    this.#options = options;
    this.#traces = traces;
    this.#theta = tree.leaves(given.theta);
    this.#shared = tree.leaves(given.shared);
    this.#one = one;
    this.#count = tree.leaves(given.units)[0]!.shape[0]!;
    this.#own = this.#count === 1 ? 0 : 1;
    const size = (leaves: readonly Tensor[], bytes?: number): number =>
      leaves.reduce((sum, leaf) => sum + leaf.size * (bytes ?? bytesOf(leaf.dtype)), 0);
    const bytesPerUnit = size(one) + size(traces.carry) + size(traces.cotangent) + size(this.#theta, 8);
    const { units, tiles } = chooseUnits(this.#count, bytesPerUnit);
    this.#units = this.#count === 1 ? 1 : units;
    this.#tiles = tiles;
    this.#keepsResiduals = this.#states.forwardSteps === program.length && !this.#states.hasMotion;
  }

  #slot(
    block: Block,
    { shape, dtype }: { shape: readonly number[]; dtype: Slot["dtype"] },
    level: Level,
  ): Slot {
    return block.slot(shape, dtype, level, level === 0 ? 1 : this.#units);
  }

  #add(slot: Slot): number {
    return this.#slots.push(slot) - 1;
  }

  #reading(slot: number): Reading {
    const { shape, dtype, level } = this.#slots[slot]!;
    return { slot, shape, dtype, level };
  }

  #absolute({ shape, dtype, size }: Tensor): Slot {
    const offset = this.#layout.reserve(size * bytesOf(dtype) + 16);
    return { shape, dtype, level: 0, location: { base: "absolute", offset, lanes: 1 } };
  }

  compile(): Omit<ReverseProgram, "traceMs" | "emitMs"> {
    const own = this.#own;
    const wide = (leaf: Tensor) => ({ shape: leaf.shape, dtype: "float64" as const });
    const theta = this.#theta.map((leaf) => this.#add(this.#absolute(leaf)));
    const shared = this.#shared.map((leaf) => this.#add(this.#absolute(leaf)));
    const unit = this.#one.map((leaf) => this.#add(this.#slot(this.#tile, leaf, own)));
    const counter = this.#add(this.#scratch.slot([], "int32", 0, 1));
    const cotangent = this.#traces.cotangent.map((leaf) => this.#add(this.#slot(this.#scratch, leaf, own)));
    const gradient = this.#theta.map((leaf) => this.#slot(this.#tile, wide(leaf), 0));
    // The gradient of a single unit is summed where the host finds it.
    const sum = gradient.map((slot, i) =>
      this.#add(own === 0 ? slot : this.#slot(this.#scratch, wide(this.#theta[i]!), own)),
    );
    const losses = this.#add(this.#slot(this.#tile, { shape: [], dtype: "float64" }, own));
    const loss = this.#add(this.#slot(this.#scratch, { shape: [], dtype: "float64" }, own));
    const fixed = [...theta, ...shared].map((slot) => this.#reading(slot));

    const begun = build(this.#traces.begin, [...fixed, ...unit.map((slot) => this.#reading(slot))]);
    const { carry, stepped } = this.#settle(begun, fixed, counter, [...cotangent, ...sum]);
    const last = carry.map((slot) => rebased(this.#slots[slot]!, "tile", this.#tile.bytes));
    const lastOffset = this.#tile.bytes;
    this.#tile.bytes += this.#state.bytes;
    const parts = this.#cut(stepped, [...carry, counter], [...cotangent, ...sum]);
    const pulled = build(this.#traces.first, [
      ...fixed,
      ...[...unit, ...cotangent, ...sum].map((slot) => this.#reading(slot)),
    ]);

    const slots = this.#slots;
    const module = new ModuleBuilder({ isShared: this.#options.isShared });
    const context: SectionContext = {
      units: Math.max(4, this.#units),
      members: 1,
      fma: this.#options.fma,
      module,
      slots,
      constant: (node) => this.#layout.constant(node),
      coded: (node) => this.#layout.coded(node),
      table: (data) => this.#layout.place(data),
      scratchStart: this.#scratch.bytes,
    };
    const into = (nodes: readonly Node[], targets: readonly number[]): SectionOutput[] =>
      nodes.map((node, i) => ({ node, slot: slots[targets[i]!]! }));
    const next = carry.map((slot) => rebased(slots[slot]!, "second"));
    const states = (nodes: readonly Node[]): SectionOutput[] =>
      nodes.map((node, i) => ({ node, slot: next[i]! }));
    const zeros = (targets: readonly number[]): SectionOutput[] =>
      targets.map((target) => {
        const slot = slots[target]!;
        return { node: begun.graph.broadcastTo(begun.graph.literal(0, slot.dtype), slot.shape), slot };
      });
    const tally = this.#tally(losses, loss);
    const sections = {
      begin: compileSection(
        "begin",
        begun.graph,
        [...states(begun.outputs), ...zeros([...cotangent, ...sum, losses])],
        context,
      ),
      invariants: compileSection("invariants", stepped.graph, parts.before(slots), context),
      forward: compileSection(
        "forward",
        parts.forward.graph,
        [
          ...states(parts.forward.outputs.slice(0, carry.length)),
          { node: parts.forward.outputs[carry.length]!, slot: slots[loss]! },
          ...parts.residuals(slots),
        ],
        context,
      ),
      tally: compileSection("tally", tally.graph, into(tally.outputs, [losses]), context),
      back: compileSection(
        "back",
        parts.back.graph,
        into(parts.back.outputs, [...cotangent, ...sum]),
        context,
      ),
      first: compileSection("first", pulled.graph, into(pulled.outputs, sum), context),
    };

    const compiled = Object.values(sections);
    const scratchBytes = cacheLines(
      Math.max(this.#scratch.bytes, ...compiled.map(({ scratchEnd }) => scratchEnd)) + 64,
    );
    const tileBytes = cacheLines(this.#tile.bytes);
    const stateBytes = cacheLines(this.#state.bytes);
    const { held } = this.#states;
    const stackBytes = stateBytes * (held + (this.#keepsResiduals ? 0 : 1));
    const memory: ReverseMemory = {
      count: this.#count,
      units: this.#units,
      tiles: this.#tiles,
      tileStart: this.#layout.reserve(tileBytes * this.#tiles),
      tileBytes,
      scratchStart: this.#layout.reserve(scratchBytes * this.#options.threads),
      scratchBytes,
      stackStart: this.#layout.reserve(stackBytes * this.#options.threads),
      stackBytes,
      stateBytes,
      tableStart: this.#layout.place(this.#states.table),
      lastOffset,
    };
    emitReverseDriver(module, {
      memory,
      sections,
      states: this.#states,
      keepsResiduals: this.#keepsResiduals,
      counter: slots[counter]!,
      sums: own === 0 ? [] : sum.map((slot, i) => ({ part: slots[slot]!, sum: gradient[i]! })),
    });
    this.#requireSpace(stateBytes);
    module.memory.initial = this.#layout.pages;
    module.memory.maximum = this.#layout.pages;
    const at = (list: readonly number[]): Slot[] => list.map((slot) => slots[slot]!);
    return {
      name: this.#program.name,
      bytes: module.encode(),
      layout: this.#layout,
      memory,
      theta: at(theta),
      shared: at(shared),
      unit: at(unit),
      last,
      losses: slots[losses]!,
      gradient,
      carry: this.#traces.begin.output,
      states: this.#states,
      sections: compiled,
      length: this.#program.length,
      options: this.#options,
      keepsResiduals: this.#keepsResiduals,
      instructions: module.instructions,
    };
  }

  #requireSpace(stateBytes: number): void {
    if (this.#layout.pages <= mostPages) return;
    const given = `${this.#states.held} states of ${stateBytes} bytes`;
    const hint = 'Use "sqrt" or { states }, or fewer tasks or threads.';
    throw new OptionError(this.#program.name, "checkpoints", given, "few enough for 4 GiB of memory", hint);
  }

  /** Slots of the carry, and the graph of a step forward and backward that reads them. */
  #settle(
    begun: Built,
    fixed: readonly Reading[],
    counter: number,
    others: readonly number[],
  ): { carry: number[]; stepped: Built } {
    const { carry: leaves, step } = this.#traces;
    const carry = leaves.map((leaf) => this.#add(new Block("first").slot(leaf.shape, leaf.dtype, 0, 1)));
    let stepped: Built | undefined;
    const levels = settleLevels(
      begun.outputs.map((node) => node.level),
      (trial) => {
        stepped = build(step, [
          ...fixed,
          ...carry.map((slot, i) => ({ ...this.#reading(slot), level: trial[i]! })),
          this.#reading(counter),
          ...others.map((slot) => this.#reading(slot)),
        ]);
        return stepped.outputs.slice(0, carry.length).map((node) => node.level);
      },
    );
    carry.forEach((slot, i) => (this.#slots[slot] = this.#slot(this.#state, leaves[i]!, levels[i]!)));
    return { carry, stepped: stepped! };
  }

  /** Cuts the graph of a step: what no step changes, the step with its residuals, and the pullback. */
  #cut(stepped: Built, forwardSlots: readonly number[], backwardSlots: readonly number[]) {
    const [backward, forward] = [new Set(backwardSlots), new Set(forwardSlots)];
    const keep = (block: Block) => (node: Node) => this.#add(this.#slot(block, node, node.level));
    const hoisted = hoistInvariants(
      stepped.outputs,
      (slot) => forward.has(slot) || backward.has(slot),
      keep(this.#scratch),
    );
    const results = hoisted.outputs.length - backward.size;
    const pullback = hoisted.outputs.slice(results);
    const back = hoistInvariants(
      pullback,
      (slot) => backward.has(slot),
      keep(this.#keepsResiduals ? this.#state : this.#scratch),
      recomputable(),
    );
    const outputs =
      (nodes: ReadonlyMap<number, Node>) =>
      (slots: readonly Slot[]): SectionOutput[] =>
        [...nodes].map(([slot, node]) => ({ node, slot: slots[slot]! }));
    return {
      before: outputs(hoisted.before),
      forward: { graph: hoisted.graph, outputs: hoisted.outputs.slice(0, results) },
      residuals: outputs(back.before),
      back,
    };
  }

  /** losses + loss */
  #tally(losses: number, loss: number): Built {
    const graph = new GraphBuilder();
    const [total, one] = [losses, loss].map((slot) => {
      const { shape, dtype, level } = this.#slots[slot]!;
      return graph.input(slot, shape, dtype, level);
    }) as [Node, Node];
    return { graph, outputs: [graph.elementwise("add", [total, one], "float64")] };
  }
}
