/**
 * The peak of one thread: chains of multiply-adds that never leave the registers, in WebAssembly as the engine writes
 * it. What a program reaches is told as a share of it, measured in the same minute.
 */
import { compileModule, hasRelaxedSimd } from "./host.ts";
import { multiplyAdd } from "./math/index.ts";
import { ModuleBuilder } from "./wasm/index.ts";

export interface Peak {
  /** 10^9 floating-point operations per second, in float32. */
  gflops: number;
  /** Fused multiply-adds (relaxed SIMD), or a product and a sum. */
  isFused: boolean;
}

export interface PeakOptions {
  /** Fused multiply-adds, where the host has them. Default true. */
  fma?: boolean;
}

/** Enough to fill two units of latency 4. */
const chains = 12;
const lanes = 4;
const iterations = 20_000;
const durationMs = 20;

/** Prepares the measurement; each call of the result takes about 20 ms and tells the best of its repetitions. */
export function peakMeter({ fma = true }: PeakOptions = {}): () => Peak {
  const isFused = fma && hasRelaxedSimd();
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const { exports } = new WebAssembly.Instance(compileModule(chainModule(isFused)), { env: { memory } });
  const run = exports["chains"] as (iterations: number) => number;
  const flops = 2 * chains * lanes * iterations;
  return () => {
    let best = Infinity;
    const end = performance.now() + durationMs;
    do {
      const startedAt = performance.now();
      run(iterations);
      best = Math.min(best, performance.now() - startedAt);
    } while (performance.now() < end);
    return { gflops: flops / best / 1e6, isFused };
  };
}

/** x ← x · 0.5 + 1 on all chains, which stays between 1 and 2. Returns a lane so that nothing is left out. */
function chainModule(fma: boolean): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({ initial: 1, maximum: 1 });
  const f = module.function("chains", ["i32"], ["f32"]);
  const [half, one] = [f.constant("f32x4", 0.5), f.constant("f32x4", 1)];
  const chain = Array.from({ length: chains }, () => f.splat("f32x4", 1).save("v128"));
  f.forLoop(f.local("i32"), 0, [0], 1, () => {
    for (const x of chain) {
      multiplyAdd(f, "f32x4", x, half, one, { fma });
      f.set(x);
    }
  });
  for (const x of chain) f.get(x);
  for (let i = 1; i < chains; i++) f.op("f32x4.add");
  f.lane("f32x4.extract_lane", 0);
  module.export("chains", f);
  return module.encode();
}
