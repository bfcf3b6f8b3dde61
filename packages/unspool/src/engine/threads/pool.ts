/**
 * Worker threads that run one function of a WebAssembly program over one shared memory: fork, join, nothing between.
 * The caller is thread 0 and works too; it may stay synchronous for ever, for programs reach the workers while it
 * waits for them. Workers spin for 20 microseconds after a job and sleep from then on, so an idle pool costs nothing.
 * The protocol is in `control.ts`, the other side in `workerSource.ts`.
 */
import { canBlock, hardwareThreads, hasSharedMemory } from "../host.ts";
import { breakBarrier, prepareBarrier } from "./barrier.ts";
import {
  makeControl,
  maximumArguments,
  recordedText,
  recordError,
  spinMs,
  spinPasses,
  threadWord,
  threadWords,
  word,
} from "./control.ts";
import { startWorker, type WorkerThread } from "./startWorker.ts";

/** What a thread needs to make an instance: `memory` is imported as `env.memory`, and is all that is imported. */
export interface PoolProgram {
  module: WebAssembly.Module;
  /** Shared; a program with another memory runs in the caller alone. */
  memory: WebAssembly.Memory;
  /** Address in bytes of the barrier that the program uses: when one thread fails, those that wait there fail too. */
  barrier?: number;
}

export interface Pool {
  /** Threads that run now, the caller included: 1 at first, `size` when all workers have started. */
  readonly ready: number;
  /** 1 where there are no worker threads or no shared memory. */
  readonly size: number;
  /**
   * Calls `exports[name](thread, threads, ...args)` in each of `threads` threads (all that are ready, if not given),
   * thread 0 in the caller on `instance`, and returns when all have returned. `args` are at most 16 32-bit integers.
   * The first trap or exception of any thread is thrown, after all threads have ended.
   */
  run(
    program: PoolProgram,
    instance: WebAssembly.Instance,
    name: string,
    args: readonly number[],
    threads?: number,
  ): void;
  /** Blocks until all workers run, at most so long; gives `ready`. At once where blocking is not allowed. */
  awaitReady(milliseconds: number): number;
  /** Lets the workers forget a program, which they do by themselves some time after the caller has dropped it. */
  release(program: PoolProgram): void;
  /** Ends the workers; the pool goes on with one thread. */
  close(): void;
}

/** What the caller knows of a program that was posted. */
interface Posted {
  id: number;
  /** Names of the module's exports, in the order by which workers know them. */
  names: readonly string[];
}

class WorkerPool implements Pool {
  readonly size: number;
  readonly #control: Int32Array<SharedArrayBuffer>;
  #workers: readonly WorkerThread[] = [];
  readonly #posted = new WeakMap<PoolProgram, Posted>();
  readonly #dropped: FinalizationRegistry<number> = new FinalizationRegistry((id) => this.#forget(id));
  #programs = 0;
  #isRunning = false;

  constructor(size: number) {
    this.#control = makeControl(size);
    const workers = Array.from({ length: size - 1 }, () => startWorker(() => this.close()));
    this.#workers = workers.filter((worker) => worker !== undefined);
    this.size = 1 + this.#workers.length;
    this.#post({ control: this.#control });
  }

  get ready(): number {
    return this.#workers.length === 0 ? 1 : 1 + Atomics.load(this.#control, word.started);
  }

  run(
    program: PoolProgram,
    instance: WebAssembly.Instance,
    name: string,
    args: readonly number[],
    threads: number = this.ready,
  ): void {
    const own = exported(instance, name);
    const count = isShared(program.memory) ? Math.min(threads, this.ready) : 1;
    if (count <= 1) {
      own(0, 1, ...args);
      return;
    }
    if (this.#isRunning) throw new Error("internal: a job may not start another one in the same pool");
    this.#isRunning = true;
    try {
      this.#fork(program, name, args, count);
      const failure = this.#work(program, () => own(0, count, ...args));
      this.#join();
      this.#rethrow(program, name, failure);
    } finally {
      this.#isRunning = false;
    }
  }

  #fork(program: PoolProgram, name: string, args: readonly number[], count: number): void {
    if (args.length > maximumArguments) throw new Error(`internal: ${args.length} arguments for ${name}`);
    const control = this.#control;
    const { id, names } = this.#posted.get(program) ?? this.#introduce(program);
    control[word.program] = id;
    control[word.function] = names.indexOf(name);
    control[word.threads] = count;
    control[word.argumentCount] = args.length;
    control.set(args, word.arguments);
    Atomics.store(control, word.pending, count - 1);
    for (let thread = 1; thread < count; thread++) {
      Atomics.add(control, word.thread + threadWords * thread + threadWord.jobs, 1);
      this.#wake(thread);
    }
  }

  /** The caller's share. What it threw, if anything. */
  #work(program: PoolProgram, share: () => void): { error: unknown } | undefined {
    try {
      share();
      return undefined;
    } catch (error) {
      recordError(this.#control, 0, error);
      if (program.barrier !== undefined) breakBarrier(program.memory, program.barrier);
      return { error };
    }
  }

  #join(): void {
    const control = this.#control;
    const end = canBlock() ? performance.now() + spinMs : Infinity;
    do {
      for (let i = 0; i < spinPasses; i++) if (Atomics.load(control, word.pending) === 0) return;
    } while (performance.now() < end);
    Atomics.store(control, word.callerSleeps, 1);
    for (;;) {
      const pending = Atomics.load(control, word.pending);
      if (pending === 0) break;
      Atomics.wait(control, word.pending, pending);
    }
    Atomics.store(control, word.callerSleeps, 0);
  }

  #rethrow(program: PoolProgram, name: string, failure: { error: unknown } | undefined): void {
    const failed = this.#control[word.failed]! - 1;
    if (failed < 0) return;
    this.#control[word.failed] = 0;
    if (program.barrier !== undefined) prepareBarrier(program.memory, program.barrier);
    if (failed === 0) throw failure?.error;
    throw new Error(`${name}: thread ${failed} failed. ${recordedText(this.#control)}`);
  }

  #introduce(program: PoolProgram): Posted {
    const { module, memory, barrier } = program;
    const posted = {
      id: this.#programs++,
      names: WebAssembly.Module.exports(module).map((each) => each.name),
    };
    this.#post({ id: posted.id, module, memory, barrier });
    this.#posted.set(program, posted);
    this.#dropped.register(program, posted.id, program);
    return posted;
  }

  /** Each worker takes note of every message, whether it has started or not. */
  #post(message: unknown): void {
    for (const worker of this.#workers) worker.postMessage(message, []);
    Atomics.add(this.#control, word.posted, 1);
  }

  #wake(thread: number): void {
    const first = word.thread + threadWords * thread;
    Atomics.add(this.#control, first + threadWord.wake, 1);
    if (Atomics.load(this.#control, first + threadWord.sleeps) === 1) {
      Atomics.notify(this.#control, first + threadWord.wake);
    }
  }

  release(program: PoolProgram): void {
    const posted = this.#posted.get(program);
    if (posted === undefined) return;
    this.#posted.delete(program);
    this.#dropped.unregister(program);
    this.#forget(posted.id);
  }

  #forget(id: number): void {
    this.#post({ id });
    for (let thread = 1; thread < this.ready; thread++) this.#wake(thread);
  }

  awaitReady(milliseconds: number): number {
    const end = performance.now() + milliseconds;
    while (this.ready < this.size && canBlock() && this.#workers.length > 0) {
      const left = end - performance.now();
      if (left <= 0) break;
      Atomics.wait(this.#control, word.started, this.ready - 1, left);
    }
    return this.ready;
  }

  close(): void {
    const workers = this.#workers;
    this.#workers = [];
    for (const worker of workers) worker.terminate();
  }
}

function isShared(memory: WebAssembly.Memory): boolean {
  return typeof SharedArrayBuffer === "function" && memory.buffer instanceof SharedArrayBuffer;
}

function exported(instance: WebAssembly.Instance, name: string): (...args: number[]) => unknown {
  const found = instance.exports[name];
  if (typeof found === "function") return found as (...args: number[]) => unknown;
  throw new Error(`internal: the program exports no function ${name}`);
}

/** A pool without workers. */
const alone: Pool = {
  ready: 1,
  size: 1,
  run(_program, instance, name, args) {
    exported(instance, name)(0, 1, ...args);
  },
  awaitReady: () => 1,
  release() {},
  close() {},
};

/** A pool of `size` threads, the caller included, that starts its workers now. `close` it when it is of no more use. */
export function createPool(size: number): Pool {
  return size > 1 && hasSharedMemory() ? new WorkerPool(size) : alone;
}

let shared: Pool | undefined;

/** The pool of this thread, with as many threads as the hardware has: started at the first call, never closed. */
export function sharedPool(): Pool {
  return (shared ??= createPool(hardwareThreads()));
}
