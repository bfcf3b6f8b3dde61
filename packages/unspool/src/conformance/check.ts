/** What a conformance suite is made of: named checks that throw, so that any test runner can run them. */
import { UnspoolError } from "../errors.ts";

export interface ConformanceCheck {
  readonly name: string;
  /** Throws an error that says what was violated, with the numbers. */
  run(): void;
}

/** A property that every estimator or optimizer must have does not hold. */
export class ConformanceError extends UnspoolError {
  constructor(where: string, problem: string, details: Readonly<Record<string, unknown>> = {}) {
    super("CONFORMANCE", `${where}: ${problem}`, { where, ...details });
  }
}

/** Throws `ConformanceError` unless `holds`. */
export function require(
  holds: boolean,
  where: string,
  problem: () => string,
  details: Readonly<Record<string, unknown>> = {},
): asserts holds {
  if (!holds) throw new ConformanceError(where, problem(), details);
}

/** Throws unless `run` throws an error with this `code`. */
export function requireError(where: string, what: string, code: string, run: () => unknown): void {
  try {
    run();
  } catch (error) {
    const got = (error as { code?: unknown } | null)?.code;
    require(got === code, where, () =>
      `${what} must throw an error with code "${code}", got ${String(error)}`);
    return;
  }
  throw new ConformanceError(where, `${what} must throw an error with code "${code}", and did not throw.`);
}
