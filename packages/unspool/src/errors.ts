/**
 * Typed errors. Each has a stable `code` and machine-readable `details`; its text says where, what is wrong,
 * what was given and what to do. Every room may throw them, so they stand below the ground floor.
 */

export type ErrorDetails = Readonly<Record<string, unknown>>;

/** Base of all errors that a user of Unspool can cause and mend. */
export class UnspoolError extends Error {
  readonly code: string;
  readonly details: ErrorDetails;
  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message);
    this.name = new.target.name;
    this.code = code;
    this.details = details;
  }
}

/** An option has a value that is not allowed. */
export class OptionError extends UnspoolError {
  constructor(where: string, option: string, given: unknown, allowed: string, hint?: string) {
    super(
      "OPTION",
      `${where}: ${option} must be ${allowed}, got ${show(given)}.${hint === undefined ? "" : ` ${hint}`}`,
      { where, option, given, allowed },
    );
  }
}

/** An array, or a tree of arrays, has another shape, dtype or structure than needed. */
export class ShapeError extends UnspoolError {
  constructor(where: string, problem: string, details: ErrorDetails = {}) {
    super("SHAPE", `${where}: ${problem}`, { where, ...details });
  }
}

/** A number that must be finite is NaN or infinite. `details` name step, particle and quantity. */
export class NonFiniteError extends UnspoolError {
  constructor(where: string, problem: string, details: ErrorDetails = {}) {
    super("NON_FINITE", `${where}: ${problem}`, { where, ...details });
  }
}

/** A run cannot be continued from what was found on disk. */
export class ResumeError extends UnspoolError {
  constructor(where: string, problem: string, details: ErrorDetails = {}, options?: { cause: unknown }) {
    super("RESUME", `${where}: ${problem}`, { where, ...details });
    if (options !== undefined) this.cause = options.cause;
  }
}

/** Code of an experiment threw something, or gave back what is not of its kind. `details.during` says when. */
export class ExperimentError extends UnspoolError {
  constructor(where: string, problem: string, details: ErrorDetails = {}, options?: { cause: unknown }) {
    super("EXPERIMENT", `${where}: ${problem}`, { where, ...details });
    if (options !== undefined) this.cause = options.cause;
  }
}

/** A simulator, or the package that it is made of, cannot be loaded, or has broken down. */
export class SimulatorError extends UnspoolError {
  constructor(where: string, problem: string, details: ErrorDetails = {}, options?: { cause: unknown }) {
    super("SIMULATOR", `${where}: ${problem}`, { where, ...details });
    if (options !== undefined) this.cause = options.cause;
  }
}

/** A function does not give the same program twice, so that a program of it does not mean what was written. */
export class TraceError extends UnspoolError {
  constructor(where: string, problem: string, details: ErrorDetails = {}) {
    super("TRACE", `${where}: ${problem}`, { where, ...details });
  }
}

/** A value as it should stand in an error message: short, and exact for numbers. Shows whatever there is. */
export function show(value: unknown): string {
  try {
    return shown(value);
  } catch {
    return `a ${typeof value} that cannot be shown`;
  }
}

/** Of longer texts the beginning is shown. */
const longestShown = 300;

function shown(value: unknown): string {
  if (typeof value === "string") {
    return value.length <= longestShown
      ? JSON.stringify(value)
      : `${JSON.stringify(value.slice(0, longestShown))}… (${value.length} characters)`;
  }
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (typeof value === "function") return `function ${value.name || "(anonymous)"}`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${(value as Uint8Array).length})`;
  if (Array.isArray(value)) {
    return `[${value.slice(0, 8).map(shown).join(", ")}${value.length > 8 ? ", …" : ""}]`;
  }
  if (isThenable(value)) return "a promise";
  // Tensors say what they are; this file stands below them.
  if (value !== null && typeof value === "object" && "isUnspoolTensor" in value) return `${value as object}`;
  if (value !== null && typeof value === "object") return `{${Object.keys(value).slice(0, 8).join(", ")}}`;
  return String(value);
}

/** True for promises, of whatever make. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function"
  );
}

/** Throws `OptionError` unless `value` is an integer of at least `least`. */
export function requireInteger(
  where: string,
  option: string,
  value: unknown,
  least: number,
): asserts value is number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  // Beyond 2^53 every number is an integer, and no longer a count: adding 1 changes nothing.
  const most = Number.isInteger(value) && (value as number) > least ? " and at most 2^53 - 1" : "";
  throw new OptionError(where, option, value, `an integer of at least ${least}${most}`);
}

/** Throws `OptionError` unless `value` is a finite number above 0. */
export function requirePositive(
  where: string,
  option: string,
  value: unknown,
  hint?: string,
): asserts value is number {
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) {
    throw new OptionError(where, option, value, "a finite number above 0", hint);
  }
}

/** Throws `OptionError` unless `value` is one of `allowed`; suggests the nearest. */
export function requireOneOf(
  where: string,
  option: string,
  value: unknown,
  allowed: readonly string[],
): void {
  if (allowed.includes(value as string)) return;
  const near = typeof value === "string" ? nearest(value, allowed) : undefined;
  throw new OptionError(
    where,
    option,
    value,
    `one of ${allowed.map((name) => JSON.stringify(name)).join(", ")}`,
    near === undefined ? undefined : `Did you mean ${JSON.stringify(near)}?`,
  );
}

/**
 * Throws `OptionError` for a name in `given` that is not an option: a misspelt one would be ignored, and the default used
 * in its place.
 */
export function requireKnownOptions<Options extends object>(
  where: string,
  given: Options | undefined,
  names: readonly (keyof Options & string)[],
): void {
  if (given === undefined) return;
  requireRecord(where, given, names);
  for (const name of Object.keys(given)) requireOneOf(where, "the name of an option", name, names);
}

/**
 * Throws `OptionError` unless options are a record: a number, say, has no entries, and all defaults would be used. The
 * option that was probably meant is the learning rate, or the first.
 */
export function requireRecord(where: string, given: unknown, names: readonly string[]): void {
  if (isRecord(given)) return;
  const name = names.find((one) => one === "learningRate");
  const value = typeof given === "number" ? String(given) : "…";
  const hint =
    name === undefined ? `Write { ${names[0]}: ${value} }.` : `Write ${where}({ ${name}: ${value} }).`;
  throw new OptionError(where, "options", given, "a record", hint);
}

function isRecord(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // That of records has none itself, also where they come from another realm.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Words from this length on may be the part of a name that was meant. */
const shortestPart = 4;

/**
 * The candidate with the smallest edit distance to `word`, if it is near enough to be meant; of those that have the whole
 * word in them ("delta": "logDelta", not "eta"), where there are any.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const own = word.toLowerCase();
  const whole = candidates.filter((one) => one.toLowerCase().includes(own));
  if (own.length >= shortestPart && whole.length > 0) {
    return whole.toSorted((a, b) => a.length - b.length)[0];
  }
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length * 0.45)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Letters to insert, leave out, replace, or swap with their neighbour ("pse" for "pes"). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? before[j - 2]! + 1 : Infinity;
      next.push(Math.min(substitute, swap, row[j]! + 1, next[j - 1]! + 1));
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}
