/** `--threads`, `--portable-bits` and `--engine`: what computes a run, and what is recorded of it. */
import { hardwareThreads, hasRelaxedSimd } from "unspool/engine";
import { ResumeError } from "unspool";
import { type EngineName, type ExecutorSettings, configureExecutor } from "unspool/unroll";
import { type CommandLine, choiceOption, integerOption } from "../commandLine/parse.ts";

/** What computed a run. A run is resumed with the same engine and rounding, on any number of threads. */
export interface EngineRecord {
  engine: EngineName;
  threads: number;
  /** Of the compiled engine: whether products and sums were fused, which rounds once where two instructions do twice. */
  fma?: boolean;
}

/** Settings that the options ask for. Throws `UsageError` for values that are not allowed. */
export function engineSettings(line: CommandLine): ExecutorSettings {
  const threads = integerOption(line, "threads", 1) ?? 1;
  const engine = choiceOption(line, "engine", ["compiled", "reference"]) ?? "compiled";
  return { engine, threads, portableBits: line.options.has("portable-bits") };
}

/** Makes the settings those of the process, and says what they come to on a machine that may fuse: by default, this one. */
export function useEngine(settings: ExecutorSettings, hasFma: boolean = hasRelaxedSimd()): EngineRecord {
  configureExecutor(settings);
  const { engine = "compiled", threads = 1, portableBits = false } = settings;
  if (threads > hardwareThreads()) {
    process.stderr.write(
      `--threads ${threads} is more than the ${hardwareThreads()} that this machine has.\n`,
    );
  }
  return engine === "compiled" ? { engine, threads, fma: !portableBits && hasFma } : { engine, threads };
}

/**
 * The settings with which a recorded run goes on to the bits of one that was never stopped. A record without an engine
 * is of a time when there was only the reference. `ResumeError` if the machine, by default this one, cannot round as the
 * run's did.
 */
export function recordedSettings(
  dir: string,
  record: Partial<EngineRecord>,
  line: CommandLine,
  hasFma: boolean = hasRelaxedSimd(),
): ExecutorSettings {
  const { engine = "reference", fma = false } = record;
  const threads = integerOption(line, "threads", 1) ?? record.threads ?? 1;
  if (engine === "compiled" && fma && !hasFma && !line.options.has("force")) {
    throw new ResumeError(
      dir,
      "the run was started with fused multiply-adds (relaxed SIMD), which this host does not have: it would go on " +
        "with other bits. Resume it on a host that has them, go on knowingly by --force, or start a run with --portable-bits, whose bits are " +
        "the same on every host.",
      { engine, fma, host: { fma: false } },
    );
  }
  return { engine, threads, portableBits: !fma };
}
