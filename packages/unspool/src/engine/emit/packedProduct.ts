/**
 * Large matrix products of values that have no lanes. Columns of the result are taken in panels of 64 bytes; the part of
 * the right side that a panel needs is copied to one contiguous stretch first, from rows or columns alike, so that
 * the inner loop reads it in order: rows that lie a power of two apart would share a few lines of the first-level
 * cache (measured for 32 x 512 by 512 x 2048: 16 GFLOP/s unpacked, 45 packed).
 *
 *     for each block of summed elements, for each panel: pack; for each two rows: 2 x 64 bytes of sums in registers
 */
import type { Node } from "../graph/node.ts";
import type { Schedule } from "../graph/schedule.ts";
import { multiplyAdd } from "../math/index.ts";
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import { kernelFunction } from "./kernelFunction.ts";
import { type EmitContext, bytesOf, pointers } from "./location.ts";
import { PanelPacker } from "./panelPacker.ts";
import { type ProductPlan, type ProductSide, blockLength, panelBytes, productPlan } from "./productPlan.ts";

/** The kernel, or undefined if `node` is better computed as it lies. `workspace` is an offset in scratch memory. */
export function emitPackedProduct(
  context: EmitContext,
  schedule: Schedule,
  node: Node,
  name: string,
  workspace: number,
): FunctionBuilder | undefined {
  const plan = productPlan(context, schedule, node);
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
  readonly #plan: ProductPlan;
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
  readonly #packer: PanelPacker;

  constructor(context: EmitContext, plan: ProductPlan, node: Node, name: string, workspace: number) {
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
    this.#packer = new PanelPacker(f, plan.right, this.#bytes, this.#packed, this.#depth);
  }

  emit(): FunctionBuilder {
    const { left, right, out, outer } = this.#plan;
    const start = ({ location, offset }: ProductSide): Local => {
      const at = pointers.indexOf(location.base);
      if (at < 0) this.#f.i32(offset);
      else this.#f.get(at).i32(offset).op("i32.add");
      return this.#f.save("i32");
    };
    this.#nest(outer, { left: start(left), right: start(right), out: start(out) });
    return this.#f;
  }

  #nest(axes: ProductPlan["outer"], at: Pointers): void {
    const [axis, ...rest] = axes;
    if (axis === undefined) {
      this.#blocks(at);
      return;
    }
    this.#repeat(axis.size, at, axis, (inner) => this.#nest(rest, inner));
  }

  /** `passes` passes; `step` says by how many bytes the pointers move after each. */
  #repeat(
    passes: number,
    at: Pointers,
    step: Readonly<Record<keyof Pointers, number>>,
    body: (inner: Pointers) => void,
  ): void {
    if (passes === 0) return;
    const f = this.#f;
    const names = (["left", "right", "out"] as const).filter((name) => step[name] !== 0);
    const inner = { ...at };
    for (const name of names) {
      f.get(at[name]);
      inner[name] = f.save("i32");
    }
    const counter = f.local("i32");
    f.forLoop(counter, 0, passes, 1, () => {
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
    const passes = Math.ceil(summed / blockLength);
    const remaining = f.local("i32");
    f.i32(summed).set(remaining).i32(0).set(this.#isLater);
    const step = { left: blockLength * left.summed, right: blockLength * right.summed, out: 0 };
    this.#repeat(passes, at, step, (inner) => {
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
    this.#packer.pack(width, at.right);
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
