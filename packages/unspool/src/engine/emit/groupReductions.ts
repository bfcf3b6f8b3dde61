/** Reductions at the end of a group: an accumulator in registers for each, and for each copy of the body. */
import type { Node } from "../graph/node.ts";
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import type { Copy } from "./groupPlan.ts";
import { type GroupContext, storeTarget } from "./groupStore.ts";
import { reductionInstruction, reductionStart } from "./reductions.ts";
import { type Vector, constantVector, isWide } from "./vectors.ts";

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
        const own = this.#start(node).map((part) => f.get(part).save("v128"));
        this.#accumulators.set(`${node.id}#${copy.index}`, own);
      }
    }
  }

  /** `count` of the four elements are real. */
  add(node: Node, copy: Copy, vector: Vector, count: number): void {
    const { f, plan } = this.#context;
    const isPartial = count < 4 && plan.isAcross;
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
        const vector = this.#accumulator(sink.node, copy);
        if (isAcross) acrossLanes(f, vector, sink.node);
        storeTarget(this.#context, sink, copy, vector, isAcross ? 1 : count);
        f.release(...vector);
      }
    }
  }
}

/** Combines the lanes of an accumulator into its first one. */
function acrossLanes(f: FunctionBuilder, vector: Vector, node: Node): void {
  const name = reductionInstruction(node.params.reduction!, node.dtype);
  const [low, high] = vector as [Local, Local?];
  if (high !== undefined) {
    f.get(low, high).op(name).set(low);
    f.get(low, low, low).shuffle32(2, 3, 2, 3).op(name).set(low);
    return;
  }
  f.get(low, low, low).shuffle32(2, 3, 2, 3).op(name).set(low);
  f.get(low, low, low).shuffle32(1, 1, 1, 1).op(name).set(low);
}
