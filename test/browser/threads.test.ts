/**
 * The engine's threads in a cross-origin-isolated page, whose main thread may not sleep: jobs, barriers and errors as
 * in Node. Sources are served with their types stripped. Needs Chromium (see `isolatedPages.ts`).
 */
import { expect, test } from "vitest";
import { isolatedPages } from "./isolatedPages.ts";

const openPage = isolatedPages();
const engine = "/packages/unspool/src/engine";

/** A ring of counters, each phase adding its neighbour's last value: two threads, two barriers a phase. */
const script = `
  const { ModuleBuilder } = await import("${engine}/wasm/index.ts");
  const { canBlock, compileModule, createMemory, hasRelaxedSimd, hasSharedMemory } = await import("${engine}/host.ts");
  const { createPool, emitBarrier, prepareBarrier } = await import("${engine}/threads/index.ts");
  const module = new ModuleBuilder({ isShared: true });
  const barrier = emitBarrier(module);
  const f = module.function("ring", ["i32", "i32", "i32"]);
  const [phase, value] = [f.local("i32"), f.local("i32")];
  const own = () => f.get(0).i32(2).op("i32.shl");
  f.forLoop(phase, 0, [2], 1, () => {
    f.get(0).i32(1).op("i32.add").get(1).op("i32.rem_u").i32(2).op("i32.shl").mem("i32.load", 256).set(value);
    f.i32(0).get(1).call(barrier);
    own();
    own().mem("i32.load", 256).get(value).op("i32.add").i32(1).op("i32.add").mem("i32.store", 256);
    f.i32(0).get(1).call(barrier);
  });
  module.export("ring", f);
  const g = module.function("trap", ["i32", "i32", "i32"]);
  g.get(0, 2).op("i32.eq").if(() => g.op("unreachable"));
  g.i32(0).get(1).call(barrier);
  module.export("trap", g);
  const program = { module: compileModule(module.encode()), memory: createMemory(module.memory), barrier: 0 };
  prepareBarrier(program.memory, 0);
  const instance = new WebAssembly.Instance(program.module, { env: { memory: program.memory } });
  const pool = createPool(2);
  pool.run(program, instance, "ring", [1]);
  const atOnce = pool.ready;
  while (pool.ready < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  const words = new Int32Array(program.memory.buffer, 256, 4);
  words.fill(0);
  const errors = [];
  for (let job = 0; job < 60; job++) {
    pool.run(program, instance, "ring", [2]);
    if (job % 30 !== 10) continue;
    try { pool.run(program, instance, "trap", [(job - 10) / 30]); } catch (error) { errors.push(/unreachable/.test(error.message)); }
  }
  pool.close();
  return { atOnce, words: [...words], errors, after: pool.ready, canBlock: canBlock(),
    hasSharedMemory: hasSharedMemory(), hasRelaxedSimd: hasRelaxedSimd() };
`;

interface Outcome {
  atOnce: number;
  words: number[];
  errors: boolean[];
  after: number;
  canBlock: boolean;
  hasSharedMemory: boolean;
  hasRelaxedSimd: boolean;
}

/** What the page's jobs must leave: 120 phases of two threads. */
function expectedWords(): number[] {
  let [a, b] = [0, 0];
  for (let phase = 0; phase < 120; phase++) [a, b] = [(a + b + 1) | 0, (b + a + 1) | 0];
  return [a, b, 0, 0];
}

test("threads in a page do what they do in Node", async () => {
  const page = await openPage();
  const outcome = await page.evaluate<Outcome>(`(async () => {${script}})()`);
  expect(outcome).toMatchObject({
    atOnce: 1,
    words: expectedWords(),
    errors: [true, true],
    after: 1,
    canBlock: false,
    hasSharedMemory: true,
    hasRelaxedSimd: true,
  });
});
