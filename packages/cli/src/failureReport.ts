/** Turns whatever was thrown into what is told about it, and into an exit code. */
import { UsageError, exitCodes } from "./failure.ts";
import type { FailureReport } from "./output/reporter.ts";

export function describeFailure(error: unknown): { report: FailureReport; exitCode: number } {
  try {
    return describeKnown(error);
  } catch {
    // A thrown proxy, or a getter in an error, that throws itself.
    const message = "What was thrown cannot be read.";
    return {
      report: { code: "EXPERIMENT", message, details: {}, trace: undefined },
      exitCode: exitCodes.failed,
    };
  }
}

function describeKnown(error: unknown): { report: FailureReport; exitCode: number } {
  if (error instanceof UsageError) {
    const trace = error.cause === undefined ? undefined : userFrames(error.cause);
    return {
      report: { code: error.code, message: error.message, details: error.details, trace },
      exitCode: exitCodes.usage,
    };
  }
  if (isLibraryError(error)) {
    // A wrong option of an estimator or optimizer comes from the config, or from the user's own file.
    const isUsage =
      error.code === "OPTION" ||
      (error.code === "EXPERIMENT" && error.details["during"] === "setup") ||
      (error.code === "STORE" && error.details["reason"] === "exists");
    const exitCode = isUsage ? exitCodes.usage : exitCodes.failed;
    return {
      report: {
        code: error.code,
        message: error.message,
        details: error.details,
        // Of code that is the user's, the place in it.
        trace: userFrames(error.code === "EXPERIMENT" ? error.cause : error),
      },
      exitCode,
    };
  }
  const isError = error instanceof Error;
  const message = isError ? `${error.name}: ${error.message}` : shown(error);
  const trace = userFrames(error) ?? (isError ? allFrames(error) : undefined);
  return { report: { code: "UNEXPECTED", message, details: {}, trace }, exitCode: exitCodes.failed };
}

/** Anything can be thrown, also what cannot be shown. */
function shown(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "something was thrown that cannot be shown";
  }
}

interface LibraryError extends Error {
  code: string;
  details: Readonly<Record<string, unknown>>;
}

/** By shape and not by class: the library need not be loaded for that. */
function isLibraryError(error: unknown): error is LibraryError {
  const { code, details } = (error ?? {}) as Partial<LibraryError>;
  return (
    error instanceof Error && typeof code === "string" && typeof details === "object" && details !== null
  );
}

const allFrames = (error: Error): string | undefined =>
  error.stack
    ?.split("\n")
    .filter((line) => /^\s+at /.test(line))
    .join("\n");

/** The frames in files that are neither Node's nor installed: the user's own, with line and column. */
function userFrames(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const own = (allFrames(error) ?? "")
    .split("\n")
    .filter(
      (line) =>
        /[/\\]/.test(line) &&
        !/node:|node_modules|[/\\]dist[/\\]/.test(line) &&
        !line.includes(import.meta.dirname ?? "\0"),
    );
  return own.length === 0 ? undefined : own.slice(0, 8).join("\n");
}
