/**
 * A program of many units as one WebAssembly module: every thread takes tiles of units, and for each tile runs the
 * whole window before the next, so that what a tile carries stays in cache.
 *
 *     for each tile:  begin, invariants, `length` times step (and record), finish, sum of what is averaged
 */
import { type Tensor, np, traceProgram, tree } from "../array/index.ts";
import { Block, cacheLines } from "./block.ts";
import { type Location, bytesOf } from "./emit/location.ts";
import type { Level, Node } from "./graph/node.ts";
import { sizeOf } from "./graph/node.ts";
import { reachable } from "./graph/builder.ts";
import { hoistInvariants } from "./invariants.ts";
import { type Recurrences, carryAcrossSteps } from "./recurrences.ts";
import { type Built, type Reading, build, settleLevels } from "./levels.ts";
import { MemoryLayout } from "./memory.ts";
import {
  type CompiledSection,
  type SectionContext,
  type SectionOutput,
  type Slot,
  compileSection,
  lanesOf,
  membersOf,
} from "./section.ts";
import { chooseUnits } from "./tiles.ts";
import { emitDriver } from "./driver.ts";
import { ModuleBuilder } from "./wasm/index.ts";

/** The functions of a program, their types forgotten; see `ForwardProgram` of the unroll room. */
export interface UnitFunctions {
  readonly name: string;
  readonly length: number;
  begin(shared: unknown, unit: unknown): { members: { constant: unknown; carry: unknown }[]; kept: unknown };
  step(shared: unknown, constant: unknown, carry: unknown, k: Tensor): unknown;
  finish(
    shared: unknown,
    unit: unknown,
    members: { constant: unknown; carry: unknown }[],
    kept: unknown,
  ): { unit: unknown; mean: unknown; each: unknown };
  record?(carry: unknown): Record<string, Tensor>;
  /** Paths of leaves of a unit that are equal for all units. */
  readonly sameForAll?: readonly string[];
}

/** Several windows in one call: what happens to units between them, and to what they share. */
export interface OuterFunctions {
  /** Changes units before a window where `when` holds for one of them (bool per unit). */
  readonly restart?: UnitChange;
  /** The same after a window. */
  readonly settle?: UnitChange;
  /** What units share, from the outer state. */
  share(outer: unknown): unknown;
  /** The next outer state from the means over units, and what is recorded of every window. */
  update(outer: unknown, mean: unknown): { outer: unknown; record: unknown };
}

export interface UnitChange {
  when(unit: unknown): Tensor;
  apply(shared: unknown, unit: unknown): unknown;
}

export interface OuterSource {
  readonly functions: OuterFunctions;
  /** The outer state, for its shapes. */
  readonly outer: unknown;
}

/** Outer state and records of a program of several windows. */
export interface OuterProgramPart {
  readonly state: readonly Slot[];
  readonly stateTree: unknown;
  readonly record: readonly Slot[];
  readonly recordTree: unknown;
  readonly recordStart: number;
  readonly recordBytes: number;
  /** Windows per call. */
  readonly capacity: number;
  /** Address of the barrier between windows. */
  readonly barrier: number;
}

export interface UnitProgramOptions {
  readonly fma: boolean;
  readonly isShared: boolean;
  readonly threads: number;
}

/** Everything that the host needs to run the compiled program. */
export interface UnitProgram {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly layout: MemoryLayout;
  readonly count: number;
  /** Units per tile. */
  readonly units: number;
  readonly members: number;
  readonly tiles: number;
  /** Bytes from one tile's block to the next. */
  readonly tileBytes: number;
  readonly tileStart: number;
  readonly shared: readonly Slot[];
  /** Leaves of units, offsets within a tile's block. */
  readonly unit: readonly Slot[];
  readonly mean: readonly Slot[];
  readonly each: readonly Slot[];
  readonly record: readonly Slot[];
  readonly recordNames: readonly string[];
  readonly recordStart: number;
  readonly recordStepBytes: number;
  readonly outputs: { unit: unknown; mean: unknown; each: unknown };
  readonly sections: readonly CompiledSection[];
  readonly scratchBytes: number;
  readonly length: number;
  readonly outer: OuterProgramPart | undefined;
  readonly eachStart: number;
  /** Bytes of per-unit results of one tile and window. */
  readonly eachBytes: number;
  readonly options: UnitProgramOptions;
  /** Instructions of the module. */
  readonly instructions: number;
  /** Milliseconds that tracing took, and everything from there to the bytes of the module. */
  readonly traceMs: number;
  readonly emitMs: number;
}

/** Records of one call take at most so many bytes, and windows. */
const recordLimit = 2 ** 22;
const mostWindows = 1024;

interface Traces {
  begin: ReturnType<typeof traceProgram>;
  step: ReturnType<typeof traceProgram> | undefined;
  finish: ReturnType<typeof traceProgram>;
  record: ReturnType<typeof traceProgram> | undefined;
  members: number;
  restart: ReturnType<typeof traceProgram> | undefined;
  settle: ReturnType<typeof traceProgram> | undefined;
  share: ReturnType<typeof traceProgram> | undefined;
  update: ReturnType<typeof traceProgram> | undefined;
}

type Begun = readonly [constants: unknown[], carries: unknown[], kept: unknown];

const zerosLike = (value: unknown): unknown =>
  tree.map((leaf: Tensor) => np.zeros(leaf.shape, { dtype: leaf.dtype }), value);

function traceAll(
  program: UnitFunctions,
  shared: unknown,
  one: unknown,
  source: OuterSource | undefined,
): Traces {
  const { name, length } = program;
  const begin = traceProgram(
    name,
    (s: unknown, u: unknown): Begun => {
      const { members, kept } = program.begin(s, u);
      return [members.map(({ constant }) => constant), members.map(({ carry }) => carry), kept];
    },
    [shared, one],
  );
  const [constants, carries, kept] = zerosLike(begin.output) as Begun;
  const members = constants.length;
  const k = tree.scalar(0, "int32");
  const step =
    length === 0
      ? undefined
      : traceProgram(
          name,
          (s: unknown, constant: unknown, carry: unknown, at: Tensor) => {
            const next = program.step(s, constant, carry, at);
            tree.requireSame(name, "the carry after a step", carry, next);
            return next;
          },
          [shared, constants[0], carries[0], k],
        );
  const finish = traceProgram(
    name,
    (s: unknown, u: unknown, cs: unknown[], ys: unknown[], left: unknown) => {
      const { unit, mean, each } = program.finish(
        s,
        u,
        cs.map((constant, m) => ({ constant, carry: ys[m] })),
        left,
      );
      return [unit, mean, each];
    },
    [shared, one, constants, carries, kept],
  );
  const record =
    program.record === undefined
      ? undefined
      : traceProgram(name, (carry: unknown) => program.record!(carry), [carries[0]]);
  return { begin, step, finish, record, members, ...traceOuter(name, shared, one, finish.output, source) };
}

function traceOuter(
  name: string,
  shared: unknown,
  one: unknown,
  finished: unknown,
  source: OuterSource | undefined,
): Pick<Traces, "restart" | "settle" | "share" | "update"> {
  if (source === undefined)
    return { restart: undefined, settle: undefined, share: undefined, update: undefined };
  const { functions, outer } = source;
  const change = (from: UnitChange | undefined) =>
    from && traceProgram(name, (s: unknown, u: unknown) => [from.when(u), from.apply(s, u)], [shared, one]);
  const means = tree.map(
    (leaf: Tensor) => np.zeros(leaf.shape, { dtype: "float64" }),
    (finished as unknown[])[1],
  );
  return {
    restart: change(functions.restart),
    settle: change(functions.settle),
    share: traceProgram(name, (state: unknown) => functions.share(state), [outer]),
    update: traceProgram(
      name,
      (state: unknown, mean: unknown) => {
        const next = functions.update(state, mean);
        tree.requireSame(name, "the outer state", state, next.outer);
        return [next.outer, next.record];
      },
      [outer, means],
    ),
  };
}

/** Compiles `program` for arguments with the shapes and dtypes of `shared` and `units`. */
export function compileUnitProgram(
  program: UnitFunctions,
  shared: unknown,
  units: unknown,
  options: UnitProgramOptions,
  source?: OuterSource,
): UnitProgram {
  const startedAt = performance.now();
  const unitLeaves = tree.leaves(units);
  const count = unitLeaves[0]!.shape[0]!;
  const one = tree.map((leaf: Tensor) => np.zeros(leaf.shape.slice(1), { dtype: leaf.dtype }), units);
  const traces = traceAll(program, shared, one, source);
  const tracedAt = performance.now();
  const isSame = tree
    .entries(units)
    .map(
      ([path]) => program.sameForAll?.some((name) => path === name || path.startsWith(`${name}.`)) === true,
    );
  const { outer } = source ?? {};
  const compiled = new UnitCompiler(program, traces, shared, one, count, isSame, options, outer).compile();
  return { ...compiled, traceMs: tracedAt - startedAt, emitMs: performance.now() - tracedAt };
}

type Untimed = Omit<UnitProgram, "traceMs" | "emitMs">;

class UnitCompiler {
  readonly #program: UnitFunctions;
  readonly #traces: Traces;
  readonly #shared: Tensor[];
  readonly #one: Tensor[];
  readonly #count: number;
  readonly #options: UnitProgramOptions;
  /** Leaves of the outer state. */
  readonly #outer: Tensor[] | undefined;
  readonly #unitLevels: Level[];
  readonly #slots: Slot[] = [];

  constructor(
    program: UnitFunctions,
    traces: Traces,
    shared: unknown,
    one: unknown,
    count: number,
    isSame: readonly boolean[],
    options: UnitProgramOptions,
    outer?: unknown,
  ) {
    this.#program = program;
    this.#traces = traces;
    this.#shared = tree.leaves(shared);
    this.#one = tree.leaves(one);
    this.#count = count;
    this.#options = options;
    this.#outer = outer === undefined ? undefined : tree.leaves(outer);
    this.#unitLevels = isSame.map((same) => (same ? 0 : 1));
  }

  compile(): Untimed {
    for (;;) {
      this.#slots.length = 0;
      const result = this.#attempt();
      if (result !== undefined) return result;
    }
  }

  #add(slot: Slot): number {
    return this.#slots.push(slot) - 1;
  }

  #reading(slot: number, member?: number): Reading {
    const { shape, dtype, level } = this.#slots[slot]!;
    return { slot, shape, dtype, level, ...(member !== undefined && { member }) };
  }

  /** Undefined if a leaf that was taken to be the same for all units turned out not to be. */
  #attempt(): Untimed | undefined {
    const { begin, step, finish, record, members, restart, settle, share, update } = this.#traces;
    const [constantTrees, carryTrees, keptTree] = zerosLike(begin.output) as Begun;
    const perMember = (trees: readonly unknown[]): number =>
      trees.length === 0 ? 0 : tree.leaves(trees[0]).length;
    const [constants, carries] = [perMember(constantTrees), perMember(carryTrees)];
    const carryLeaves = members === 0 ? [] : tree.leaves(carryTrees[0]);
    const constantLeaves = members === 0 ? [] : tree.leaves(constantTrees[0]);
    const keptLeaves = tree.leaves(keptTree);

    const stateBytes =
      (members || 1) *
        [...constantLeaves, ...carryLeaves].reduce((sum, leaf) => sum + leaf.size * bytesOf(leaf.dtype), 0) +
      this.#one.reduce((sum, leaf) => sum + leaf.size * bytesOf(leaf.dtype), 0);
    const { units, tiles } = chooseUnits(this.#count, stateBytes);
    const shape = { units, members: members || 1, fma: this.#options.fma };
    const lanes = (level: Level): [number, number] => [lanesOf(level, shape), membersOf(level, shape)];

    const layout = new MemoryLayout();
    const scratch = new Block("scratch");
    const tile = new Block("tile");
    const absolute = (shape: readonly number[], dtype: Slot["dtype"]): number =>
      this.#add({
        shape,
        dtype,
        level: 0,
        location: {
          base: "absolute",
          offset: layout.reserve(sizeOf(shape) * bytesOf(dtype) + 16),
          lanes: 1,
        },
      });
    const outer = (this.#outer ?? []).map((leaf) => absolute(leaf.shape, leaf.dtype));
    const sharing =
      share &&
      build(
        share,
        outer.map((slot) => this.#reading(slot)),
      );
    const shared = this.#shared.map((leaf, i) => {
      const node = sharing?.outputs[i];
      // What is part of the outer state is read where it lies.
      return node?.op === "input" ? node.params.slot! : absolute(leaf.shape, leaf.dtype);
    });
    const unit = this.#one.map((leaf, i) => {
      const level = this.#unitLevels[i]!;
      return this.#add(tile.slot(leaf.shape, leaf.dtype, level, ...lanes(level)));
    });
    const counter = this.#add(scratch.slot([], "int32", 0, 1));

    // begin: what the members start from, and for whom it differs.
    const begun = build(
      begin,
      [...shared, ...unit].map((slot) => this.#reading(slot)),
    );
    const outputOf = (kind: number, member: number, leaf: number): Node =>
      begun.outputs[kind * members * constants + member * (kind === 0 ? constants : carries) + leaf]!;
    const startLevel = (kind: number, leaf: number): Level => {
      const nodes = Array.from({ length: members }, (_, m) => outputOf(kind, m, leaf));
      return nodes.every((node) => node === nodes[0]) ? nodes[0]!.level : 2;
    };
    const constantLevels = constantLeaves.map((_, leaf) => startLevel(0, leaf));
    const keptNodes = begun.outputs.slice(members * (constants + carries));

    const constantSlots = constantLeaves.map((leaf, i) => {
      const node = members === 0 ? undefined : outputOf(0, 0, i);
      // A constant that is an argument is read where it lies.
      if (constantLevels[i]! < 2 && node?.op === "input") return node.params.slot!;
      return this.#add(
        scratch.slot(leaf.shape, leaf.dtype, constantLevels[i]!, ...lanes(constantLevels[i]!)),
      );
    });
    const carryPlaceholders = carryLeaves.map((leaf) =>
      this.#add(new Block("scratch").slot(leaf.shape, leaf.dtype, 0, 1)),
    );
    const stepReadings = (levels: readonly Level[]): Reading[] => [
      ...shared.map((slot) => this.#reading(slot)),
      ...constantSlots.map((slot) => this.#reading(slot)),
      ...carryPlaceholders.map((slot, i) => ({ ...this.#reading(slot), level: levels[i]! })),
      this.#reading(counter),
    ];
    let stepBuilt: Built | undefined;
    const carryLevels = settleLevels(
      carryLeaves.map((_, leaf) => startLevel(1, leaf)),
      (levels) => {
        if (step === undefined) return levels;
        stepBuilt = build(step, stepReadings(levels));
        return stepBuilt.outputs.map((node) => node.level);
      },
    );
    carryPlaceholders.forEach((slot, i) => {
      this.#slots[slot] = { ...this.#slots[slot]!, level: carryLevels[i]! };
    });
    const keptSlots = keptLeaves.map((leaf, i) => {
      const node = keptNodes[i]!;
      if (node.op === "input") return node.params.slot!;
      return this.#add(scratch.slot(leaf.shape, leaf.dtype, node.level, ...lanes(node.level)));
    });

    // finish: reads the members one by one.
    const memberReadings = (slots: readonly number[]): Reading[] =>
      Array.from({ length: members }, (_, m) =>
        slots.map((slot) => this.#reading(slot, this.#slots[slot]!.level === 2 ? m : undefined)),
      ).flat();
    const finished = build(finish, [
      ...shared.map((slot) => this.#reading(slot)),
      ...unit.map((slot) => this.#reading(slot)),
      ...memberReadings(constantSlots),
      ...memberReadings(carryPlaceholders),
      ...keptSlots.map((slot) => this.#reading(slot)),
    ]);
    const busy = new Set([...constantSlots, ...keptSlots, ...slotsRead(finished.outputs)]);
    carryPlaceholders.forEach((slot, i) => {
      const leaf = carryLeaves[i]!;
      const level = carryLevels[i]!;
      const nodes = Array.from({ length: members }, (_, m) => outputOf(1, m, i));
      const place = sharedPlace(nodes, level, this.#slots, unit, busy);
      // Each place is carried in once.
      if (place !== undefined) for (const node of nodes) busy.add(node.params.slot!);
      this.#slots[slot] =
        place === undefined
          ? scratch.slot(leaf.shape, leaf.dtype, level, ...lanes(level))
          : { shape: leaf.shape, dtype: leaf.dtype, level, location: place };
    });
    const [unitTree, meanTree, eachTree] = finish.output as [unknown, unknown, unknown];
    const unitNodes = finished.outputs.slice(0, unit.length);
    const [restarting, settling] = [restart, settle].map(
      (traced) =>
        traced &&
        build(
          traced,
          [...shared, ...unit].map((slot) => this.#reading(slot)),
        ),
    );
    const changed = [restarting, settling]
      .filter((built) => built !== undefined)
      .map(({ outputs }) => outputs.slice(1));
    const demoted = this.#unitLevels.map(
      (level, i) => level === 0 && [unitNodes, ...changed].some((nodes) => nodes[i]!.level > 0),
    );
    if (demoted.includes(true)) {
      demoted.forEach((isDemoted, i) => isDemoted && (this.#unitLevels[i] = 1));
      return undefined;
    }
    const meanCount = tree.leaves(meanTree).length;
    const meanNodes = finished.outputs.slice(unit.length, unit.length + meanCount);
    const eachNodes = finished.outputs.slice(unit.length + meanCount);
    const eachBlock = new Block("second");
    const each = eachNodes.map((node) => eachBlock.slot(node.shape, node.dtype, 1, units));
    const meanParts = meanNodes.map((node) => scratch.slot(node.shape, node.dtype, 1, units));
    const mean = meanNodes.map((node) => tile.slot(node.shape, "float64", 0, 1));

    // The step, its invariants before it.
    const slots = this.#slots;
    const variant = new Set([...carryPlaceholders, counter]);
    const isConstant = (slot: number): boolean => !variant.has(slot);
    const newSlot = (node: Node): number =>
      this.#add(scratch.slot(node.shape, node.dtype, node.level, ...lanes(node.level)));
    // A single step gains nothing from what is kept for others.
    const isLoop = this.#program.length > 1;
    const recurring: Recurrences | undefined =
      stepBuilt &&
      (isLoop
        ? carryAcrossSteps(stepBuilt.graph, stepBuilt.outputs, carryPlaceholders, isConstant, newSlot)
        : { outputs: stepBuilt.outputs, carried: [] });
    const carrySlots = [...carryPlaceholders, ...(recurring?.carried.map(({ slot }) => slot) ?? [])];
    for (const slot of carrySlots) variant.add(slot);
    const hoisted =
      recurring === undefined
        ? undefined
        : hoistInvariants(
            [...recurring.outputs, ...recurring.carried.map(({ next }) => next)],
            (slot) => !isLoop || variant.has(slot),
            newSlot,
          );

    const recordBlock = new Block("first");
    const recorded =
      record === undefined
        ? undefined
        : build(
            record,
            carryPlaceholders.map((slot) => this.#reading(slot)),
          );
    const recordSlots =
      recorded?.outputs.map((node) => recordBlock.slot(node.shape, node.dtype, 2, ...lanes(2))) ?? [];

    const means = meanNodes.map((node) =>
      update === undefined ? undefined : absolute(node.shape, "float64"),
    );
    const updating =
      update &&
      build(
        update,
        [...outer, ...(means as number[])].map((slot) => this.#reading(slot)),
      );
    const outerRecordBlock = new Block("first");
    const outerRecords =
      updating?.outputs
        .slice(outer.length)
        .map((node) => outerRecordBlock.slot(node.shape, node.dtype, 0, 1)) ?? [];
    const whens = [restarting, settling].map(
      (built) =>
        built &&
        this.#add(scratch.slot([], "bool", built.outputs[0]!.level, ...lanes(built.outputs[0]!.level))),
    );

    const module = new ModuleBuilder({ isShared: this.#options.isShared });
    const context: SectionContext = {
      ...shape,
      module,
      slots,
      constant: (node) => layout.constant(node),
      coded: (node) => layout.coded(node),
      table: (data) => layout.place(data),
      scratchStart: scratch.bytes,
    };
    const memberOutputs = (kind: number, targets: readonly number[]): SectionOutput[] =>
      targets.flatMap((slot, leaf): SectionOutput[] => {
        if (slots[slot]!.level < 2) return [{ node: outputOf(kind, 0, leaf), slot: slots[slot]! }];
        return Array.from({ length: members }, (_, member) => ({
          node: outputOf(kind, member, leaf),
          slot: slots[slot]!,
          member,
        }));
      });
    const ownKept = keptSlots.flatMap((slot, i): SectionOutput[] =>
      keptNodes[i]!.op === "input" ? [] : [{ node: keptNodes[i]!, slot: slots[slot]! }],
    );
    const ownConstants = memberOutputs(0, constantSlots).filter(
      ({ node, slot }) => !(node.op === "input" && slots[node.params.slot!] === slot),
    );
    const sections = {
      begin: compileSection(
        "begin",
        begun.graph,
        [...ownConstants, ...memberOutputs(1, carryPlaceholders), ...ownKept],
        context,
      ),
      invariants:
        hoisted &&
        compileSection(
          "invariants",
          stepBuilt!.graph,
          [
            ...[...hoisted.before].map(([slot, node]) => ({ node, slot: slots[slot]! })),
            ...recurring!.carried.map(({ node, slot }) => ({ node, slot: slots[slot]! })),
          ],
          context,
        ),
      step:
        hoisted &&
        compileSection(
          "step",
          hoisted.graph,
          hoisted.outputs.map((node, i) => ({ node, slot: slots[carrySlots[i]!]! })),
          context,
        ),
      record:
        recorded &&
        compileSection(
          "record",
          recorded.graph,
          recorded.outputs.map((node, i) => ({ node, slot: recordSlots[i]! })),
          context,
        ),
      finish: compileSection(
        "finish",
        finished.graph,
        [
          ...unitNodes.map((node, i) => ({ node, slot: slots[unit[i]!]! })),
          ...eachNodes.map((node, i) => ({ node, slot: each[i]! })),
          ...meanNodes.map((node, i) => ({ node, slot: meanParts[i]! })),
        ],
        context,
      ),
    };
    const changeSections = (name: string, built: Built | undefined, when: number | undefined) =>
      built && {
        when: compileSection(
          `${name} condition`,
          built.graph,
          [{ node: built.outputs[0]!, slot: slots[when!]! }],
          context,
        ),
        apply: compileSection(
          name,
          built.graph,
          built.outputs.slice(1).map((node, i) => ({ node, slot: slots[unit[i]!]! })),
          context,
        ),
        flags: slots[when!]!,
      };
    const outerSections = {
      restart: changeSections("restart", restarting, whens[0]),
      settle: changeSections("settle", settling, whens[1]),
      share:
        sharing &&
        compileSection(
          "share",
          sharing.graph,
          sharing.outputs.flatMap((node, i) =>
            node.op === "input" ? [] : [{ node, slot: slots[shared[i]!]! }],
          ),
          context,
        ),
      update:
        updating &&
        compileSection(
          "update",
          updating.graph,
          [
            ...updating.outputs.slice(0, outer.length).map((node, i) => ({ node, slot: slots[outer[i]!]! })),
            ...updating.outputs.slice(outer.length).map((node, i) => ({ node, slot: outerRecords[i]! })),
          ],
          context,
        ),
    };
    const extra = [
      outerSections.restart?.when,
      outerSections.restart?.apply,
      outerSections.settle?.when,
      outerSections.settle?.apply,
      outerSections.share,
      outerSections.update,
    ];
    const compiled = [...Object.values(sections), ...extra].filter((section) => section !== undefined);
    const scratchBytes = cacheLines(
      Math.max(scratch.bytes, ...compiled.map(({ scratchEnd }) => scratchEnd)) + 64,
    );
    const tileBytes = cacheLines(tile.bytes);
    const tileStart = layout.reserve(tileBytes * tiles);
    const recordStepBytes = cacheLines(recordBlock.bytes);
    const eachBytes = cacheLines(eachBlock.bytes);
    const recordBytes = cacheLines(outerRecordBlock.bytes);
    const capacity =
      update === undefined
        ? 1
        : Math.max(1, Math.min(mostWindows, Math.floor(recordLimit / (recordBytes || 1))));
    const eachStart = layout.reserve(eachBytes * tiles);
    const outerRecordStart = layout.reserve(recordBytes * capacity);
    const barrier = layout.reserve(64);
    const recordStart = layout.reserve(recordStepBytes * tiles * this.#program.length);
    const scratchStart = layout.reserve(scratchBytes * this.#options.threads);

    emitDriver(module, {
      sections,
      length: this.#program.length,
      counter: slots[counter]!,
      units,
      count: this.#count,
      tiles,
      tileStart,
      tileBytes,
      scratchStart,
      scratchBytes,
      recordStart,
      recordStepBytes,
      meanParts,
      mean,
      eachStart,
      eachBytes,
      outer: update && {
        ...outerSections,
        means: means.map((slot) => slots[slot!]!),
        recordStart: outerRecordStart,
        recordBytes,
        barrier,
      },
    });
    module.memory.initial = layout.pages;
    module.memory.maximum = layout.pages;
    return {
      name: this.#program.name,
      bytes: module.encode(),
      layout,
      count: this.#count,
      units,
      members: shape.members,
      tiles,
      tileBytes,
      tileStart,
      shared: shared.map((slot) => slots[slot]!),
      unit: unit.map((slot) => slots[slot]!),
      mean,
      each,
      record: recordSlots,
      recordNames: record === undefined ? [] : tree.entries(record.output).map(([path]) => path),
      recordStart,
      recordStepBytes,
      outputs: { unit: unitTree, mean: meanTree, each: eachTree },
      sections: compiled,
      scratchBytes,
      length: this.#program.length,
      options: this.#options,
      instructions: module.instructions,
      eachStart,
      eachBytes,
      outer: update && {
        state: outer.map((slot) => slots[slot]!),
        stateTree: (update.output as [unknown, unknown])[0],
        record: outerRecords,
        recordTree: (update.output as [unknown, unknown])[1],
        recordStart: outerRecordStart,
        recordBytes,
        capacity,
        barrier,
      },
    };
  }
}

/** Slots that nodes read. */
function slotsRead(outputs: readonly Node[]): number[] {
  return reachable(outputs).flatMap((node) =>
    node.op === "input" && node.params.member === undefined ? [node.params.slot!] : [],
  );
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
