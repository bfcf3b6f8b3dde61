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
  /** Resolves when what was written is out, or cannot be. */
  flushed(): Promise<void>;
}

/** A command without a run has nothing to keep: it ends, as others do. */
let listener: Listener = ({ stream, code, message }) => {
  if (code === "EPIPE") process.exit(exitCodes.closedPipe);
  if (stream === "stdout") stderr.write(`unspool: stdout could not be written (${message}).\n`);
  process.exit(exitCodes.failed);
};

/** Replaces what is done when an output fails. */
export function onOutputFailure(next: Listener): void {
  listener = next;
}

function safe(
  name: OutputFailure["stream"],
  stream: Writable & { isTTY?: boolean; columns?: number },
): SafeOutput {
  let isBroken = false;
  const fail = (error: NodeJS.ErrnoException): void => {
    if (isBroken) return;
    isBroken = true;
    listener({ stream: name, code: error.code ?? "", message: error.message });
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
      if (isBroken) return true;
      try {
        return stream.write(text);
      } catch (error) {
        fail(error as NodeJS.ErrnoException);
        return true;
      }
    },
    flushed: () =>
      new Promise((resolve) => {
        if (isBroken || stream.writableLength === 0) return resolve();
        stream.once("error", () => resolve());
        stream.once("drain", resolve);
        try {
          stream.write("", () => resolve());
        } catch {
          resolve();
        }
      }),
  };
}

export const stdout: SafeOutput = safe("stdout", process.stdout);
export const stderr: SafeOutput = safe("stderr", process.stderr);
