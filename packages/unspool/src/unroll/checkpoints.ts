/**
 * Plans of a reverse pass: which states to compute again, and when to pull back through which step. The plan of a
 * policy is a list of actions; `held` states are those that an `advance` has reached and no `back` has used up.
 */
import { requireInteger } from "../errors.ts";
import type { CheckpointAction } from "../program/index.ts";
import type { CheckpointPolicy } from "./executor.ts";

/** The actions of one forward and one backward pass over `length` steps. */
export function checkpointPlan(length: number, policy: CheckpointPolicy): CheckpointAction[] {
  const plan: CheckpointAction[] = [];
  if (policy === "all") {
    for (let k = 0; k < length; k++) plan.push({ kind: "advance", from: k, to: k + 1 });
    for (let k = length - 1; k >= 0; k--) plan.push({ kind: "back", step: k });
    return plan;
  }
  if (policy === "sqrt") {
    const segment = Math.ceil(Math.sqrt(length));
    const starts = Array.from({ length: Math.ceil(length / segment) }, (_, i) => i * segment);
    for (const start of starts)
      plan.push({ kind: "advance", from: start, to: Math.min(start + segment, length) });
    for (const start of starts.toReversed()) {
      const end = Math.min(start + segment, length);
      for (let k = start; k < end - 1; k++) plan.push({ kind: "advance", from: k, to: k + 1 });
      for (let k = end - 1; k >= start; k--) plan.push({ kind: "back", step: k });
    }
    return plan;
  }
  requireInteger("checkpoint policy", "states", policy.states, 1);
  binomial(plan, 0, length, policy.states);
  // The first pass also steps out of the last state, for the last loss and the state after it.
  const firstBack = plan.findIndex((action) => action.kind === "back");
  plan.splice(firstBack, 0, { kind: "advance", from: length - 1, to: length });
  return plan;
}

/**
 * Griewank and Walther's recursion: from the held state before `from`, pull back through `from … to - 1` with at
 * most `states` states held in this range (the one before `from` included).
 */
function binomial(plan: CheckpointAction[], from: number, to: number, states: number): void {
  if (to - from === 1) {
    plan.push({ kind: "back", step: from });
    return;
  }
  if (states === 1) {
    for (let step = to - 1; step > from; step--) plan.push(...single(from, step));
    plan.push({ kind: "back", step: from });
    return;
  }
  const middle = from + splitPoint(to - from, states);
  plan.push({ kind: "advance", from, to: middle });
  binomial(plan, middle, to, states - 1);
  binomial(plan, from, middle, states);
}

/** With one state only: go to the step and pull back through it at once. */
function single(from: number, step: number): CheckpointAction[] {
  return [
    { kind: "advance", from, to: step },
    { kind: "back", step },
  ];
}

/**
 * Steps to advance before the next state is held, so that the fewest steps are computed again. With beta(s, r) =
 * C(s + r, s), the longest range that s states pull back through with r computations of a step, a split is best where
 * beta(s, r - 2) <= left and right <= beta(s - 1, r).
 */
function splitPoint(length: number, states: number): number {
  let repeats = 1;
  while (binomialCoefficient(states + repeats, states) < length) repeats++;
  const left = binomialCoefficient(states + repeats - 2, states);
  const right = binomialCoefficient(states - 1 + repeats, states - 1);
  return Math.max(1, left, length - right);
}

function binomialCoefficient(n: number, k: number): number {
  let value = 1;
  for (let i = 1; i <= k; i++) value = (value * (n - k + i)) / i;
  return Math.round(value);
}
