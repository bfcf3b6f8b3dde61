/**
 * The engine's threads in a cross-origin-isolated page, whose main thread may not sleep: jobs, barriers and errors as
 * in Node. Sources are served with their types stripped. Needs Chromium (path in CHROMIUM, default
 * /usr/bin/chromium).
 */
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
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

/** Sources as a page reads them. */
async function answer(path: string): Promise<{ body: string; type: string }> {
  if (path === "/") return { body: "<!doctype html>", type: "text/html" };
  const source = await readFile(join(root, path), "utf8");
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
  });
  return { body: outputText, type: "text/javascript" };
}

const server = createServer((request, response) => {
  answer(new URL(request.url!, "http://localhost").pathname).then(
    ({ body, type }) => {
      response.writeHead(200, {
        "content-type": type,
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
      });
      response.end(body);
    },
    () => response.writeHead(404).end(),
  );
});
let browser: Browser;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  browser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
  });
});

afterAll(async () => {
  await browser?.close();
  server.close();
});

/** What the page's jobs must leave: 120 phases of two threads. */
function expectedWords(): number[] {
  let [a, b] = [0, 0];
  for (let phase = 0; phase < 120; phase++) [a, b] = [(a + b + 1) | 0, (b + a + 1) | 0];
  return [a, b, 0, 0];
}

test("threads in a page do what they do in Node", async () => {
  const tab = await browser.newPage();
  await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const outcome = await tab.evaluate<Outcome>(`(async () => {${script}})()`);
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
