/**
 * The compiled executor: each program becomes one WebAssembly module that runs the whole window of all units, on one
 * thread or several, with the same bits for any number of them.
 */
import { tree } from "../array/index.ts";
import {
  type OuterFunctions,
  ReverseRunner,
  type UnitFunctions,
  UnitRunner,
  compileFunction,
  compileReverseProgram,
  compileUnitProgram,
  hasRelaxedSimd,
  hasSharedMemory,
  sharedPool,
} from "../engine/index.ts";
import { requireInteger } from "../errors.ts";
import { checkpointPlan } from "./checkpoints.ts";
import type { Executor } from "./executor.ts";
import { reverseFunctions } from "./reverseFunctions.ts";

export interface CompiledExecutorOptions {
  /** Threads that share the units of a program; results do not depend on it. Default 1. */
  threads?: number;
  /** No fused multiply-add: the same bits on every machine, 20 to 45 % slower. Default false. */
  portableBits?: boolean;
  /** Told of each program after it was compiled, before it runs: for `explainProgram` and measurements. */
  onCompile?: (runner: UnitRunner | ReverseRunner) => void;
}

/** An executor on the engine. Programs are compiled once per program object and argument shapes. */
export function compiledExecutor(options: CompiledExecutorOptions = {}): Executor {
  const { threads = 1, portableBits = false, onCompile } = options;
  requireInteger("compiledExecutor", "threads", threads, 1);
  const fma = !portableBits && hasRelaxedSimd();
  const isShared = threads > 1 && hasSharedMemory();
  const pool = isShared ? sharedPool() : undefined;
  const cache = new WeakMap<object, Map<string, UnitRunner>>();
  const reverseCache = new WeakMap<object, Map<string, ReverseRunner>>();
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
        onCompile?.(runner);
      }
      return runner.run(shared, units) as never;
    },
    // Without fused operations an update has the bits of one that is computed eagerly.
    compile: (name, fn, args) => compileFunction(name, fn, args, { portableBits: true }),
    outer(program, state, units, windows) {
      const runners = cache.get(program) ?? new Map<string, UnitRunner>();
      cache.set(program, runners);
      const signature = signatureOf([state, units]);
      let runner = runners.get(signature);
      if (runner === undefined) {
        const compiled = compileUnitProgram(
          program.window as unknown as UnitFunctions,
          program.share(state),
          units,
          { fma, isShared, threads },
          { functions: program as unknown as OuterFunctions, outer: state },
        );
        runner = new UnitRunner(compiled, pool, threads);
        runners.set(signature, runner);
        onCompile?.(runner);
      }
      return runner.runOuter(state, units, Math.min(windows, runner.program.outer!.capacity)) as never;
    },
    reverse(program, policy, theta, shared, units) {
      const runners = reverseCache.get(program) ?? new Map<string, ReverseRunner>();
      reverseCache.set(program, runners);
      const given = { theta, shared, units };
      const signature = `${JSON.stringify(policy)}|${signatureOf([theta, shared, units])}`;
      let runner = runners.get(signature);
      if (runner === undefined) {
        const compiled = compileReverseProgram(
          reverseFunctions(program as never),
          checkpointPlan(program.length, policy),
          given,
          { fma, isShared, threads },
        );
        runner = new ReverseRunner(compiled, pool, threads);
        runners.set(signature, runner);
        onCompile?.(runner);
      }
      return runner.run(given) as never;
    },
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
