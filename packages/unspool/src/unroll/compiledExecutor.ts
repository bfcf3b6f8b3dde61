/**
 * The compiled executor: each program becomes one WebAssembly module that runs the whole window of all units, on one
 * thread or several, with the same bits for any number of them.
 */
import { tree } from "../array/index.ts";
import {
  type UnitFunctions,
  UnitRunner,
  compileUnitProgram,
  hasRelaxedSimd,
  hasSharedMemory,
  sharedPool,
} from "../engine/index.ts";
import { requireInteger } from "../errors.ts";
import type { Executor } from "./executor.ts";
import { referenceExecutor } from "./referenceExecutor.ts";

export interface CompiledExecutorOptions {
  /** Threads that share the units of a program; results do not depend on it. Default 1. */
  threads?: number;
  /** No fused multiply-add: the same bits on every machine, 20 to 45 % slower. Default false. */
  portableBits?: boolean;
}

/** An executor on the engine. Programs are compiled once per program object and argument shapes. */
export function compiledExecutor(options: CompiledExecutorOptions = {}): Executor {
  const { threads = 1, portableBits = false } = options;
  requireInteger("compiledExecutor", "threads", threads, 1);
  const fma = !portableBits && hasRelaxedSimd();
  const isShared = threads > 1 && hasSharedMemory();
  const pool = isShared ? sharedPool() : undefined;
  const cache = new WeakMap<object, Map<string, UnitRunner>>();
  const fallback = referenceExecutor();
  return {
    name: "compiled",
    forward(program, shared, units) {
      const runners = cache.get(program) ?? new Map<string, UnitRunner>();
      cache.set(program, runners);
      const signature = signatureOf([shared, units]);
      let runner = runners.get(signature);
      if (runner === undefined) {
        const compiled = compileUnitProgram(program as unknown as UnitFunctions, shared, units, {
          fma,
          isShared,
          threads,
        });
        runner = new UnitRunner(compiled, pool, threads);
        runners.set(signature, runner);
      }
      return runner.run(shared, units) as never;
    },
    reverse: (program, policy, theta, shared, units) =>
      fallback.reverse(program, policy, theta, shared, units),
  };
}

function signatureOf(args: readonly unknown[]): string {
  return args
    .map((arg) =>
      tree
        .entries(arg)
        .map(([path, leaf]) => `${path}:${leaf.toString()}`)
        .join(),
    )
    .join("|");
}
