/** Jobs over one memory: the same results for any number of threads, errors that arrive, and nothing left behind. */
import { readdirSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compileModule, createMemory } from "../host.ts";
import { ModuleBuilder } from "../wasm/index.ts";
import {
  barrierBytes,
  createPool,
  emitBarrier,
  type Pool,
  type PoolProgram,
  prepareBarrier,
} from "./index.ts";

const memoryLimits = { initial: 1, maximum: 65536, isShared: true };
/** Addresses in bytes: the barrier at 0, a counter and what was passed after it, then the array of the stencil. */
const counterAddress = barrierBytes;
const passedAddress = 2 * barrierBytes;
const arrayAddress = 1024;
const arrayLength = 601;

/** The functions that the tests run; see the comment of each. */
function testModule(): WebAssembly.Module {
  const module = new ModuleBuilder(memoryLimits);
  const barrier = emitBarrier(module);

  // count(thread, threads): adds 1 to the counter.
  const count = module.function("count", ["i32", "i32"]);
  count.i32(counterAddress).i32(1).mem("i32.atomic.rmw.add").op("drop");
  module.export("count", count);

  // pass(thread, threads, 16 numbers): each thread writes the last but the sum of them all at its own place.
  const pass = module.function("pass", Array<"i32">(18).fill("i32"));
  pass.get(0).i32(4).op("i32.mul").i32(0);
  for (let i = 1; i < 18; i++) pass.get(i).op("i32.add");
  pass.mem("i32.store", passedAddress);
  module.export("pass", pass);

  // stencil(thread, threads, phases): phases of y[i] = 3 x[i] + x[i + 1] around a ring, x and y changing places; a
  // thread does every threads-th element and needs its neighbours' results of the phase before.
  const stencil = module.function("stencil", ["i32", "i32", "i32"]);
  const [thread, threads, phases] = [0, 1, 2];
  const [i, phase, from, to, swap] = [1, 2, 3, 4, 5].map(() => stencil.local("i32")) as number[];
  stencil.i32(arrayAddress).set(from!);
  stencil.i32(arrayAddress + 4 * arrayLength).set(to!);
  stencil.forLoop(phase!, 0, [phases], 1, () => {
    stencil.forLoop(i!, [thread], arrayLength, 0, () => {
      stencil.get(i!).i32(4).op("i32.mul").get(to!).op("i32.add");
      stencil.get(i!).i32(4).op("i32.mul").get(from!).op("i32.add").mem("i32.load").i32(3).op("i32.mul");
      stencil.get(i!).i32(1).op("i32.add").i32(arrayLength).op("i32.rem_u").i32(4).op("i32.mul");
      stencil.get(from!).op("i32.add").mem("i32.load").op("i32.add").mem("i32.store");
      stencil.get(i!, threads).op("i32.add").set(i!);
    });
    stencil.i32(0).get(threads).call(barrier);
    stencil.get(from!).set(swap!).get(to!).set(from!).get(swap!).set(to!);
  });
  module.export("stencil", stencil);

  // trap(thread, threads, which): one thread traps, the others wait for it at the barrier.
  const trap = module.function("trap", ["i32", "i32", "i32"]);
  trap
    .get(0, 2)
    .op("i32.eq")
    .if(() => trap.op("unreachable"));
  trap.i32(0).get(1).call(barrier);
  module.export("trap", trap);
  return compileModule(module.encode());
}

interface Loaded {
  program: PoolProgram;
  instance: WebAssembly.Instance;
  words: Int32Array;
}

const module = testModule();

function load(pages = 1): Loaded {
  const memory = createMemory({ ...memoryLimits, initial: pages });
  prepareBarrier(memory, 0);
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return { program: { module, memory, barrier: 0 }, instance, words: new Int32Array(memory.buffer) };
}

let pool: Pool;

beforeAll(() => {
  pool = createPool(3);
  // Blocks the only thread that could help the workers to start: they must not need it.
  pool.awaitReady(20_000);
});

afterAll(() => pool.close());

test("workers start while the caller blocks", () => {
  expect(pool.ready).toBe(3);
  expect(pool.size).toBe(3);
});

test("each thread runs the function once per job, in a thousand tiny jobs", () => {
  const { program, instance, words } = load();
  for (let i = 0; i < 1000; i++) pool.run(program, instance, "count", []);
  expect(words[counterAddress / 4]).toBe(3000);
});

test("thread, threads and sixteen arguments reach every thread", () => {
  const { program, instance, words } = load();
  const args = Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? 1 : -1) * 3 ** i);
  const sum = args.reduce((a, b) => a + b, 0);
  pool.run(program, instance, "pass", args);
  expect([...words.subarray(passedAddress / 4, passedAddress / 4 + 4)]).toEqual([
    sum + 3,
    sum + 3,
    sum + 3,
    0,
  ]);
});

test("phases between barriers give the same numbers for 1, 2 and 3 threads", () => {
  const phases = 400;
  let x = Int32Array.from({ length: arrayLength }, (_, i) => i * i);
  const start = x;
  for (let phase = 0; phase < phases; phase++) {
    x = x.map((value, i) => Math.imul(3, value) + x[(i + 1) % arrayLength]!);
  }
  for (const threads of [1, 2, 3, 2, 1]) {
    const { program, instance, words } = load();
    words.set(start, arrayAddress / 4);
    pool.run(program, instance, "stencil", [phases], threads);
    const first = arrayAddress / 4;
    expect(words.subarray(first, first + arrayLength)).toEqual(x);
  }
});

test("more threads than are ready are not waited for", () => {
  const { program, instance, words } = load();
  pool.run(program, instance, "count", [], 100);
  expect(words[counterAddress / 4]).toBe(3);
});

test("programs keep apart, and those a thread has missed reach it", () => {
  const all = Array.from({ length: 8 }, () => load());
  all.forEach(({ program, instance }, i) => pool.run(program, instance, "count", [], 2 + (i % 2)));
  all.forEach(({ program, instance }) => pool.run(program, instance, "count", [], 3));
  expect(all.map(({ words }) => words[counterAddress / 4])).toEqual(all.map((_, i) => 5 + (i % 2)));
});

test.each([0, 1, 2])("a trap in thread %i is thrown in the caller, with others at the barrier", (which) => {
  const { program, instance, words } = load();
  expect(() => pool.run(program, instance, "trap", [which])).toThrow(/unreachable/);
  // And the barrier is whole again.
  words.fill(1, arrayAddress / 4);
  expect(() => pool.run(program, instance, "trap", [7])).not.toThrow();
  expect(() => pool.run(program, instance, "stencil", [4])).not.toThrow();
});

test("a program that a worker cannot instantiate fails there when it is run", () => {
  const builder = new ModuleBuilder(memoryLimits);
  const f = builder.function("f", ["i32", "i32"]);
  f.call(builder.import("onlyHere", [], []));
  builder.export("f", f);
  const memory = createMemory(memoryLimits);
  const program = { module: compileModule(builder.encode()), memory };
  const instance = new WebAssembly.Instance(program.module, { env: { memory, onlyHere() {} } });
  expect(() => pool.run(program, instance, "f", [])).toThrow(/thread [12] failed.*onlyHere/);
  expect(() => pool.run(program, instance, "f", [], 1)).not.toThrow();
});

test("a memory that is not shared, and a program without the function", () => {
  const builder = new ModuleBuilder();
  const f = builder.function("f", ["i32", "i32"]);
  f.i32(0).get(1).call(emitBarrier(builder));
  f.i32(64).get(1).mem("i32.store");
  builder.export("f", f);
  const memory = createMemory(builder.memory);
  const program = { module: compileModule(builder.encode()), memory };
  const instance = new WebAssembly.Instance(program.module, { env: { memory } });
  pool.run(program, instance, "f", []);
  expect(new Int32Array(memory.buffer)[16]).toBe(1);
  expect(() => pool.run(program, instance, "g", [])).toThrow(/no function g/);
});

test("an idle pool uses no processor time", () => {
  const { program, instance } = load();
  pool.run(program, instance, "count", []);
  const before = process.cpuUsage();
  // This thread sleeps too, so that what is counted is the workers'.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(25);
});

test("a released program leaves the workers' memory", { tags: ["long"] }, () => {
  const before = process.memoryUsage.rss();
  for (let i = 0; i < 20; i++) {
    const { program, instance, words } = load(512);
    for (let i = arrayAddress / 4; i < words.length / 4; i += 1024) words[i] = 1;
    pool.run(program, instance, "count", []);
    pool.release(program);
  }
  // The pages of a quarter of 20 of 32 MiB are 160 MiB; the caller's own references are collected every 8 of them.
  expect((process.memoryUsage.rss() - before) / 2 ** 20).toBeLessThan(125);
});

test("a closed pool runs on with one thread, and its workers end", async () => {
  const threadsNow = () => (process.platform === "linux" ? readdirSync("/proc/self/task").length : 0);
  const before = threadsNow();
  for (let i = 0; i < 4; i++) {
    const other = createPool(3);
    other.awaitReady(20_000);
    const { program, instance, words } = load();
    other.run(program, instance, "count", []);
    other.close();
    expect(other.ready).toBe(1);
    other.run(program, instance, "count", []);
    expect(words[counterAddress / 4]).toBe(4);
  }
  createPool(3).close();
  await expect.poll(threadsNow, { timeout: 20_000 }).toBeLessThanOrEqual(before);
});

test("a pool of one thread has no workers", () => {
  const alone = createPool(1);
  const { program, instance, words } = load();
  alone.run(program, instance, "count", []);
  expect([alone.size, alone.ready, words[counterAddress / 4]]).toEqual([1, 1, 1]);
});
