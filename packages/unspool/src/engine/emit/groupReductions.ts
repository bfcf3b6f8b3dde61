/**
 * Reductions at the end of a group: an accumulator in registers for each, and for each copy of the body. Long sums of
 * float32 are accumulated in float64, so that they are as accurate as sums in pairs, and rounded once.
 */
import type { Node } from "../graph/node.ts";
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import type { Copy } from "./groupPlan.ts";
import { type GroupContext, storeTarget } from "./groupStore.ts";
import { reductionInstruction, reductionStart } from "./reductions.ts";
import { type Vector, constantVector, isWide } from "./vectors.ts";

/** From so many terms on, a sum one after the other loses more than a digit. */
const longSum = 1024;

/** Whether a reduction is a sum of float32 with so many terms. */
function isLongSum({ params, dtype, inputs }: Node): boolean {
  if (params.reduction !== "Add" || dtype !== "float32") return false;
  return params.axes!.reduce((count, axis) => count * inputs[0]!.shape[axis]!, 1) > longSum;
}

export class GroupReductions {
  readonly #context: GroupContext;
  readonly #accumulators = new Map<string, Vector>();

  constructor(context: GroupContext) {
    this.#context = context;
  }

  #accumulator(node: Node, copy: Copy): Vector {
    return this.#accumulators.get(`${node.id}#${copy.index}`)!;
  }

  #start({ params, dtype }: Node): Vector {
    return constantVector(this.#context.f, reductionStart(params.reduction!, dtype), dtype);
  }

  start(): void {
    const { f, plan } = this.#context;
    for (const { node } of plan.sinks) {
      for (const copy of plan.copies) {
        const start = isLongSum(node) ? constantVector(f, 0, "float64") : this.#start(node);
        const own = start.map((part) => f.get(part).save("v128"));
        this.#accumulators.set(`${node.id}#${copy.index}`, own);
      }
    }
  }

  /** `count` of the four elements are real. */
  add(node: Node, copy: Copy, vector: Vector, count: number): void {
    const { f, plan } = this.#context;
    const isPartial = count < 4 && plan.isAcross;
    if (isLongSum(node)) {
      addWide(f, this.#accumulator(node, copy), vector[0]!, isPartial ? count : 4);
      return;
    }
    const start = isPartial ? this.#start(node) : [];
    const name = reductionInstruction(node.params.reduction!, node.dtype);
    this.#accumulator(node, copy).forEach((own, i) => {
      f.get(own, vector[i]!);
      if (isPartial) {
        const real = isWide(node.dtype) ? [2 * i, 2 * i, 2 * i + 1, 2 * i + 1] : [0, 1, 2, 3];
        f.get(start[i]!)
          .v128(Int32Array.from(real.map((lane) => (lane < count ? -1 : 0))))
          .op("v128.bitselect");
      }
      f.op(name).set(own);
    });
  }

  end(count: number): void {
    const { f, plan } = this.#context;
    const { sinks, copies, isAcross } = plan;
    for (const sink of sinks) {
      for (const copy of copies) {
        const own = this.#accumulator(sink.node, copy);
        const isLong = isLongSum(sink.node);
        if (isAcross)
          acrossLanes(
            f,
            own,
            reductionInstruction(sink.node.params.reduction!, isLong ? "float64" : sink.node.dtype),
          );
        const vector = isLong ? narrowed(f, own) : own;
        storeTarget(this.#context, sink, copy, vector, isAcross ? 1 : count);
        f.release(...vector);
        if (isLong) f.release(...own);
      }
    }
  }
}

/** Combines the lanes of an accumulator into its first one. */
function acrossLanes(f: FunctionBuilder, vector: Vector, name: string): void {
  const [low, high] = vector as [Local, Local?];
  if (high !== undefined) {
    f.get(low, high).op(name).set(low);
    f.get(low, low, low).shuffle32(2, 3, 2, 3).op(name).set(low);
    return;
  }
  f.get(low, low, low).shuffle32(2, 3, 2, 3).op(name).set(low);
  f.get(low, low, low).shuffle32(1, 1, 1, 1).op(name).set(low);
}

/** Adds the first `count` lanes of a float32 vector to [low, high] in float64. */
function addWide(f: FunctionBuilder, [low, high]: Vector, vector: Local, count: number): void {
  f.get(vector);
  if (count < 4) {
    f.get(f.constant("f32x4", 0));
    f.v128(Int32Array.from([0, 1, 2, 3].map((lane) => (lane < count ? -1 : 0)))).op("v128.bitselect");
  }
  const real = f.save("v128");
  f.get(low!, real).op("f64x2.promote_low_f32x4").op("f64x2.add").set(low!);
  f.get(high!, real, real).shuffle32(2, 3, 2, 3).op("f64x2.promote_low_f32x4").op("f64x2.add").set(high!);
  f.release(real);
}

/** [low, high] in float64 as one vector of float32. */
function narrowed(f: FunctionBuilder, [low, high]: Vector): Vector {
  f.get(low!).op("f32x4.demote_f64x2_zero");
  f.get(high!).op("f32x4.demote_f64x2_zero");
  f.shuffle32(0, 1, 4, 5);
  return [f.save("v128")];
}
