/**
 * Whether to use one thread or all: two threads on a machine that is busy with something else can be slower than one.
 * Both ways are timed while a program runs; results do not depend on the choice.
 */

/** Calls after which the slower way is tried again; doubled each time that it loses, up to the second number. */
const firstTrial = 8;
const longestTrial = 256;
/** Weight of the newest call in the running time of a way: of the one in use, and of one that is tried again. */
const weight = 0.3;
const trialWeight = 0.8;

export interface ThreadPace {
  /** Threads for the next call. */
  choose(): number;
  /** Tells what a call with so many threads took, per unit of work. */
  took(threads: number, milliseconds: number): void;
}

export function threadPace(most: number): ThreadPace {
  const times = new Map<number, number>();
  let calls = 0;
  let trialAfter = firstTrial;
  const faster = (): number => ((times.get(1) ?? Infinity) < (times.get(most) ?? Infinity) ? 1 : most);
  return {
    choose() {
      if (most === 1) return 1;
      if (!times.has(most)) return most;
      if (!times.has(1)) return 1;
      const best = faster();
      if (++calls < trialAfter) return best;
      calls = 0;
      trialAfter = Math.min(2 * trialAfter, longestTrial);
      return best === 1 ? most : 1;
    },
    took(threads, milliseconds) {
      const before = times.get(threads);
      const best = before === undefined ? undefined : faster();
      const share = best === threads ? weight : trialWeight;
      times.set(threads, before === undefined ? milliseconds : before + share * (milliseconds - before));
      if (best !== undefined && faster() !== best) trialAfter = firstTrial;
    },
  };
}
