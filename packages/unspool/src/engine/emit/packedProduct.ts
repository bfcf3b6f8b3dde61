/**
 * Large matrix products of values that have no lanes. Columns of the result are taken in panels of 64 bytes; the part of
 * the right side that a panel needs is copied to one contiguous stretch first, from rows or columns alike, so that
 * the inner loop reads it in order: rows that lie a power of two apart would share a few lines of the first-level
 * cache (measured for 32 x 512 by 512 x 2048: 16 GFLOP/s unpacked, 45 packed).
 *
 *     for each block of summed elements, for each panel: pack; for each two rows: 2 x 64 bytes of sums in registers
 */
import type { Node } from "../graph/node.ts";
import { sizeOf } from "../graph/node.ts";
import type { Schedule } from "../graph/schedule.ts";
import { multiplyAdd } from "../math/index.ts";
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import { type ContractionAxis, contractionAxes } from "./contraction.ts";
import { kernelFunction } from "./kernelFunction.ts";
import { type EmitContext, type Location, bytesOf, pointers } from "./location.ts";

/** Summed elements per block: a panel of them fills half of the first-level cache. */
const blockLength = 256;
const panelBytes = 64;
/** Fewer rows do not pay for the packing, fewer summed elements not for the loops around it. */
const fewestRows = 8;
const fewestSummed = 16;

/** Bytes of scratch memory that a product of values without lanes may want; 0 if it is too small for packing. */
export function packedBytes(node: Node): number {
  if (node.level > 0) return 0;
  const { shape } = node.inputs[0]!;
  const axes = node.params.axes ?? [shape.length - 1];
  const summed = sizeOf(shape.filter((_, i) => axes.includes(i)));
  const isLarge =
    summed >= fewestSummed && sizeOf(node.shape) >= (fewestRows * panelBytes) / bytesOf(node.dtype);
  return isLarge ? Math.min(summed, blockLength) * panelBytes : 0;
}

interface Side {
  readonly location: Location;
  readonly offset: number;
  readonly row: number;
  readonly column: number;
  readonly summed: number;
}

interface Plan {
  readonly rows: number;
  readonly columns: number;
  readonly summed: number;
  /** Further axes of the result: bytes that left, right and result move by. */
  readonly outer: readonly { size: number; left: number; right: number; out: number }[];
  readonly left: Side;
  readonly right: Side;
  readonly out: Side;
}

/** How to compute a product by packing; undefined if its shape does not ask for it. */
function planOf(context: EmitContext, schedule: Schedule, node: Node): Plan | undefined {
  const [a, b] = node.inputs.map((input) => schedule.accesses.of(input)) as [Access, Access];
  const { kept, summed } = contractionAxes(node, a, b, context);
  const [depth] = summed;
  if (depth === undefined || summed.length > 1) return undefined;
  const one = bytesOf(node.dtype);
  const largest = (fits: (axis: ContractionAxis) => boolean): ContractionAxis | undefined =>
    kept.filter(fits).toSorted((x, y) => y.size - x.size)[0];
  const ofA = largest((axis) => axis.a !== 0 && axis.b === 0);
  const ofB = largest((axis) => axis.b !== 0 && axis.a === 0);
  if (ofA === undefined || ofB === undefined) return undefined;
  // Columns are neighbours in the result; the other side's axis are the rows.
  const isSwapped = ofA.out === one;
  if (!isSwapped && ofB.out !== one) return undefined;
  const [rows, columns] = isSwapped ? [ofB, ofA] : [ofA, ofB];
  const [leftName, rightName] = isSwapped ? (["b", "a"] as const) : (["a", "b"] as const);
  if (rows.size < fewestRows || columns.size * one < panelBytes || depth.size < fewestSummed)
    return undefined;
  if (rows[leftName] < 0 || rows.out < 0 || columns[rightName] < 0) return undefined;
  const isNear =
    columns[rightName] === one && Math.abs(depth[rightName]) * depth.size <= blockLength * panelBytes;
  if (isNear) return undefined;
  const side = (name: "a" | "b"): Side => {
    const access = name === "a" ? a : b;
    const location = context.locate(access.base);
    return {
      location,
      offset: location.offset + access.offset * one,
      row: rows[name],
      column: columns[name],
      summed: depth[name],
    };
  };
  const location = context.locate(node);
  return {
    rows: rows.size,
    columns: columns.size,
    summed: depth.size,
    outer: kept
      .filter((axis) => axis !== rows && axis !== columns)
      .map((axis) => ({ size: axis.size, left: axis[leftName], right: axis[rightName], out: axis.out })),
    left: side(leftName),
    right: side(rightName),
    out: { location, offset: location.offset, row: rows.out, column: one, summed: 0 },
  };
}

type Access = ReturnType<Schedule["accesses"]["of"]>;

/** The kernel, or undefined if `node` is better computed as it lies. `workspace` is an offset in scratch memory. */
export function emitPackedProduct(
  context: EmitContext,
  schedule: Schedule,
  node: Node,
  name: string,
  workspace: number,
): FunctionBuilder | undefined {
  const plan = planOf(context, schedule, node);
  if (plan === undefined) return undefined;
  return new ProductEmitter(context, plan, node, name, workspace).emit();
}

interface Pointers {
  left: Local;
  right: Local;
  out: Local;
}

class ProductEmitter {
  readonly #context: EmitContext;
  readonly #plan: Plan;
  readonly #f: FunctionBuilder;
  readonly #bytes: number;
  readonly #prefix: "f32x4" | "f64x2";
  readonly #lanes: number;
  readonly #packed: Local;
  /** Summed elements of the block at hand, and whether sums of earlier blocks lie in the result. */
  readonly #depth: Local;
  readonly #isLater: Local;
  /** End of the packed panel. */
  readonly #end: Local;
  readonly #hasBlocks: boolean;

  constructor(context: EmitContext, plan: Plan, node: Node, name: string, workspace: number) {
    this.#context = context;
    this.#plan = plan;
    this.#bytes = bytesOf(node.dtype);
    this.#prefix = node.dtype === "float64" ? "f64x2" : "f32x4";
    this.#lanes = 16 / this.#bytes;
    const f = kernelFunction(context.module, name);
    f.note = "packed panels, tile 2 x 64 bytes";
    this.#f = f;
    f.get(0).i32(workspace).op("i32.add");
    this.#packed = f.save("i32");
    this.#depth = f.local("i32");
    this.#isLater = f.local("i32");
    this.#end = f.local("i32");
    this.#hasBlocks = plan.summed > blockLength;
  }

  emit(): FunctionBuilder {
    const { left, right, out, outer } = this.#plan;
    const start = ({ location, offset }: Side): Local => {
      const at = pointers.indexOf(location.base);
      if (at < 0) this.#f.i32(offset);
      else this.#f.get(at).i32(offset).op("i32.add");
      return this.#f.save("i32");
    };
    this.#nest(outer, { left: start(left), right: start(right), out: start(out) });
    return this.#f;
  }

  #nest(axes: Plan["outer"], at: Pointers): void {
    const [axis, ...rest] = axes;
    if (axis === undefined) {
      this.#blocks(at);
      return;
    }
    this.#repeat(axis.size, at, axis, (inner) => this.#nest(rest, inner));
  }

  /** `turns` turns; `step` says by how many bytes the pointers move after each. */
  #repeat(
    turns: number,
    at: Pointers,
    step: Readonly<Record<keyof Pointers, number>>,
    body: (inner: Pointers) => void,
  ): void {
    if (turns === 0) return;
    const f = this.#f;
    const names = (["left", "right", "out"] as const).filter((name) => step[name] !== 0);
    const inner = { ...at };
    for (const name of names) {
      f.get(at[name]);
      inner[name] = f.save("i32");
    }
    const counter = f.local("i32");
    f.forLoop(counter, 0, turns, 1, () => {
      body(inner);
      for (const name of names) f.get(inner[name]).i32(step[name]).op("i32.add").set(inner[name]);
    });
    f.release(counter);
    for (const name of names) f.release(inner[name]);
  }

  #blocks(at: Pointers): void {
    const f = this.#f;
    const { summed, left, right } = this.#plan;
    if (!this.#hasBlocks) {
      f.i32(summed).set(this.#depth);
      this.#panels(at);
      return;
    }
    const turns = Math.ceil(summed / blockLength);
    const remaining = f.local("i32");
    f.i32(summed).set(remaining).i32(0).set(this.#isLater);
    const step = { left: blockLength * left.summed, right: blockLength * right.summed, out: 0 };
    this.#repeat(turns, at, step, (inner) => {
      f.get(remaining).i32(blockLength).get(remaining).i32(blockLength).op("i32.lt_s").op("select");
      f.set(this.#depth);
      this.#panels(inner);
      f.get(remaining).i32(blockLength).op("i32.sub").set(remaining);
      f.i32(1).set(this.#isLater);
    });
    f.release(remaining);
  }

  #panels(at: Pointers): void {
    const f = this.#f;
    f.get(this.#depth).i32(panelBytes).op("i32.mul").get(this.#packed).op("i32.add").set(this.#end);
    const { columns, right } = this.#plan;
    const width = panelBytes / this.#bytes;
    const full = Math.floor(columns / width);
    const step = { left: 0, right: width * right.column, out: panelBytes };
    this.#repeat(full, at, step, (inner) => this.#panel(width, inner));
    const rest = columns % width;
    if (rest === 0) return;
    const moved = { ...at };
    f.get(at.right)
      .i32(full * step.right)
      .op("i32.add");
    moved.right = f.save("i32");
    f.get(at.out)
      .i32(full * step.out)
      .op("i32.add");
    moved.out = f.save("i32");
    this.#panel(rest, moved);
    f.release(moved.right, moved.out);
  }

  /** All rows of `width` columns. */
  #panel(width: number, at: Pointers): void {
    const { rows, left, out } = this.#plan;
    this.#pack(width, at.right);
    const step = { left: 2 * left.row, right: 0, out: 2 * out.row };
    const pairs = Math.floor(rows / 2);
    this.#repeat(pairs, at, step, (inner) => this.#tile(2, width, inner));
    if (rows % 2 === 0) return;
    const f = this.#f;
    const last = { ...at };
    f.get(at.left)
      .i32(pairs * step.left)
      .op("i32.add");
    last.left = f.save("i32");
    f.get(at.out)
      .i32(pairs * step.out)
      .op("i32.add");
    last.out = f.save("i32");
    this.#tile(1, width, last);
    f.release(last.left, last.out);
  }

  #pack(width: number, from: Local): void {
    const { right } = this.#plan;
    if (right.column === this.#bytes) this.#packRows(width, from);
    else if (right.summed === this.#bytes) this.#packColumns(width, from);
    else this.#packSingly(width, from);
  }

  /** Runs `body` for every `step`-th summed element of the block, with pointers into the operand and the packed panel. */
  #walk(from: Local, turns: Local, step: number, body: (source: Local, packed: Local) => void): void {
    const f = this.#f;
    f.get(from);
    const source = f.save("i32");
    f.get(this.#packed);
    const packed = f.save("i32");
    const counter = f.local("i32");
    f.forLoop(counter, 0, [turns], 1, () => {
      body(source, packed);
      f.get(source)
        .i32(step * this.#plan.right.summed)
        .op("i32.add")
        .set(source);
      f.get(packed)
        .i32(step * panelBytes)
        .op("i32.add")
        .set(packed);
    });
    f.release(source, packed, counter);
  }

  #packRows(width: number, from: Local): void {
    const f = this.#f;
    this.#walk(from, this.#depth, 1, (source, packed) => {
      for (let v = 0; v < this.#vectors(width); v++)
        f.get(packed, source)
          .mem("v128.load", 16 * v, 2)
          .mem("v128.store", 16 * v, 2);
    });
  }

  #packSingly(width: number, from: Local): void {
    this.#walk(from, this.#depth, 1, (source, packed) => this.#packOne(width, source, packed));
  }

  /** One summed element of all columns, column by column. */
  #packOne(width: number, source: Local, packed: Local): void {
    const f = this.#f;
    const name = this.#bytes === 4 ? "i32" : "i64";
    for (let c = 0; c < width; c++) {
      f.get(packed, source).mem(`${name}.load`, c * this.#plan.right.column);
      f.mem(`${name}.store`, c * this.#bytes);
    }
  }

  /** The summed elements of a column are neighbours: squares of vectors are transposed. */
  #packColumns(width: number, from: Local): void {
    const f = this.#f;
    const lanes = this.#lanes;
    const { column } = this.#plan.right;
    const squares = f.local("i32");
    const whole = (): FunctionBuilder => f.get(this.#depth).i32(Math.log2(lanes)).op("i32.shr_u");
    whole().set(squares);
    f.get(squares).if(() => {
      this.#walk(from, squares, lanes, (source, packed) => {
        for (let v = 0; v < this.#vectors(width); v++) {
          const columns = Array.from({ length: lanes }, (_, lane) => {
            // Columns past the last one are never stored: any will do.
            const at = Math.min(v * lanes + lane, width - 1);
            f.get(source).mem("v128.load", at * column, 2);
            return f.save("v128");
          });
          const rows = transposed(f, columns);
          rows.forEach((row, k) => f.get(packed, row).mem("v128.store", k * panelBytes + 16 * v, 2));
          f.release(...columns, ...rows.filter((row) => !columns.includes(row)));
        }
      });
    });
    const rest = f.local("i32");
    f.get(this.#depth)
      .i32(lanes - 1)
      .op("i32.and")
      .set(rest);
    f.get(rest).if(() => {
      const [source, packed, counter] = [f.local("i32"), f.local("i32"), f.local("i32")];
      f.get(squares).i32(16).op("i32.mul").get(from).op("i32.add").set(source);
      f.get(squares)
        .i32(lanes * panelBytes)
        .op("i32.mul")
        .get(this.#packed)
        .op("i32.add")
        .set(packed);
      f.forLoop(counter, 0, [rest], 1, () => {
        this.#packOne(width, source, packed);
        f.get(source).i32(this.#bytes).op("i32.add").set(source);
        f.get(packed).i32(panelBytes).op("i32.add").set(packed);
      });
      f.release(source, packed, counter);
    });
    f.release(squares, rest);
  }

  #vectors(width: number): number {
    return Math.ceil(width / this.#lanes);
  }

  /** `rows` by `width` results of the block. */
  #tile(rows: number, width: number, at: Pointers): void {
    const f = this.#f;
    const vectors = this.#vectors(width);
    const { left, out } = this.#plan;
    const sums = Array.from({ length: rows * vectors }, () => f.local("v128"));
    const zero = f.constant(this.#prefix, 0);
    const clear = (): void => sums.forEach((sum) => f.get(zero).set(sum));
    const reload = (): void =>
      sums.forEach((sum, i) => {
        const offset = Math.floor(i / vectors) * out.row + 16 * (i % vectors);
        f.get(at.out).mem("v128.load", offset, 2).set(sum);
      });
    if (this.#hasBlocks) f.get(this.#isLater).if(reload, clear);
    else clear();
    f.get(at.left);
    const a = f.save("i32");
    f.get(this.#packed);
    const b = f.save("i32");
    f.loop(() => {
      const loaded = Array.from({ length: vectors }, (_, v) => {
        f.get(b).mem("v128.load", 16 * v, 2);
        return f.save("v128");
      });
      for (let r = 0; r < rows; r++) {
        f.get(a).mem(this.#bytes === 4 ? "v128.load32_splat" : "v128.load64_splat", r * left.row);
        const splat = f.save("v128");
        for (let v = 0; v < vectors; v++) {
          const sum = sums[r * vectors + v]!;
          multiplyAdd(f, this.#prefix, splat, loaded[v]!, sum, this.#context);
          f.set(sum);
        }
        f.release(splat);
      }
      f.release(...loaded);
      f.get(a).i32(left.summed).op("i32.add").set(a);
      f.get(b).i32(panelBytes).op("i32.add").tee(b).get(this.#end).op("i32.lt_u").brIf(0);
    });
    f.release(a, b);
    sums.forEach((sum, i) => {
      const offset = Math.floor(i / vectors) * out.row + 16 * (i % vectors);
      const valid = Math.min(this.#lanes, width - (i % vectors) * this.#lanes);
      if (valid === this.#lanes) f.get(at.out, sum).mem("v128.store", offset, 2);
      else
        for (let lane = 0; lane < valid; lane++) {
          const name = this.#bytes === 4 ? "v128.store32_lane" : "v128.store64_lane";
          f.get(at.out, sum).laneMem(name, lane, offset + lane * this.#bytes);
        }
    });
    f.release(...sums);
  }
}

/** The rows of a square of vectors whose columns are given. */
function transposed(f: FunctionBuilder, columns: readonly Local[]): Local[] {
  const mixed = (x: Local, y: Local, lanes: [number, number, number, number]): Local => {
    f.get(x, y).shuffle32(...lanes);
    return f.save("v128");
  };
  if (columns.length === 2) {
    const [x, y] = columns as [Local, Local];
    return [mixed(x, y, [0, 1, 4, 5]), mixed(x, y, [2, 3, 6, 7])];
  }
  const [a, b, c, d] = columns as [Local, Local, Local, Local];
  const [ab, cd] = [mixed(a, b, [0, 4, 1, 5]), mixed(c, d, [0, 4, 1, 5])];
  const [abHigh, cdHigh] = [mixed(a, b, [2, 6, 3, 7]), mixed(c, d, [2, 6, 3, 7])];
  const rows = [
    mixed(ab, cd, [0, 1, 4, 5]),
    mixed(ab, cd, [2, 3, 6, 7]),
    mixed(abHigh, cdHigh, [0, 1, 4, 5]),
    mixed(abHigh, cdHigh, [2, 3, 6, 7]),
  ];
  f.release(ab, cd, abHigh, cdHigh);
  return rows;
}
