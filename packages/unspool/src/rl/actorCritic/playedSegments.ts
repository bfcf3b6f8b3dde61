/** What samplers have played, as plain arrays, and the records of steps that advantages are made of. */
import type { SegmentRecord } from "./segmentRecord.ts";
import type { Samplers } from "./segmentProgram.ts";

/** Arrays are by sampler, then by segment: number `sampler · segments + segment`. */
export interface PlayedSegments {
  /** Of each sampler. */
  segments: number;
  segmentLength: number;
  observationSize: number;
  /**
   * Before each step and after the last, [samplers, segments, segmentLength + 1, observationSize]. After the end of an
   * episode all are the last one.
   */
  observations: Float64Array;
  /** [samplers, segments, segmentLength, numbers of an action]; of traced environments only. */
  actions?: Float64Array;
  /** [samplers, segments, segmentLength]; 0 after an end. */
  rewards: Float64Array;
  /** Steps that were played, [samplers, segments]. */
  lengths: Int32Array;
  /** 1: the segment's last step was the end of its episode, [samplers, segments]. */
  terminated: Uint8Array;
  /** 1: it was the last of its episode for that or for the limit. */
  isOver: Uint8Array;
  /** Sums of the rewards of the episodes that are over. */
  returns: number[];
  /** Where they stand now. */
  samplers: Samplers;
}

/** One record per sampler. `values`: V of every observation, [samplers, segments, segmentLength + 1]; absent: 0. */
export function segmentRecords(played: PlayedSegments, values?: ArrayLike<number>): SegmentRecord[] {
  const { segments, segmentLength, rewards, lengths, terminated, isOver } = played;
  return Array.from({ length: lengths.length / segments }, (_, sampler) => {
    const record = {
      rewards: [] as number[],
      values: [] as number[],
      nextValues: [] as number[],
      terminated: [] as number[],
      isLast: [] as number[],
      starts: [] as number[],
    };
    for (let i = sampler * segments; i < (sampler + 1) * segments; i++) {
      record.starts.push(record.rewards.length);
      for (let k = 0; k < lengths[i]!; k++) {
        const at = i * (segmentLength + 1) + k;
        const isEnd = k === lengths[i]! - 1;
        record.rewards.push(rewards[i * segmentLength + k]!);
        record.values.push(values?.[at] ?? 0);
        record.nextValues.push(values?.[at + 1] ?? 0);
        record.terminated.push(isEnd ? terminated[i]! : 0);
        record.isLast.push(isEnd ? isOver[i]! : 0);
      }
    }
    return record;
  });
}

/** The observation before every step that was played, in the order of the records: numbers of rows of `observations`. */
export function playedRows({ lengths, segmentLength }: PlayedSegments): number[] {
  return Array.from(lengths).flatMap((length, i) =>
    Array.from({ length }, (_, k) => i * (segmentLength + 1) + k),
  );
}

/** The action in each of them: numbers of rows of `actions`. */
export function actionRows({ lengths, segmentLength }: PlayedSegments): number[] {
  return Array.from(lengths).flatMap((length, i) => Array.from({ length }, (_, k) => i * segmentLength + k));
}

/** Steps of all samplers. */
export function stepsOf({ lengths }: PlayedSegments): number {
  return lengths.reduce((sum, length) => sum + length, 0);
}

/** Arrays of all samplers as one. */
export function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
