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

/** Where a subject's claims are written down, for those that come from a registry. */
export interface Declared {
  /** Shown in messages. */
  name: string;
  /** The place of a field of the subject, in words. Default: the field, and the subject's name. */
  placeOf?: (field: string) => string;
}

/** A check, and the fields of the subject that say what it expects. */
export interface FieldCheck extends ConformanceCheck {
  readonly fields: readonly string[];
}

/** Checks under the subject's name. One that fails says which claims it has compared with, and where they stand. */
export function declaredChecks(
  { name, placeOf }: Declared,
  checks: readonly FieldCheck[],
): ConformanceCheck[] {
  const place = placeOf ?? ((field: string): string => `${field} of the subject "${name}"`);
  return checks.map(({ name: what, fields, run }) => ({
    name: `${name}: ${what}`,
    run() {
      try {
        run();
      } catch (error) {
        if (!(error instanceof ConformanceError)) {
          throw placeOf === undefined ? error : unasked(name, placeOf("create"), error);
        }
        if (fields.length === 0) throw error;
        const said = error.message.startsWith(`${name}: `)
          ? error.message.slice(name.length + 2)
          : error.message;
        const details = { ...error.details, where: name, fields };
        throw new ConformanceError(name, `${said} Mend it, or ${fields.map(place).join("; or ")}.`, details);
      }
    },
  }));
}

/** What a subject throws that no check has asked for. */
function unasked(name: string, place: string, cause: unknown): ConformanceError {
  const text = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return Object.assign(new ConformanceError(name, `it threw ${text} It was made as ${place} says.`), {
    cause,
  });
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

/** `make`, which is called when it is first needed, for all checks that need what it makes. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
