/**
 * Whether to use one thread or all: two threads on a machine that is busy with something else can be slower than one.
 * Both ways are timed while a program runs; results do not depend on the choice.
 */

/** Calls after which the slower way is tried again; doubled each time that it loses, up to the second number. */
const firstTrial = 8;
const longestTrial = 256;
/** Calls per trial, and newest calls that count, of which the median is taken. */
const trialCalls = 2;
const remembered = 5;

export interface ThreadPace {
  /** Threads for the next call. */
  choose(): number;
  /** Tells what a call with so many threads took, per unit of work. */
  took(threads: number, milliseconds: number): void;
}

export function threadPace(most: number): ThreadPace {
  const times: Record<number, number[]> = { 1: [], [most]: [] };
  /** The first call with all threads hands them the program. */
  let isFirst = true;
  let calls = 0;
  let trialAfter = firstTrial;
  const other = (threads: number): number => (threads === 1 ? most : 1);
  const faster = (): number => (median(times[1]!) < median(times[most]!) ? 1 : most);
  return {
    choose() {
      if (most === 1) return 1;
      for (const threads of [most, 1]) if (times[threads]!.length < trialCalls) return threads;
      const best = faster();
      if (++calls < trialAfter) return best;
      calls = 0;
      trialAfter = Math.min(2 * trialAfter, longestTrial);
      times[other(best)] = [];
      return other(best);
    },
    took(threads, milliseconds) {
      if (threads === most && isFirst) {
        isFirst = false;
        return;
      }
      const isKnown = [1, most].every((one) => times[one]!.length >= trialCalls);
      const before = isKnown ? faster() : undefined;
      times[threads] = [...times[threads]!, milliseconds].slice(-remembered);
      if (before !== undefined && faster() !== before) trialAfter = firstTrial;
    },
  };
}

/** Of two in the middle the longer one: a time is disturbed by being longer, and two trials are few. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
