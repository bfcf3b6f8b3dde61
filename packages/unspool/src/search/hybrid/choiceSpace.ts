/**
 * The discrete half of a hybrid space: a list of decisions, and a choice as one int32 vector with the answers in a row.
 *
 *     oneOf(k)      one of k values            1 number, 0 … k - 1
 *     choose(k, n)  k different ones of n       k numbers, rising
 *     mask(n)       n times yes or no           n numbers, 0 or 1
 *     list([...])   several of these            theirs, one after the other
 *
 * Spaces are plain data. Where decisions are counted (mutations, distances) each number of a choice is one.
 */
import type { RandomStream } from "../../array/index.ts";
import { OptionError, ShapeError, requireInteger, show } from "../../errors.ts";

/** One decision of a space: `count` different numbers below `values`; `count` is 1 but for `choose`. */
export interface Decision {
  readonly values: number;
  readonly count: number;
  /** Where its numbers begin in a choice. */
  readonly at: number;
}

export interface ChoiceSpace {
  readonly decisions: readonly Decision[];
  /** Numbers of a choice. */
  readonly size: number;
}

/** One of `values` categories: a choice is [1]. Throws `OptionError` unless there is at least one. */
export function oneOf(values: number): ChoiceSpace {
  requireInteger("oneOf", "values", values, 1);
  return { decisions: [{ values, count: 1, at: 0 }], size: 1 };
}

/** `count` different ones of `values`: a choice is [count], rising. Throws `OptionError` where there are not so many. */
export function choose(count: number, values: number): ChoiceSpace {
  requireInteger("choose", "values", values, 1);
  requireInteger("choose", "count", count, 1);
  if (count > values)
    throw new OptionError("choose", "count", count, `at most ${values}, as many as there are to choose from`);
  return { decisions: [{ values, count, at: 0 }], size: count };
}

/** Yes or no, `size` times: a choice is [size] of 0 and 1. */
export function mask(size: number): ChoiceSpace {
  requireInteger("mask", "size", size, 1);
  return list(Array.from({ length: size }, () => oneOf(2)));
}

/** Spaces side by side: a choice is theirs, one after the other. An empty list has one choice, which is empty. */
export function list(spaces: readonly ChoiceSpace[]): ChoiceSpace {
  const decisions: Decision[] = [];
  let size = 0;
  if (!Array.isArray(spaces))
    throw new OptionError("list", "spaces", spaces, "a list of spaces", "Write list([oneOf(2), mask(3)]).");
  for (const [i, space] of spaces.entries()) {
    if (!Array.isArray((space as Partial<ChoiceSpace> | undefined)?.decisions))
      throw new OptionError(
        "list",
        `spaces[${i}]`,
        space,
        "a space",
        "Make one with oneOf, choose, mask or list.",
      );
    for (const decision of space.decisions) decisions.push({ ...decision, at: size + decision.at });
    size += space.size;
  }
  return { decisions, size };
}

/** A uniform choice. */
export function randomChoice({ decisions, size }: ChoiceSpace, random: RandomStream): Int32Array {
  const choice = new Int32Array(size);
  for (const { values, count, at } of decisions) {
    if (count === 1) choice[at] = random.integer(values);
    else choice.set(distinct(random, count, values).sort(), at);
  }
  return choice;
}

/** `count` different numbers below `values`, in the order in which they were drawn. */
export function distinct(random: RandomStream, count: number, values: number): Int32Array {
  // Fisher and Yates, kept to what was swapped.
  const moved = new Map<number, number>();
  return Int32Array.from({ length: count }, (_, i) => {
    const j = i + random.integer(values - i);
    const drawn = moved.get(j) ?? j;
    moved.set(j, moved.get(i) ?? i);
    return drawn;
  });
}

/**
 * One number of a choice drawn anew, uniformly (it may stay as it is); one of several different ones is exchanged for one
 * that was not chosen.
 */
export function mutated(space: ChoiceSpace, choice: Int32Array, random: RandomStream): Int32Array {
  const next = choice.slice();
  if (space.size === 0) return next;
  const place = random.integer(space.size);
  const { values, count, at } = decisionAt(space, place);
  if (count === 1) next[place] = random.integer(values);
  else if (count < values) {
    const chosen = next.subarray(at, at + count);
    // The r-th of those that were not chosen.
    let drawn = random.integer(values - count);
    for (const taken of chosen.slice().sort()) if (taken <= drawn) drawn++;
    next[place] = drawn;
    chosen.sort();
  }
  return next;
}

function decisionAt({ decisions }: ChoiceSpace, place: number): Decision {
  let [low, high] = [0, decisions.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (decisions[middle]!.at <= place) low = middle;
    else high = middle - 1;
  }
  return decisions[low]!;
}

/** How many numbers of two choices differ: of a set, how many elements the other does not have. */
export function differences({ decisions }: ChoiceSpace, a: Int32Array, b: Int32Array): number {
  let differing = 0;
  for (const { count, at } of decisions) {
    if (count === 1) differing += a[at] === b[at] ? 0 : 1;
    else {
      const other = new Set(b.subarray(at, at + count));
      for (let i = at; i < at + count; i++) if (!other.has(a[i]!)) differing++;
    }
  }
  return differing;
}

/** The choice with the elements of its sets in rising order: how candidates have it. */
export function inOrder({ decisions }: ChoiceSpace, choice: Int32Array): Int32Array {
  const sorted = choice.slice();
  for (const { count, at } of decisions) if (count > 1) sorted.subarray(at, at + count).sort();
  return sorted;
}

/** Throws `ShapeError` or `OptionError` unless `choice` is one of the space, whatever the order within its sets. */
export function requireChoice(
  where: string,
  { decisions, size }: ChoiceSpace,
  choice: ArrayLike<number>,
): void {
  if (choice.length !== size)
    throw new ShapeError(where, `a choice has ${size} numbers, got ${choice.length}.`);
  for (const { values, count, at } of decisions) {
    const seen = new Set<number>();
    for (let i = at; i < at + count; i++) {
      const x = choice[i]!;
      if (!Number.isInteger(x) || x < 0 || x >= values)
        throw new OptionError(where, `number ${i} of a choice`, x, `an integer from 0 to ${values - 1}`);
      if (seen.has(x))
        throw new OptionError(
          where,
          `numbers ${at} to ${at + count - 1} of a choice`,
          Array.from(choice).slice(at, at + count),
          "different ones",
          `${show(x)} stands twice.`,
        );
      seen.add(x);
    }
  }
}

/** Logarithm, base 2, of how many choices there are. */
export function choiceBits({ decisions }: ChoiceSpace): number {
  let bits = 0;
  for (const { values, count } of decisions)
    for (let i = 0; i < count; i++) bits += Math.log2((values - i) / (count - i));
  return bits;
}
