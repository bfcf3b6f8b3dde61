/**
 * Long loops do not grow: neither the WebAssembly memory of jax-js nor the process. Measured in a process of its own,
 * which is warmed up first; a leak of one 64 kB array per call would add 64 MB to 640 MB.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "tsdown";
import { afterAll, beforeAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "unspool-memory-"));

// One file that a process starts with at once.
beforeAll(async () => {
  await build({
    ...{
      config: false,
      logLevel: "silent",
      platform: "node",
      format: "esm",
      dts: false,
      deps: { alwaysBundle: [/./] },
    },
    entry: { array: fileURLToPath(new URL("index.ts", import.meta.url)) },
    outDir: folder,
  });
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true }));

/** The lines of `script` run with the sources of this room; the last line that it prints is JSON. */
function measure(body: string): Record<string, number> {
  const script = `
    import { np, grad, jit, scan, vmap } from ${JSON.stringify(pathToFileURL(join(folder, "array.mjs")).href)};
    const rss = () => { gc(); gc(); return process.memoryUsage().rss / 2 ** 20; };
    ${body}
  `;
  const output = execFileSync(process.execPath, ["--expose-gc", "--input-type=module", "-e", script], {
    cwd: fileURLToPath(new URL("../../../..", import.meta.url)),
    encoding: "utf8",
  });
  return JSON.parse(output.trim().split("\n").at(-1)!) as Record<string, number>;
}

/** By `npm run test:robustness`. In every run: loops of operations and of gradients whose numbers vary, which grew most. */
const longTest = process.env["UNSPOOL_LONG_TESTS"] ? test : test.skip;

longTest(
  "10,000 eager operations, 1,000 jit steps, 200 one-off gradients and 210 loops keep the memory of the process",
  () => {
    const grown = measure(`
    const x = np.full([16384], 0.5);
    const step = jit((w) => w.sub(grad((v) => np.tanh(v).mul(v).sum())(w).mul(0.01)));
    // More than is computed without jax-js.
    const many = np.full([20000], 0.5);
    const eager = (n) => { let y = many; for (let i = 0; i < n; i++) y = y.mul(0.999).add(0.001); return y; };
    const steps = (n) => { let w = x; for (let i = 0; i < n; i++) w = step(w); return w; };
    const gradients = (n) => { for (let i = 0; i < n; i++) grad((v) => np.exp(v).sum())(x); };
    const rows = np.full([4, 16384], 0.1);
    const last = (checkpoints) => (w) => scan((h, r) => [h.mul(w).add(r), h.sum()], x, rows, { checkpoints })[0].sum();
    const kept = jit(grad(last("sqrt")));
    const loops = (n) => { for (let i = 0; i < n; i++) { kept(x); if (i % 20 === 0) grad(last("all"))(x); } };
    eager(200); steps(50); gradients(20); loops(20);
    const start = rss();
    eager(5000); const afterEager = rss();
    steps(1000); const afterSteps = rss();
    gradients(200); const afterGradients = rss();
    loops(200); const afterLoops = rss();
    console.log(JSON.stringify({ eager: afterEager - start, steps: afterSteps - afterEager, gradients: afterGradients - afterSteps, loops: afterLoops - afterGradients }));
  `);
    // Garbage collection and the allocator of the host move the resident set by some MB either way.
    for (const [kind, megabytes] of Object.entries(grown)) expect(megabytes, kind).toBeLessThan(40);
  },
  60_000,
);

/** How often each kind is called: a short loop here, 1,000,000 by `npm run test:robustness` (docs/numerics.md). */
const calls = Number(process.env["UNSPOOL_MEMORY_CALLS"] ?? 2000);

test(
  "operations with a number that varies and gradients of new closures do not grow in one synchronous loop",
  { tags: ["long"], timeout: 86_400_000 },
  () => {
    const grown = measure(`
    const x = np.full([16], 0.5);
    const kinds = {
      product: (i) => x.mul(i + 0.123),
      array: (i) => np.exp(np.array(i * 1e-6)),
      number: (i) => np.exp(i * 1e-6),
      closure: (i) => grad((v) => v.mul(i + 0.5).mul(v).sum())(x),
      sameClosure: () => grad((v) => np.tanh(v).mul(v).sum())(x),
    };
    const mega = 2 ** 20;
    const grown = {};
    for (const [kind, call] of Object.entries(kinds)) {
      // Derivatives are traced at each call, and take a hundred times as long.
      const count = kind.toLowerCase().endsWith("closure") ? ${calls} / 20 : ${calls};
      // The engine is warm.
      for (let i = 0; i < Math.max(count / 3, 100); i++) call(1e6 + i);
      gc(); const before = process.memoryUsage();
      for (let i = 0; i < count; i++) call(i);
      gc(); const after = process.memoryUsage();
      grown[kind] = [(after.heapUsed - before.heapUsed) / mega, (after.rss - before.rss) / mega];
    }
    console.log(JSON.stringify(grown));
  `) as unknown as Record<string, [heap: number, rss: number]>;
    for (const [kind, [heap, rss]] of Object.entries(grown)) {
      // 50 kB for each of 100 gradients were 5 MB, and 17 kB of the process for each of 2,000 constants 34 MB.
      expect(heap, `heap after ${kind}`).toBeLessThan(3);
      expect(rss, `resident set after ${kind}`).toBeLessThan(25);
    }
  },
);

longTest(
  "2,000 one-off transformations leave the heap as small as before",
  () => {
    const { heap } = measure(`
    const x = np.full([64], 0.5);
    const transform = async (n) => {
      for (let i = 0; i < n; i++) {
        grad((v) => v.mul(v).sum())(x);
        // jax-js makes weak references, whose targets the language keeps until the synchronous job ends.
        if (i % 50 === 49) await new Promise(setImmediate);
      }
    };
    await transform(300);
    gc(); const small = process.memoryUsage().heapUsed;
    await transform(2000);
    gc();
    console.log(JSON.stringify({ heap: (process.memoryUsage().heapUsed - small) / 2 ** 20 }));
  `) as { heap: number };
    // 2,000 kept programs of about 20 kB would be 40 MB.
    expect(heap).toBeLessThan(10);
  },
  60_000,
);
