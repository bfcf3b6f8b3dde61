/** Calls into the code of an experiment: whatever it throws becomes an error that says whose it is. */
import { ExperimentError, UnspoolError } from "../errors.ts";

/** When the code ran: before the run began, or in it. */
export type During = "setup" | "run";

/** What `call` returns. Errors of ours pass; everything else that it throws becomes an `ExperimentError`. */
export function called<T>(where: string, what: string, during: During, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw ownError(where, what, during, error);
  }
}

/** `called` for code that may be async. */
export async function calledAsync<T>(
  where: string,
  what: string,
  during: During,
  call: () => T | PromiseLike<T>,
): Promise<Awaited<T>> {
  try {
    return await call();
  } catch (error) {
    throw ownError(where, what, during, error);
  }
}

/** The error as one of ours. `what` is the part of the experiment that threw it. */
export function ownError(where: string, what: string, during: During, error: unknown): UnspoolError {
  if (isOurs(error)) return error;
  const { text, stack } = describeThrown(error);
  return new ExperimentError(
    where,
    `${what} threw ${text}`,
    { part: what, during, ...(stack !== undefined && { stack }) },
    { cause: error },
  );
}

/** Errors of the library, and those of its faces: both have a code and details. */
function isOurs(error: unknown): error is UnspoolError {
  if (isInstance(error, UnspoolError)) return true;
  try {
    return error instanceof Error && error.name === "UsageError" && "details" in error;
  } catch {
    return false;
  }
}

/** `instanceof` for a thrown value that may be a proxy with traps. */
export function isInstance<T>(error: unknown, type: new (...args: never[]) => T): error is T {
  try {
    return error instanceof type;
  } catch {
    return false;
  }
}

/** With a full stop, for something to follow. */
export const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/** The same error, of the same class and from the same place, in other words. */
export function retold(
  error: UnspoolError,
  message: string,
  details: UnspoolError["details"] = error.details,
): UnspoolError {
  const told = new UnspoolError(error.code, message, details);
  Object.setPrototypeOf(told, Object.getPrototypeOf(error) as object);
  told.name = error.name;
  told.cause = error instanceof ExperimentError ? (error.cause ?? error) : error;
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  told.stack = [`${error.name}: ${message}`, ...frames].join("\n");
  return told;
}

/** Longer messages are cut: one may hold a whole file. */
const longestText = 2000;

/** What can be said of a thrown value, whatever it is: `TypeError: …` and where from. */
export function describeThrown(error: unknown): { text: string; message: string; stack?: string } {
  try {
    if (!(error instanceof Error)) {
      const message = (typeof error === "string" ? error : typeOf(error)).slice(0, longestText);
      return { text: message, message };
    }
    const message = String(error.message).slice(0, longestText);
    const text = `${String(error.name).slice(0, longestText)}: ${message}`;
    const { stack } = error;
    return { text, message, ...(typeof stack === "string" && { stack }) };
  } catch {
    return { text: "something that cannot be read", message: "something that cannot be read" };
  }
}

function typeOf(value: unknown): string {
  return typeof value === "object" && value !== null ? "an object that is no Error" : String(value);
}

/** What an experiment, and the method of its setup, say of themselves, for the run's own record. */
export function aboutExperiment(told: { summary?: unknown; paper?: unknown; lossNote?: unknown }): {
  summary?: string;
  paper?: string;
  lossNote?: string;
} {
  const { summary, paper, lossNote } = told;
  return {
    ...(typeof summary === "string" && { summary }),
    ...(typeof paper === "string" && { paper }),
    ...(typeof lossNote === "string" && { lossNote }),
  };
}
