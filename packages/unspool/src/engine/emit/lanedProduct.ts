/**
 * Deep matrix products of values with lanes. The right side is copied, a block at a time and in the order in which it
 * lies, to panels of a few columns each: a panel is read again for every row, from the first-level cache, where the
 * rows of the right side, a power of two apart, would share a few lines.
 *
 *     for each block: pack; for each panel, for each two rows: 8 vectors of sums in registers
 */
import type { Node } from "../graph/node.ts";
import type { Schedule } from "../graph/schedule.ts";
import { multiplyAdd } from "../math/index.ts";
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import { AxisWalker, type ContractionAxis, type Pointers, contractionAxes, startPointer } from "./axes.ts";
import { longest } from "./contractionPlan.ts";
import { kernelFunction } from "./kernelFunction.ts";
import { type EmitContext, type Location, bytesOf } from "./location.ts";

/** Summed elements per block, and vectors of the right side per summed element: 64 KiB. */
const blockLength = 64;
const blockVectors = 64;
const vectorsPerRow = 4;
const panelRowBytes = 16 * vectorsPerRow;
/** Below this the right side is in the first-level cache anyway. */
const leastDepth = 96;
const leastRows = 8;
const rowsPerTile = 2;

/** One vector of sums: of a row, and of a column and member. */
interface Cell {
  readonly row: number;
  readonly vector: number;
  readonly sum: Local;
}

type SideName = "a" | "b";

interface Plan {
  left: SideName;
  right: SideName;
  rows: ContractionAxis;
  columns: ContractionAxis;
  summed: ContractionAxis;
  outer: ContractionAxis[];
  members: number;
}

function planOf(context: EmitContext, schedule: Schedule, node: Node): Plan | undefined {
  const isFit =
    node.level > 0 && node.dtype === "float32" && context.lanes === 4 && context.strips === undefined;
  const [a, b] = node.inputs.map((input) => schedule.accesses.of(input));
  const memberBytes = [a!, b!].map(({ base }) => context.locate(base).memberBytes);
  // Where both sides differ, the members are computed one after the other.
  const isApart = node.level === 2 && memberBytes.every((bytes) => bytes !== undefined);
  const members = node.level === 2 && !isApart ? context.members : 1;
  if (!isFit || vectorsPerRow % members !== 0) return undefined;
  const { kept, summed } = contractionAxes(node, a!, b!, context);
  const [only, ...more] = summed;
  if (only === undefined || more.length > 0 || only.size < leastDepth) return undefined;
  for (const [left, right] of [
    ["a", "b"],
    ["b", "a"],
  ] as const) {
    const rows = longest(kept.filter((axis) => axis[left] !== 0 && axis[right] === 0));
    const columns = longest(kept.filter((axis) => axis[right] !== 0 && axis[left] === 0));
    const location = context.locate((right === "a" ? a! : b!).base);
    if (rows === undefined || columns === undefined || rows.size < leastRows) continue;
    const isPerMember = location.memberBytes !== undefined || members === 1;
    if (location.lanes !== context.lanes || !isPerMember || columns.size < vectorsPerRow / members) continue;
    const others = kept.filter((axis) => axis !== rows && axis !== columns);
    const [ofA, ofB] = memberBytes;
    const apart = {
      size: context.members,
      a: ofA!,
      b: ofB!,
      out: context.locate(node).memberBytes!,
      beside: [],
    };
    const outer = isApart ? [apart, ...others] : others;
    return { left, right, rows, columns, summed: only, outer, members };
  }
  return undefined;
}

/** Scratch memory that the kernel needs; 0 if `node` is better computed as it lies. */
export function lanedProductBytes(node: Node): number {
  const depth = node.op === "dot" && node.level > 0 ? node.inputs[0]!.shape.at(-1)! : 0;
  return depth < leastDepth ? 0 : blockLength * blockVectors * 16;
}

/** The kernel, or undefined if `node` is better computed as it lies. `workspace` is an offset in scratch memory. */
export function emitLanedProduct(
  context: EmitContext,
  schedule: Schedule,
  node: Node,
  name: string,
  workspace: number,
): FunctionBuilder | undefined {
  const plan = planOf(context, schedule, node);
  return plan && new LanedProduct(context, schedule, node, plan, name, workspace).emit();
}

class LanedProduct {
  readonly #context: EmitContext;
  readonly #plan: Plan;
  readonly #f: FunctionBuilder;
  readonly #places: Record<SideName | "out", { location: Location; offset: number }>;
  readonly #walker: AxisWalker;
  readonly #panels: Local;
  readonly #depth: Local;
  readonly #isLater: Local;

  constructor(
    context: EmitContext,
    schedule: Schedule,
    node: Node,
    plan: Plan,
    name: string,
    workspace: number,
  ) {
    this.#context = context;
    this.#plan = plan;
    const f = kernelFunction(context.module, name);
    f.note = `packed panels, tile ${rowsPerTile} x ${vectorsPerRow / plan.members}`;
    this.#f = f;
    this.#walker = new AxisWalker(f);
    const [a, b] = node.inputs.map((input) => {
      const { base, offset } = schedule.accesses.of(input);
      const location = context.locate(base);
      return { location, offset: location.offset + offset * location.lanes * bytesOf(node.dtype) };
    });
    const out = context.locate(node);
    this.#places = { a: a!, b: b!, out: { location: out, offset: out.offset } };
    f.get(0).i32(workspace).op("i32.add");
    this.#panels = f.save("i32");
    this.#depth = f.local("i32");
    this.#isLater = f.local("i32");
  }

  emit(): FunctionBuilder {
    const f = this.#f;
    const start = (side: SideName | "out"): Local =>
      startPointer(f, this.#places[side].location.base, this.#places[side].offset);
    this.#walker.nest(
      this.#plan.outer,
      { a: start("a"), b: start("b"), out: start("out"), beside: [] },
      (at) => this.#blocks(at),
    );
    return f;
  }

  #blocks(at: Pointers): void {
    const f = this.#f;
    const { summed, columns, rows, members } = this.#plan;
    const passes = Math.ceil(summed.size / blockLength);
    const left = f.local("i32");
    f.i32(summed.size).set(left).i32(0).set(this.#isLater);
    this.#walker.loop(summed, passes, blockLength, at, (block) => {
      f.get(left).i32(blockLength).get(left).i32(blockLength).op("i32.lt_s").op("select").set(this.#depth);
      this.#walker.parts(columns, blockVectors / members, block, (width, wide) => {
        this.#pack(width, wide);
        const panel = f.get(this.#panels).save("i32");
        this.#walker.parts({ ...columns, size: width }, vectorsPerRow / members, wide, (narrow, inner) => {
          this.#walker.parts(rows, rowsPerTile, inner, (height, tile) =>
            this.#tile(height, narrow, panel, tile),
          );
          f.get(panel)
            .i32(blockLength * panelRowBytes)
            .op("i32.add")
            .set(panel);
        });
        f.release(panel);
      });
      f.get(left).i32(blockLength).op("i32.sub").set(left);
      f.i32(1).set(this.#isLater);
    });
    f.release(left);
  }

  /** Panel after panel, each [summed element][column][member]; read row by row. */
  #pack(width: number, at: Pointers): void {
    const f = this.#f;
    const { right, summed, columns, members } = this.#plan;
    const from = f.get(at[right]).save("i32");
    const to = f.get(this.#panels).save("i32");
    const counter = f.local("i32");
    const perPanel = vectorsPerRow / members;
    const rowStart = f.local("i32");
    f.forLoop(counter, 0, [this.#depth], 1, () => {
      for (let member = 0; member < members; member++) {
        const bytes = member * (this.#places[right].location.memberBytes ?? 0);
        f.get(from).i32(bytes).op("i32.add").set(rowStart);
        for (let column = 0; column < width; column++) {
          const offset = column * columns[right];
          f.get(to);
          this.#pushAddress(rowStart, offset).mem("v128.load", Math.max(0, offset), 2);
          const panel = Math.floor(column / perPanel) * blockLength * panelRowBytes;
          f.mem("v128.store", panel + 16 * ((column % perPanel) * members + member));
        }
      }
      f.get(from).i32(summed[right]).op("i32.add").set(from);
      f.get(to).i32(panelRowBytes).op("i32.add").set(to);
    });
    f.release(from, to, counter, rowStart);
  }

  #tile(height: number, width: number, panel: Local, at: Pointers): void {
    const { members } = this.#plan;
    const cells = Array.from({ length: height * width * members }, (_, i): Cell => ({
      row: Math.floor(i / (width * members)),
      vector: i % (width * members),
      sum: this.#f.local("v128"),
    }));
    this.#startSums(cells, at.out);
    this.#addProducts(cells, height, panel, at[this.#plan.left]);
    for (const cell of cells) {
      const offset = this.#outOffset(cell);
      this.#pushAddress(at.out, offset).get(cell.sum).mem("v128.store", Math.max(0, offset), 2);
    }
    this.#f.release(...cells.map(({ sum }) => sum));
  }

  /** The sums of the blocks before, or 0. */
  #startSums(cells: readonly Cell[], out: Local): void {
    const f = this.#f;
    const zero = f.constant("f32x4", 0);
    f.get(this.#isLater).if(
      () => {
        for (const cell of cells) {
          const offset = this.#outOffset(cell);
          this.#pushAddress(out, offset).mem("v128.load", Math.max(0, offset), 2).set(cell.sum);
        }
      },
      () => {
        for (const { sum } of cells) f.get(zero).set(sum);
      },
    );
  }

  /** One pass per summed element of the block. */
  #addProducts(cells: readonly Cell[], height: number, start: Local, leftStart: Local): void {
    const f = this.#f;
    const { left, summed, members } = this.#plan;
    const from = f.get(leftStart).save("i32");
    const panel = f.get(start).save("i32");
    const counter = f.local("i32");
    const copies = this.#places[left].location.memberBytes === undefined ? 1 : members;
    f.forLoop(counter, 0, [this.#depth], 1, () => {
      const lefts = this.#loadLeft(height, copies, from);
      for (let vector = 0; vector < cells.length / height; vector++) {
        f.get(panel).mem("v128.load", 16 * vector);
        const right = f.save("v128");
        for (const { row, sum } of cells.filter((cell) => cell.vector === vector)) {
          const own = lefts[row * copies + (copies === 1 ? 0 : vector % members)]!;
          multiplyAdd(f, "f32x4", own, right, sum, this.#context);
          f.set(sum);
        }
        f.release(right);
      }
      f.release(...lefts);
      f.get(from).i32(summed[left]).op("i32.add").set(from);
      f.get(panel).i32(panelRowBytes).op("i32.add").set(panel);
    });
    f.release(from, panel, counter);
  }

  /** Of each row, the members that differ. */
  #loadLeft(height: number, copies: number, from: Local): Local[] {
    const { left, rows } = this.#plan;
    const { lanes, memberBytes = 0 } = this.#places[left].location;
    const load = lanes === 1 ? "v128.load32_splat" : "v128.load";
    return Array.from({ length: height * copies }, (_, i) => {
      const offset = Math.floor(i / copies) * rows[left] + (i % copies) * memberBytes;
      return this.#pushAddress(from, offset).mem(load, Math.max(0, offset), 2).save("v128");
    });
  }

  #outOffset({ row, vector }: Cell): number {
    const { rows, columns, members } = this.#plan;
    const { memberBytes = 0 } = this.#places.out.location;
    const column = Math.floor(vector / members);
    return row * rows.out + column * columns.out + (vector % members) * memberBytes;
  }

  /** Pushes a pointer for an access at `offset`: what is negative is added to it, as immediate offsets are unsigned. */
  #pushAddress(pointer: Local, offset: number): FunctionBuilder {
    const f = this.#f.get(pointer);
    return offset < 0 ? f.i32(offset).op("i32.add") : f;
  }
}
