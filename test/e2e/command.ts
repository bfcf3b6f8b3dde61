/** Runs the built command as a person or a program would: as a child process. */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const bin: string = fileURLToPath(new URL("../../packages/cli/bin/unspool.js", import.meta.url));
const fixtures = fileURLToPath(new URL("fixtures", import.meta.url));

/** One line of stdout under `--json`. */
export type JsonEvent = Record<string, unknown> & { event: string };

export interface Outcome {
  /** As a shell shows it: of a process that ended by a signal, 128 more than the signal's number. */
  code: number;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  outcome: Promise<Outcome>;
}

/** A folder without `node_modules` above it, holding the experiment files; removed by `remove`. */
export function workFolder(): { dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), "unspool-e2e-"));
  cpSync(fixtures, dir, { recursive: true });
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/**
 * Starts `unspool ...args`. `onEvent` hears each JSON line of stdout as it comes. With `isGroup` in a process group of its
 * own, as a shell does it: `process.kill(-pid)` is then a terminal's Ctrl-C.
 */
export function start(
  dir: string,
  args: readonly string[],
  onEvent?: (event: JsonEvent, child: ChildProcess) => void,
  isGroup = false,
): Running {
  const env = { ...process.env, NO_COLOR: "1" };
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: dir,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: isGroup,
  });
  let stdout = "";
  let stderr = "";
  let heard = 0;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    for (let end = stdout.indexOf("\n", heard); end !== -1; end = stdout.indexOf("\n", heard)) {
      const line = stdout.slice(heard, end);
      heard = end + 1;
      if (onEvent !== undefined && line.startsWith("{")) onEvent(JSON.parse(line) as JsonEvent, child);
    }
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code: shellCode(code, signal), signal, stdout, stderr }));
  });
  return { child, outcome };
}

/** An exit code as a shell shows it. What is slow to stop ends by the signal that it was sent. */
const shellCode = (code: number | null, signal: NodeJS.Signals | null): number =>
  code ?? 128 + constants.signals[signal!];

/**
 * The exit code of a process, as a shell shows it: once all of its output has been read, or (`exit`) as soon as it has
 * ended. A process whose channel was closed from here is not known to close.
 */
export function exitCodeOf(child: ChildProcess, at: "close" | "exit" = "close"): Promise<number> {
  return new Promise((resolve) => child.on(at, (code, signal) => resolve(shellCode(code, signal))));
}

/** Runs `unspool ...args` to its end. */
export function unspool(dir: string, ...args: string[]): Promise<Outcome> {
  return start(dir, args).outcome;
}

/** All lines of a stdout that must be nothing but events. */
export function eventsOf({ stdout }: Outcome): JsonEvent[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as JsonEvent);
}
