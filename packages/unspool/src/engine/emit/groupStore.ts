/** Values of a group from registers to memory. */
import type { FunctionBuilder } from "../wasm/index.ts";
import type { Copy, GroupPlan, Target } from "./groupPlan.ts";
import type { PointerSet } from "./nest.ts";
import { type Vector, storeVector } from "./vectors.ts";

/** What emits a group, and what it walks. */
export interface GroupContext {
  readonly f: FunctionBuilder;
  readonly plan: GroupPlan;
  readonly pointers: PointerSet;
}

/** Writes the first `count` elements of a vector to where the loops are in an array. */
export function storeTarget(
  { f, plan, pointers }: GroupContext,
  target: Target,
  copy: Copy,
  vector: Vector,
  count: number,
): void {
  const access = plan.accessOf(target);
  const offset = pointers.offset(target) + plan.shift(target, copy);
  storeVector(
    f,
    pointers.at(target),
    offset,
    target.dtype,
    vector,
    access === "same" ? { strideBytes: 0 } : access,
    count,
  );
}
