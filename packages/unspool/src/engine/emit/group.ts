/**
 * The loop nest of a group: loads, elementwise operations in registers, stores, and at its end reductions. What is left
 * over of the vector axis is done again with fewer real elements.
 */
import type { Node } from "../graph/node.ts";
import type { Group, Schedule } from "../graph/schedule.ts";
import type { FunctionBuilder } from "../wasm/index.ts";
import { GroupBody } from "./groupBody.ts";
import { GroupPlan, type Operand } from "./groupPlan.ts";
import { GroupReductions } from "./groupReductions.ts";
import type { GroupContext } from "./groupStore.ts";
import { GroupValues } from "./groupValues.ts";
import { kernelFunction } from "./kernelFunction.ts";
import type { EmitContext } from "./location.ts";
import { depthOf, pointerSet } from "./nest.ts";
import { type Vector, loadVector } from "./vectors.ts";

/** Emits the group as a function of the kernel pointers. `stored` are the nodes that others read from memory. */
export function emitGroup(
  context: EmitContext,
  schedule: Schedule,
  at: number,
  stored: ReadonlySet<Node>,
  name: string,
): FunctionBuilder {
  const f = kernelFunction(context.module, name, context.strips !== undefined);
  const { shape } = schedule.kernels[at] as Group;
  if (shape.includes(0)) return f;
  const plan = new GroupPlan(context, schedule, at, stored);
  const bases = { absolute: undefined, scratch: 0, tile: 1, first: 2, second: 3 };
  const pointers = pointerSet(f, bases, plan.moving());
  new GroupLoops({ f, plan, pointers }).emit();
  return f;
}

class GroupLoops {
  readonly #context: GroupContext;
  readonly #values: GroupValues;
  readonly #reductions: GroupReductions;
  readonly #body: GroupBody;

  constructor(context: GroupContext) {
    this.#context = context;
    this.#values = new GroupValues(context.f, context.plan);
    this.#reductions = new GroupReductions(context);
    this.#body = new GroupBody(context, this.#values, this.#reductions);
  }

  emit(): void {
    this.#inside(-1, 4);
  }

  /** What is in the loop at `depth` and inward; `count` of the four elements are real. */
  #inside(depth: number, count: number): void {
    const { group, firstReduced } = this.#context.plan;
    const isReduced = group.reduced !== undefined && firstReduced === depth + 1;
    this.#load(depth);
    if (isReduced) this.#reductions.start();
    this.#loops(depth + 1, count);
    if (isReduced) this.#reductions.end(count);
  }

  /** The loops from `depth` inward. */
  #loops(depth: number, count: number): void {
    const { f, plan, pointers } = this.#context;
    const axis = plan.axes[depth];
    if (axis === undefined) {
      this.#body.emit(count);
      return;
    }
    const passes = Math.floor(axis.size / axis.step);
    const rest = axis.size % axis.step;
    const pass = (real: number): void => this.#values.within(() => this.#inside(depth, real));
    pointers.enter(depth);
    if (passes === 1) {
      pass(count);
      if (rest > 0) pointers.advance(depth, axis.step);
    } else if (passes > 1) {
      const counter = f.local("i32");
      f.forLoop(counter, 0, passes, 1, () => {
        pass(count);
        pointers.advance(depth, axis.step);
      });
      f.release(counter);
    }
    if (rest > 0) pass(rest);
    pointers.leave(depth);
  }

  /** Loads the operands that the loop at `depth` moves and no inner one does. */
  #load(depth: number): void {
    const { f, plan, pointers } = this.#context;
    for (const [name, operand] of plan.operands) {
      if (depthOf(operand) !== depth) continue;
      for (const copy of plan.copies) {
        this.#values.load(name, operand, copy, () => {
          if (operand.base === "index") return this.#indices(operand);
          const offset = pointers.offset(operand) + plan.shift(operand, copy);
          return loadVector(f, pointers.at(operand), offset, operand.dtype, plan.accessOf(operand));
        });
      }
    }
  }

  /** The row-major index of each of the four elements. */
  #indices(operand: Operand): Vector {
    const { f, plan, pointers } = this.#context;
    const stride = plan.vectorStride(operand);
    f.get(pointers.at(operand)).op("i32x4.splat");
    f.v128(Int32Array.from([0, 1, 2, 3].map((lane) => operand.offset + lane * stride))).op("i32x4.add");
    return [f.save("v128")];
  }
}
