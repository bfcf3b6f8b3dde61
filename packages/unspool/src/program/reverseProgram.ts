/**
 * What a method asks of an executor, backward in time: the loop of one member, and the gradient of its summed losses
 * pulled back to theta. `ReverseProgram` is what a method writes, `ReverseFunctions` what executors make of it.
 */
import type { Tensor } from "../array/index.ts";

/** Without type parameters its types are forgotten; see `ForwardProgram`. */
export interface ReverseProgram<Theta = unknown, Shared = unknown, Unit = unknown, Carry = unknown> {
  readonly name: string;
  readonly length: number;
  /** The carry before the first step; may depend on theta. */
  begin(theta: Theta, shared: Shared, unit: Unit): Carry;
  /** One step; the program's loss is the sum of the steps' losses. */
  step(theta: Theta, shared: Shared, carry: Carry, k: Tensor): { carry: Carry; loss: Tensor };
}

export interface ReverseResult<Theta = unknown, Carry = unknown> {
  /** The last carry per unit, [units, …]. */
  carry: Carry;
  /** Summed loss per unit, float64 [units]. */
  losses: Tensor;
  /** d (summed loss) / d theta, averaged over units as in `ForwardResult`, in theta's dtype. */
  gradient: Theta;
  /** Steps computed forward, over all units: `length` times units, more with sparse checkpoints. */
  forwardSteps: number;
  /** Most states held at once. */
  statesHeld: number;
}

/** The functions of a reverse program for one unit: forward as they are given, backward as the pullback of one step. */
export interface ReverseFunctions extends ReverseProgram {
  /** The leaves of a carry that have cotangents. */
  floatsOf(carry: unknown): Tensor[];
  /** Cotangents after a step and the gradient so far, in float64, to those before it. */
  pullStep(
    theta: unknown,
    shared: unknown,
    carry: unknown,
    k: Tensor,
    cotangent: Tensor[],
    sum: unknown,
  ): { cotangent: Tensor[]; sum: unknown };
  /** Adds what theta does through the first carry. */
  pullBegin(theta: unknown, shared: unknown, unit: unknown, cotangent: Tensor[], sum: unknown): unknown;
}

/** A row of the plan of a reverse pass: what to compute forward again, and when to pull back through which step. */
export type CheckpointAction =
  /** Steps from the held state before step `from` to the state before step `to`, which is then held. */
  | { readonly kind: "advance"; readonly from: number; readonly to: number }
  /** Pulls back through one step, whose state is given up. */
  | { readonly kind: "back"; readonly step: number };
