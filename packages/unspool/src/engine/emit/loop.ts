/**
 * A loop inside a section (the primitive `scan`) as one kernel, over the kernels of a section of its own:
 *
 *     start: carry = what it starts from       invariants: what no step changes
 *     `length` times:  row of each of xs -> its place;  step;  its places -> row of each of ys
 *
 * The body reads constants where they lie. The carry stays in one place, that of the result if somebody reads it. A row
 * of an array [length, ...] is contiguous, also with lanes, so it moves in one piece (per member).
 */
import { Block } from "../block.ts";
import { type Node, sizeOf } from "../graph/node.ts";
import { hoistInvariants } from "../invariants.ts";
import { isIdentity } from "../graph/schedule.ts";
import type { Schedule } from "../graph/schedule.ts";
import type { CompiledSection, SectionContext, SectionOutput, Slot, compileSection } from "../section.ts";
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import { kernelFunction } from "./kernelFunction.ts";
import { type EmitContext, type Location, bytesOf, pointers } from "./location.ts";

export interface CompiledLoop {
  readonly kernel: FunctionBuilder;
  readonly length: number;
  readonly sections: {
    readonly start: CompiledSection;
    readonly invariants: CompiledSection;
    readonly step: CompiledSection;
  };
  /** Bytes of scratch memory that it uses, counted from its start. */
  readonly scratchEnd: number;
}

export interface LoopPlaces {
  /** Offset in scratch memory from which the loop may use it. */
  readonly scratchStart: number;
  /** Results that are read. */
  readonly results: ReadonlyMap<number, Location>;
}

/** One of ys: what a step makes is moved after it, what it is given before. */
interface MovedRow {
  readonly from: Slot;
  readonly result: Location;
  /** To the step, and not made by it. */
  readonly isGiven: boolean;
  /** Set if it has a place of its own to be computed in. */
  readonly output?: Node;
}

/** `compile` compiles a section. */
export function emitLoop(
  context: SectionContext & EmitContext,
  schedule: Schedule,
  node: Node,
  name: string,
  { scratchStart, results }: LoopPlaces,
  compile: typeof compileSection,
): CompiledLoop {
  const loop = node.params.loop!;
  const { length, numConsts, numCarry, reverse } = loop;
  const first = numConsts + numCarry;
  const body = loop.body(node.inputs.map(({ level }) => level));
  const block = new Block("scratch");
  block.bytes = Math.ceil(scratchStart / 16) * 16;
  const place = (
    { shape, dtype, level }: Pick<Slot, "shape" | "dtype" | "level">,
    location?: Location,
  ): Slot =>
    location === undefined
      ? block.slot(shape, dtype, level, level === 0 ? 1 : context.lanes, level === 2 ? context.members : 1)
      : { shape, dtype, level, location };

  const operands = node.inputs.map((input) => place(input, operandLocation(context, schedule, input)));
  const levelOf = (i: number): Slot["level"] => body.inputLevels[i]!;
  const carry = operands
    .slice(numConsts, first)
    .map((operand, i) => place({ ...operand, level: levelOf(numConsts + i) }, results.get(i)));
  const rows = operands.slice(first).map((operand) => place({ ...operand, shape: operand.shape.slice(1) }));
  const slots = [...operands.slice(0, numConsts), ...carry, ...rows];
  const ys = body.outputs.slice(numCarry).flatMap((output, i): MovedRow[] => {
    const result = results.get(numCarry + i);
    if (result === undefined) return [];
    if (output.op === "input") return [{ from: slots[output.params.slot!]!, result, isGiven: true }];
    const same = carry.find(({ level }, k) => body.outputs[k] === output && level === output.level);
    return [{ from: same ?? place(output), result, isGiven: false, ...(same === undefined && { output }) }];
  });
  const computed = ys.flatMap(({ output, from }) => (output === undefined ? [] : [{ output, from }]));

  const hoisted = hoistInvariants(
    [...body.outputs.slice(0, numCarry), ...computed.map(({ output }) => output)],
    (slot) => slot >= numConsts && slot < first + rows.length,
    (invariant) => slots.push(place(invariant)) - 1,
  );
  const own = { ...context, slots, scratchStart: block.bytes };
  const targets = [...carry, ...computed.map(({ from }) => from)];
  const start = body.graph;
  const sections = {
    start: compile(
      `${name} start`,
      start,
      operands.slice(numConsts, first).map((operand, i): SectionOutput => {
        const { shape, dtype, level } = operand;
        return { node: start.input(numConsts + i, shape, dtype, level), slot: carry[i]! };
      }),
      { ...own, slots: operands },
    ),
    invariants: compile(
      `${name} invariants`,
      body.graph,
      [...hoisted.invariants].map(([slot, invariant]) => ({ node: invariant, slot: slots[slot]! })),
      own,
    ),
    step: compile(
      `${name} step`,
      hoisted.graph,
      hoisted.outputs.map((output, i) => ({ node: output, slot: targets[i]! })),
      own,
    ),
  };

  const f = kernelFunction(context.module, name);
  const call = ({ calls }: CompiledSection): void => {
    for (const kernel of calls) f.get(0, 1, 2, 3).call(kernel);
  };
  call(sections.start);
  call(sections.invariants);
  const [pass, row] = [f.local("i32"), f.local("i32")];
  const write = (isGiven: boolean): void => {
    for (const y of ys) if (y.isGiven === isGiven) moveRow(f, context, y.from, y.result, row, "write");
  };
  f.forLoop(pass, 0, length, 1, () => {
    if (reverse)
      f.i32(length - 1)
        .get(pass)
        .op("i32.sub")
        .set(row);
    else f.get(pass).set(row);
    rows.forEach((to, i) => moveRow(f, context, to, operands[first + i]!.location, row, "read"));
    write(true);
    call(sections.step);
    write(false);
  });
  const scratchEnd = Math.max(...Object.values(sections).map((section) => section.scratchEnd), block.bytes);
  return { kernel: f, length, sections, scratchEnd };
}

/** Where an operand lies: whole, in row-major order. */
function operandLocation({ locate }: EmitContext, { accesses }: Schedule, operand: Node): Location {
  const { base, strides, offset } = accesses.of(operand);
  const location = locate(base);
  if (location.strides !== undefined || !isContiguous(operand, strides))
    throw new Error(`internal: operand ${operand.op} ${operand.id} of a loop is not contiguous`);
  return { ...location, offset: location.offset + offset * location.lanes * bytesOf(base.dtype) };
}

/** Whether elements at these strides follow each other. */
function isContiguous(operand: Node, strides: readonly number[]): boolean {
  return isIdentity(operand.shape, { base: operand, strides, offset: 0 });
}

/** Longer pieces are moved by the machine's own loop. */
const mostInline = 256;
const pieces = [
  [16, "v128"],
  [8, "i64"],
  [4, "i32"],
] as const;

/** Moves row number `row` of `array` to the memory of `slot`, or back. */
function moveRow(
  f: FunctionBuilder,
  { members }: SectionContext,
  { shape, dtype, level, location }: Slot,
  array: Location,
  row: Local,
  direction: "read" | "write",
): void {
  const bytes = sizeOf(shape) * location.lanes * bytesOf(dtype);
  const push = ({ base }: Location): FunctionBuilder => {
    const pointer = pointers.indexOf(base);
    return pointer < 0 ? f.i32(0) : f.get(pointer);
  };
  const far = push(array).get(row).i32(bytes).op("i32.mul").op("i32.add").save("i32");
  const near = push(location).save("i32");
  for (let member = 0; member < (level === 2 ? members : 1); member++) {
    const ends = {
      far: { pointer: far, offset: array.offset + member * (array.memberBytes ?? 0) },
      near: { pointer: near, offset: location.offset + member * (location.memberBytes ?? 0) },
    };
    const [to, from] = direction === "read" ? [ends.near, ends.far] : [ends.far, ends.near];
    if (bytes > mostInline) {
      for (const { pointer, offset } of [to, from]) f.get(pointer).i32(offset).op("i32.add");
      f.i32(bytes).memoryCopy();
      continue;
    }
    for (let at = 0; at < bytes;) {
      const [size, type] = pieces.find(([one]) => one <= bytes - at)!;
      f.get(to.pointer, from.pointer);
      f.mem(`${type}.load`, from.offset + at, 2).mem(`${type}.store`, to.offset + at, 2);
      at += size;
    }
  }
  f.release(far, near);
}
