/** What PPO has played, as rows of batches: each with its observation, action, log probability and advantage. */
import type { Tensor } from "../../array/index.ts";
import { spaceShape } from "../environments/space.ts";
import type { Environment } from "../environments/environment.ts";
import type { Critic, CriticState } from "./critic.ts";
import { criticTargets } from "./criticTargets.ts";
import { type PlayedSegments, actionRows, joined, playedRows, segmentRecords } from "./playedSegments.ts";
import type { DiscountOptions } from "./segmentRecord.ts";
import { capacityOf, column, rowsOf } from "./shuffledBatches.ts";

/** A batch, filled up with rows that do not count: [capacity, numbers] and [capacity], float32. */
export interface PpoBatch {
  observations: Tensor;
  actions: Tensor;
  oldLogs: Tensor;
  advantages: Tensor;
  isCounted: Tensor;
}

export interface PlayedSteps {
  /** Steps that were played, and numbers of their rows in `observations`. */
  rows: number[];
  /** A + V of each step: what the critic is to learn. */
  targets: Float64Array;
  /** A generalised advantage of each step. */
  advantages: Float64Array;
  /** Observations and actions of some steps, filled up. */
  at(part: readonly number[], capacity: number): Pick<PpoBatch, "observations" | "actions">;
  /** A batch of some steps, whose log probabilities when they were played are given. */
  batch(part: readonly number[], size: number, oldLogs: ArrayLike<number>): PpoBatch;
}

/** Judged by the critic as it was when they were played. */
export function playedSteps(
  { actionSpace }: Pick<Environment, "actionSpace">,
  played: PlayedSegments & { actions: Float64Array },
  critic: Critic,
  state: CriticState,
  factors: DiscountOptions,
): PlayedSteps {
  const { observations, observationSize, actions } = played;
  const records = segmentRecords(played, critic.values(state, observations));
  const targets = joined(records.map((record) => criticTargets(record, factors)));
  const values = records.flatMap((record) => Array.from(record.values));
  const advantages = targets.map((target, i) => target - values[i]!);
  const [rows, acts] = [playedRows(played), actionRows(played)];
  const width = spaceShape(actionSpace).reduce((product, length) => product * length, 1);
  const at = (part: readonly number[], capacity: number) => {
    const seen = part.map((i) => rows[i]!);
    const done = part.map((i) => acts[i]!);
    return {
      observations: rowsOf(observations, observationSize, seen, capacity),
      actions: rowsOf(actions, width, done, capacity),
    };
  };
  return {
    ...{ rows, targets, advantages, at },
    batch(part, size, oldLogs) {
      const capacity = capacityOf(part.length, size);
      const filled = (of: (i: number) => number): Tensor =>
        column(part.length, capacity, (i) => of(part[i]!));
      return {
        ...at(part, capacity),
        oldLogs: filled((i) => oldLogs[i]!),
        advantages: filled((i) => advantages[i]!),
        isCounted: filled(() => 1),
      };
    },
  };
}
