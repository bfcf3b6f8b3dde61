/**
 * The compiled executor: each program becomes one WebAssembly module that runs the whole window of all units, on one
 * thread or several, with the same bits for any number of them.
 */
import { tree } from "../array/index.ts";
import {
  ReverseRunner,
  TileRunner,
  UnitRunner,
  compileFunction,
  compileReverseProgram,
  compileUnitProgram,
  hasRelaxedSimd,
  hasSharedMemory,
  sharedPool,
} from "../engine/index.ts";
import { requireInteger, requireKnownOptions } from "../errors.ts";
import { checkpointPlan } from "./checkpoints.ts";
import { type Executor, typedExecutor } from "./executor.ts";
import { reverseFunctions } from "./reverseFunctions.ts";

export interface CompiledExecutorOptions {
  /** Threads that share the units of a program; results do not depend on it. Default 1. */
  threads?: number;
  /** No fused multiply-add: the same bits on every machine, 20 to 45 % slower. Default false. */
  portableBits?: boolean;
  /** Told of each program after it was compiled, before it runs: for `explainProgram` and measurements. */
  onCompile?: (runner: UnitRunner | ReverseRunner) => void;
}

/** Runners by program object, then by the shapes of the arguments. */
type Cache<Runner> = WeakMap<object, Map<string, Runner>>;

/** An executor on the engine. Programs are compiled once per program object and argument shapes. */
export function compiledExecutor(options: CompiledExecutorOptions = {}): Executor {
  requireKnownOptions("compiledExecutor", options, ["threads", "portableBits", "onCompile"]);
  const { threads = 1, portableBits = false, onCompile } = options;
  requireInteger("compiledExecutor", "threads", threads, 1);
  const fma = !portableBits && hasRelaxedSimd();
  const isShared = threads > 1 && hasSharedMemory();
  const pool = isShared ? sharedPool() : undefined;
  const compileOptions = { fma, isShared, threads };
  const unitRunners: Cache<UnitRunner> = new WeakMap();
  const reverseRunners: Cache<ReverseRunner> = new WeakMap();

  function runnerOf<Runner extends UnitRunner | ReverseRunner>(
    cache: Cache<Runner>,
    program: object,
    signature: string,
    make: () => Runner,
  ): Runner {
    const runners = cache.get(program) ?? new Map<string, Runner>();
    cache.set(program, runners);
    const known = runners.get(signature);
    if (known !== undefined) return known;
    const runner = make();
    runners.set(signature, runner);
    onCompile?.(runner);
    return runner;
  }

  return typedExecutor({
    name: "compiled",
    forward(program, shared, units) {
      const runner = runnerOf(unitRunners, program, signatureOf([shared, units]), () => {
        return new UnitRunner(compileUnitProgram(program, shared, units, compileOptions), pool, threads);
      });
      return runner.run(shared, units);
    },
    // Without fused operations an update has the bits of one that is computed eagerly.
    compile: (name, fn, args) => compileFunction(name, fn, args, { portableBits: true }),
    outer(program, state, units, windows) {
      const runner = runnerOf(unitRunners, program, signatureOf([state, units]), () => {
        const { window } = program;
        const source = { program, outer: state };
        const compiled = compileUnitProgram(window, program.share(state), units, compileOptions, source);
        return new UnitRunner(compiled, pool, threads);
      });
      return runner.runOuter(state, units, Math.min(windows, runner.program.outer!.capacity));
    },
    tiled(program, state, units) {
      const single = { fma, isShared: false, threads: 1 };
      const source = { program, outer: state };
      return new TileRunner(compileUnitProgram(program.window, program.share(state), units, single, source));
    },
    reverse(program, policy, theta, shared, units) {
      const given = { theta, shared, units };
      const signature = `${JSON.stringify(policy)}|${signatureOf([theta, shared, units])}`;
      const runner = runnerOf(reverseRunners, program, signature, () => {
        const plan = checkpointPlan(program.length, policy);
        const compiled = compileReverseProgram(reverseFunctions(program), plan, given, compileOptions);
        return new ReverseRunner(compiled, pool, threads);
      });
      return runner.run(given);
    },
  });
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
