/**
 * What one sampler has played, step by step, and where its segments begin: what advantages and targets of the critic are
 * made of. An episode that was cut off by its limit is not one that has ended: after the former something would have
 * come, whose value counts; recursions stop at both.
 */
import { OptionError, ShapeError, requireKnownOptions } from "../../errors.ts";

/** Steps in their order, [steps]; several episodes follow each other. */
export interface SegmentRecord {
  rewards: ArrayLike<number>;
  /** V of what was observed before each step. */
  values: ArrayLike<number>;
  /** V of what was observed after it, in the same episode. */
  nextValues: ArrayLike<number>;
  /** 1 where the episode has ended for its own reasons: nothing comes after. */
  terminated: ArrayLike<number>;
  /** 1 at the last step of an episode, whatever the reason. */
  isLast: ArrayLike<number>;
  /** The first step of each segment, ascending, the first of them 0. */
  starts: readonly number[];
}

export interface DiscountOptions {
  /** Of rewards, per step. Default 0.99. */
  discount?: number;
  /** Of TD errors beside `discount`: 0 is one step, 1 all that was played. Default 0.95. */
  lambda?: number;
}

/** The checked factors. */
export function discountsOf(where: string, options: DiscountOptions): Required<DiscountOptions> {
  requireKnownOptions(where, options, ["discount", "lambda"]);
  const { discount = 0.99, lambda = 0.95 } = options;
  requireShare(where, "discount", discount);
  requireShare(where, "lambda", lambda);
  return { discount, lambda };
}

/** Throws `OptionError` unless `value` is in [0, 1]. */
export function requireShare(where: string, option: string, value: unknown): void {
  if (typeof value === "number" && value >= 0 && value <= 1) return;
  throw new OptionError(where, option, value, "from 0 to 1");
}

/** Throws `ShapeError` for a record whose parts do not fit each other. */
export function requireRecord(where: string, record: SegmentRecord): void {
  const { rewards, starts } = record;
  const parts = ["values", "nextValues", "terminated", "isLast"] as const;
  for (const part of parts) {
    if (record[part].length === rewards.length) continue;
    throw new ShapeError(
      where,
      `${part} must have an element for each of the ${rewards.length} rewards, got ${record[part].length}.`,
    );
  }
  const isOrdered = starts.every((start, i) => Number.isInteger(start) && start > (starts[i - 1] ?? -1));
  if (starts[0] === 0 && isOrdered && starts.at(-1)! < rewards.length) return;
  throw new ShapeError(
    where,
    `starts must ascend from 0 to below ${rewards.length}, got [${starts.join(", ")}].`,
  );
}

/** TD errors: delta_k = r_k + discount V(s'_k) - V(s_k), where an end has no V(s'). */
export function temporalDifferences(
  { rewards, values, nextValues, terminated }: SegmentRecord,
  discount: number,
): Float64Array {
  return Float64Array.from(
    rewards,
    (reward, k) => reward + (terminated[k] ? 0 : discount * nextValues[k]!) - values[k]!,
  );
}
