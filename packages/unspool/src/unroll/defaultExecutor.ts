/**
 * The executor of everything that is not given one: a process has one at a time, made when it is first wanted. What a
 * run computes does not depend on it but for rounding, and not even there between numbers of threads; so it is a
 * setting of the process, as a log level is, and not of each estimator.
 */
import { hasRelaxedSimd } from "../engine/index.ts";
import { requireInteger, requireKnownOptions, requireOneOf } from "../errors.ts";
import { type CompiledExecutorOptions, compiledExecutor } from "./compiledExecutor.ts";
import type { Executor } from "./executor.ts";
import { hostExecutor } from "./hostExecutor.ts";
import { referenceExecutor } from "./referenceExecutor.ts";

export type EngineName = "compiled" | "reference";

export interface ExecutorSettings extends CompiledExecutorOptions {
  /** WebAssembly programs of our own, or jax-js. The other settings are those of the compiled one. Default "compiled". */
  engine?: EngineName;
}

let settings: ExecutorSettings = {};
let current: Executor | undefined;

/** Replaces the settings: what is not given returns to its default. Executors that were handed out keep theirs. */
export function configureExecutor(given: ExecutorSettings): void {
  requireKnownOptions("configureExecutor", given, ["engine", "threads", "portableBits", "onCompile"]);
  requireOneOf("configureExecutor", "engine", given.engine ?? "compiled", ["compiled", "reference"]);
  requireInteger("configureExecutor", "threads", given.threads ?? 1, 1);
  settings = { ...given };
  current = undefined;
}

/** An executor of its own with the same settings, which tells of the programs that it compiles. */
export function freshExecutor(options: Pick<CompiledExecutorOptions, "onCompile">): Executor {
  const { engine = "compiled", ...rest } = settings;
  return engine === "compiled" ? compiledExecutor({ ...rest, ...options }) : referenceExecutor();
}

/** What of the settings the bits depend on, as it comes to on this host. */
export function executorRecord(): { engine: EngineName; fma?: boolean } {
  const { engine = "compiled", portableBits = false } = settings;
  return engine === "compiled" ? { engine, fma: !portableBits && hasRelaxedSimd() } : { engine };
}

/** Threads of the settings: for what shares work in other ways than the executor. */
export function executorThreads(): number {
  return settings.threads ?? 1;
}

/** The executor of the settings. */
export function defaultExecutor(): Executor {
  const { engine = "compiled", ...options } = settings;
  current ??= engine === "compiled" ? compiledExecutor(options) : referenceExecutor();
  return current;
}

/**
 * The executor for a problem: the one given, or else the default one; around it the host executor, if the problem is a
 * simulator.
 */
export function executorFor(
  { isTraceable }: { readonly isTraceable: boolean },
  given: Executor = defaultExecutor(),
): Executor {
  return isTraceable || given.name === "host" ? given : hostExecutor(given);
}
