/**
 * The control block that a pool's threads share: 32-bit words, those written by different threads 64 bytes apart.
 * The caller writes a job, adds one to JOBS and WAKE of each thread that takes part and wakes it if it sleeps; each
 * takes one from PENDING when it is done. Only threads that take part read the job, so nobody reads one half written.
 */

/** Numbers that a job may pass. */
export const maximumArguments = 16;

/** Characters of a worker's error message that reach the caller. */
export const errorLimit = 500;

/** Where the words are. */
export const word = {
  /** Workers that have started. A worker's place in that order is its thread number; the caller is thread 0. */
  started: 0,
  /** Messages that were posted to each worker so far. */
  posted: 1,
  /** Participants that have not finished the job. */
  pending: 16,
  /** 1 while the caller sleeps on `pending`. */
  callerSleeps: 17,
  program: 32,
  /** Index of the function in the list of the module's exports. */
  function: 33,
  threads: 34,
  argumentCount: 35,
  arguments: 48,
  /** 1 + the thread that failed first, 0 if none did; then the length of its message, and its UTF-16 units. */
  failed: 64,
  errorLength: 65,
  errorText: 66,
  /** First word of thread 0; each thread has `threadWords`. */
  thread: 576,
} as const;

export const threadWords = 16;

/** Words of one thread, after its first. */
export const threadWord = {
  /** Changes whenever there is a job or a message: what the thread sleeps on. */
  wake: 0,
  /** Jobs that it was given so far. */
  jobs: 1,
  /** 1 while it sleeps. */
  sleeps: 2,
} as const;

export function makeControl(threads: number): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(4 * (word.thread + threadWords * threads)));
}

/** Milliseconds that a thread spins before it sleeps: waking a sleeper costs about as much. */
export const spinMs = 0.02;

/** Loads between two looks at the clock. */
export const spinPasses = 64;

/** Records an error, unless another thread did so before; says which. */
export function recordError(control: Int32Array, thread: number, error: unknown): boolean {
  if (Atomics.compareExchange(control, word.failed, 0, thread + 1) !== 0) return false;
  const text = String(error).slice(0, errorLimit);
  control[word.errorLength] = text.length;
  for (let i = 0; i < text.length; i++) control[word.errorText + i] = text.charCodeAt(i);
  return true;
}

export function recordedText(control: Int32Array): string {
  const units = control.subarray(word.errorText, word.errorText + control[word.errorLength]!);
  return String.fromCharCode(...units);
}
