/**
 * stdout and stderr that can fail: a closed pipe (EPIPE), a full disk (ENOSPC). A failure is told once to whoever
 * listens, and what is written after it is dropped; nothing throws and nothing has a stack.
 */
import type { Writable } from "node:stream";
import { exitCodes } from "../failure.ts";
import type { TextOutput } from "./textReporter.ts";

export interface OutputFailure {
  stream: "stdout" | "stderr";
  /** Of the system: EPIPE, ENOSPC, EIO, … */
  code: string;
  message: string;
}

type Listener = (failure: OutputFailure) => void;

export interface SafeOutput extends TextOutput {
  write(text: string | Uint8Array): boolean;
  /** Resolves when what was written is out, or cannot be and has been told. */
  flushed(): Promise<void>;
  /** The first failure. */
  failure(): OutputFailure | undefined;
}

/** What a command ends with whose results could not be written. */
export const exitCodeOf = ({ code }: OutputFailure): number =>
  code === "EPIPE" ? exitCodes.closedPipe : exitCodes.failed;

/** A command without a run has nothing to keep: it ends, as others do. */
let listener: Listener = (failure) => {
  const { stream, code, message } = failure;
  if (code !== "EPIPE" && stream === "stdout")
    stderr.write(`unspool: stdout could not be written (${message}).\n`);
  process.exit(exitCodeOf(failure));
};

/** Replaces what is done when an output fails. */
export function onOutputFailure(next: Listener): void {
  listener = next;
}

function safe(
  name: OutputFailure["stream"],
  stream: Writable & { isTTY?: boolean; columns?: number },
): SafeOutput {
  let failure: OutputFailure | undefined;
  const fail = (error: NodeJS.ErrnoException): void => {
    if (failure !== undefined) return;
    failure = { stream: name, code: error.code ?? "", message: error.message };
    listener(failure);
  };
  stream.on("error", fail);
  return {
    get isTTY() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns ?? 80;
    },
    write(text) {
      if (failure !== undefined) return true;
      try {
        return stream.write(text);
      } catch (error) {
        fail(error as NodeJS.ErrnoException);
        return true;
      }
    },
    flushed: () =>
      new Promise((resolve) => {
        if (failure !== undefined) return resolve();
        // A file is written at once, and what is wrong with it is told after the promises of this turn.
        if (stream.writableLength === 0) return void setImmediate(resolve);
        stream.once("error", () => resolve());
        stream.once("drain", resolve);
        try {
          stream.write("", () => resolve());
        } catch {
          resolve();
        }
      }),
    failure: () => failure,
  };
}

export const stdout: SafeOutput = safe("stdout", process.stdout);
export const stderr: SafeOutput = safe("stderr", process.stderr);
