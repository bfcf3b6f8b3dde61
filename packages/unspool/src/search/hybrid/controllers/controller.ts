/**
 * Controllers propose choices of a discrete space and learn from their losses. They are pure, their states are trees of
 * tensors; choices are int32, one after the other. Losses are finite: what failed is not fed back.
 */
import type { RandomStream, Tensor, Tree } from "../../../array/index.ts";
import type { Json } from "../../../json.ts";
import type { ChoiceSpace } from "../choiceSpace.ts";
import { floats, floatsOf, integers, integersOf } from "../hostTensors.ts";

export interface Controller<State extends Tree = Tree> {
  readonly name: string;
  /** Its options as data, compared at resume. */
  readonly recipe: { readonly [option: string]: Json };
  init(space: ChoiceSpace): State;
  /** `count` choices, [count · size]. The elements of a set may come in any order, and are fed back in it. */
  propose(
    space: ChoiceSpace,
    state: State,
    random: RandomStream,
    count: number,
  ): { choices: Int32Array; state: State };
  /** Learns from choices that it proposed, [n · size], and their losses, [n]. */
  feedback(space: ChoiceSpace, state: State, choices: Int32Array, losses: Float64Array): State;
  /** The choice that it would recommend now; undefined before it was told of any. */
  best(space: ChoiceSpace, state: State): Int32Array | undefined;
  /** Numbers for the record of a step. */
  stats?(space: ChoiceSpace, state: State): Record<string, number>;
}

/** Choices with their losses. */
export interface Members extends Record<string, Tensor> {
  /** int32 [n, size]. */
  choices: Tensor;
  /** float64 [n]. */
  losses: Tensor;
}

export const members = (size: number, choices: Int32Array, losses: Float64Array): Members => ({
  choices: integers(choices, [losses.length, size]),
  losses: floats(losses),
});

export const noMembers = (size: number): Members => members(size, new Int32Array(0), new Float64Array(0));

export const countOf = ({ losses }: Members): number => losses.shape[0]!;

/** The choice of member i. */
export function choiceOf({ choices }: Members, i: number): Int32Array {
  const size = choices.shape[1]!;
  return integersOf(choices).slice(i * size, (i + 1) * size);
}

/** Members with others behind them; of more than `most` the last ones. */
export function joined(
  first: Members,
  choices: Int32Array,
  losses: Float64Array,
  most: number = Infinity,
): Members {
  const size = first.choices.shape[1]!;
  const allLosses = Float64Array.of(...floatsOf(first.losses), ...losses);
  const allChoices = new Int32Array(allLosses.length * size);
  allChoices.set(integersOf(first.choices));
  allChoices.set(choices, first.losses.shape[0]! * size);
  const from = Math.max(0, allLosses.length - most);
  return members(size, allChoices.slice(from * size), allLosses.slice(from));
}

/** Some members, by their indices. */
export function picked(from: Members, indices: readonly number[]): Members {
  const size = from.choices.shape[1]!;
  const choices = new Int32Array(indices.length * size);
  indices.forEach((index, i) => choices.set(choiceOf(from, index), i * size));
  const losses = floatsOf(from.losses);
  return members(
    size,
    choices,
    Float64Array.from(indices, (i) => losses[i]!),
  );
}

/** Index of the least loss, the first of equal ones; -1 where there is none. */
export function leastOf(losses: Float64Array): number {
  let least = losses.length === 0 ? -1 : 0;
  for (let i = 1; i < losses.length; i++) if (losses[i]! < losses[least]!) least = i;
  return least;
}

/** The member of least loss. */
export function bestOf(all: Members): Int32Array | undefined {
  const least = leastOf(floatsOf(all.losses));
  return least < 0 ? undefined : choiceOf(all, least);
}

/** Choices one after the other. */
export function stacked(size: number, count: number, make: (i: number) => Int32Array): Int32Array {
  const choices = new Int32Array(count * size);
  for (let i = 0; i < count; i++) choices.set(make(i), i * size);
  return choices;
}
