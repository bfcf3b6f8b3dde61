/** Work that is due in some steps only: chosen before a step is compiled where its number is known, by `select` elsewhere. */
import { type Tensor, tree } from "../../array/index.ts";
import type { Phase } from "../objective/objective.ts";

/** Known, or a bool scalar. */
export type Due = boolean | Tensor;

/** `compute()` where it is due, else `otherwise`. */
export function when<T>(due: Due, compute: () => T, otherwise: T): T {
  if (typeof due === "boolean") return due ? compute() : otherwise;
  return tree.select(due, compute(), otherwise);
}

/** True in the steps 0, `period`, 2 `period`, …, by the counter. */
export function dueEvery(period: number, step: Tensor): Due {
  if (period === 1) return true;
  return step.mod(tree.scalar(period, "int32")).equal(tree.scalar(0, "int32"));
}

/** Inverses of factors once every `period` steps, and estimates of the factors in the `steps` steps before each. */
export interface FactorSchedule {
  /** T. */
  readonly period: number;
  /** S, at most T. */
  readonly steps: number;
}

/** Phase of the step after `step` steps. */
export type FactorPhase = {
  /** Recompute the inverses. */
  readonly refresh: boolean;
  /** Take the batch into the factors. */
  readonly covariance: boolean;
};

export function factorPhase({ period, steps }: FactorSchedule, step: number): FactorPhase {
  return { refresh: step % period === 0, covariance: (step + steps) % period < steps };
}

/** The phase given, or else read from the counter. */
export function factorsDue(
  { period, steps }: FactorSchedule,
  step: Tensor,
  phase: Phase | undefined,
): { refresh: Due; covariance: Due } {
  const int = (value: number): Tensor => tree.scalar(value, "int32");
  const isInWindow = (): Due => steps === period || step.add(int(steps)).mod(int(period)).less(int(steps));
  return {
    refresh: phase?.["refresh"] ?? dueEvery(period, step),
    covariance: phase?.["covariance"] ?? isInWindow(),
  };
}
