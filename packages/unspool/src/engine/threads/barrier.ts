/**
 * A barrier inside WebAssembly: no thread leaves it before all have arrived. Threads count themselves in; the last
 * one starts a new generation and the others wait for that, spinning for a moment (a barrier between two phases of
 * a few microseconds must not cost a system call) and then asleep. Never an endless spin where sleeping is allowed:
 * on a busy machine it would take the processor from the thread that it waits for.
 */
import { canBlock } from "../host.ts";
import type { FunctionBuilder, ModuleBuilder } from "../wasm/index.ts";

/** Bytes that a barrier occupies, at an address divisible by 64: a cache line of its own. Zeros are a fresh barrier. */
export const barrierBytes = 64;

/** The barrier's 32-bit words. */
export const barrierWord = {
  /** Threads that have arrived in this generation. */
  arrived: 0,
  generation: 1,
  /** 1 if every thread may sleep; 0, in a page whose main thread takes part, if they may only spin. */
  mayWait: 2,
  /** 1 once a thread failed: those at the barrier trap, for it will not come. */
  broken: 3,
  sleepers: 4,
} as const;

/** About 20 microseconds, what waking a sleeper costs. */
const spinPasses = 20_000;

/**
 * Adds `barrier(address: i32, threads: i32)`. With one thread it returns at once; where the memory is not shared it
 * does nothing.
 */
export function emitBarrier(module: ModuleBuilder): FunctionBuilder {
  const f = module.function("barrier", ["i32", "i32"]);
  if (!module.memory.isShared) return f;
  const [address, threads] = [0, 1];
  const load = (word: number) => f.get(address).mem("i32.atomic.load", 4 * word);
  const add = (word: number, value: number) =>
    f
      .get(address)
      .i32(value)
      .mem("i32.atomic.rmw.add", 4 * word);
  const trapIfBroken = () => load(barrierWord.broken).if(() => f.op("unreachable"));

  const generation = f.local("i32");
  const passes = f.local("i32");
  const isSame = () => load(barrierWord.generation).get(generation).op("i32.eq");
  f.get(threads).i32(1).op("i32.le_s");
  f.if(() => f.op("return"));
  // In this order: a thread that fails sets `broken` and then starts a generation, so one of the two is seen.
  load(barrierWord.generation).set(generation);
  trapIfBroken();
  add(barrierWord.arrived, 1).i32(1).op("i32.add").get(threads).op("i32.eq");
  f.if(() => {
    // Not atomic: who reads it next has seen the new generation.
    f.get(address)
      .i32(0)
      .mem("i32.store", 4 * barrierWord.arrived);
    add(barrierWord.generation, 1).op("drop");
    load(barrierWord.sleepers).if(() =>
      f
        .get(address)
        .i32(-1)
        .mem("memory.atomic.notify", 4 * barrierWord.generation)
        .op("drop"),
    );
    f.op("return");
  });
  f.loop(() => {
    f.i32(spinPasses).set(passes);
    f.block(() =>
      f.loop(() => {
        isSame().op("i32.eqz").brIf(1);
        f.get(passes).i32(1).op("i32.sub").tee(passes).brIf(0);
      }),
    );
    load(barrierWord.mayWait).if(() => {
      add(barrierWord.sleepers, 1).op("drop");
      f.get(address)
        .get(generation)
        .i64(-1n)
        .mem("memory.atomic.wait32", 4 * barrierWord.generation)
        .op("drop");
      add(barrierWord.sleepers, -1).op("drop");
    });
    isSame().brIf(0);
  });
  trapIfBroken();
  return f;
}

/** Makes the barrier at `address` (bytes) fresh, for threads of which this one is one; nobody may be in it. */
export function prepareBarrier(memory: WebAssembly.Memory, address: number): void {
  const words = new Int32Array(memory.buffer, address, barrierBytes / 4);
  Atomics.store(words, barrierWord.arrived, 0);
  Atomics.store(words, barrierWord.mayWait, canBlock() ? 1 : 0);
  Atomics.store(words, barrierWord.broken, 0);
  Atomics.store(words, barrierWord.sleepers, 0);
}

/** Makes all that wait at the barrier, and all that come, trap. */
export function breakBarrier(memory: WebAssembly.Memory, address: number): void {
  const words = new Int32Array(memory.buffer, address, barrierBytes / 4);
  Atomics.store(words, barrierWord.broken, 1);
  Atomics.add(words, barrierWord.generation, 1);
  Atomics.notify(words, barrierWord.generation);
}
