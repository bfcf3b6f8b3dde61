/**
 * Whether a function gives the same program each time that it is traced. A program is recorded once and run often: what
 * the function reads from outside (Math.random, the clock, a counter) is frozen where it was recorded. Two traces tell:
 * they differ in a constant or in their operations.
 *
 * Not seen: what is the same in both traces and changes later, such as a variable that the loop around sets.
 */
import { TraceError } from "../errors.ts";
import { outsideOfRecording } from "./jaxprs.ts";
import { type TracedAtom, type TracedBody, type TracedProgram, traceProgram } from "./program.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Traces `fn` twice for arguments with the shapes and dtypes of `args`, inside of another recording too; throws `TraceError`
 * if the traces differ. `instead` says what to write.
 */
export function requireRepeatable(
  where: string,
  fn: (...args: never[]) => unknown,
  args: readonly unknown[],
  instead?: string,
): TracedProgram {
  return outsideOfRecording(() => repeatableTrace(where, fn, args, instead));
}

/** `traceProgram`, held to give the same program a second time. */
export function repeatableTrace(
  where: string,
  fn: (...args: never[]) => unknown,
  args: readonly unknown[],
  instead = "Hand in what changes as an argument.",
): TracedProgram {
  let draws = 0;
  const [traced, again] = watchingRandom(
    () => draws++,
    () => [traceProgram(where, fn, args), atAnotherTime(() => traceProgram(where, fn, args))] as const,
  );
  const difference = differenceOf(traced, again);
  if (difference === undefined && draws === 0) return traced;
  // What a draw decides may be the same twice.
  const what =
    difference === undefined ? "it calls Math.random" : `two recordings of it differ: ${difference}`;
  throw new TraceError(
    where,
    `it is recorded once and run often, but ${what}. What it reads from outside ` +
      `(Math.random, Date.now, a counter) would be frozen. ${instead}`,
    { difference: difference ?? what },
  );
}

/** Runs `body` and tells of each call of Math.random in it. */
function watchingRandom<T>(onDraw: () => void, body: () => T): T {
  const { random } = Math;
  Math.random = () => {
    onDraw();
    return random();
  };
  try {
    return body();
  } finally {
    Math.random = random;
  }
}

/** Years and a bit: a time in milliseconds has another value then, in float32 too, and in any of its parts. */
const shiftMs = 3.7e11 + 7.3e9 + 1234567;

/** Runs `body` while the clocks of the host show another time. */
function atAnotherTime<T>(body: () => T): T {
  const [RealDate, realNow] = [Date, performance.now];
  globalThis.Date = class extends RealDate {
    constructor(...given: [] | [value: number]) {
      super(...(given.length === 0 ? ([RealDate.now() + shiftMs] as const) : given));
    }
    static override now = (): number => RealDate.now() + shiftMs;
  } as DateConstructor;
  performance.now = () => realNow.call(performance) + shiftMs;
  try {
    return body();
  } finally {
    globalThis.Date = RealDate;
    performance.now = realNow;
  }
}

function differenceOf(a: TracedProgram, b: TracedProgram): string | undefined {
  return bodiesDiffer(a.body, b.body) ?? constantsDiffer(a.constants, b.constants);
}

function constantsDiffer(a: readonly Tensor[], b: readonly Tensor[]): string | undefined {
  if (a.length !== b.length) return `one has ${a.length} constant arrays, the other ${b.length}`;
  for (const [i, x] of a.entries()) {
    const y = b[i]!;
    if (x === y) continue;
    if (x.toString() !== y.toString())
      return `a constant is ${x.toString()} in one and ${y.toString()} in the other`;
    const at = x.data.findIndex((value, j) => !Object.is(value, y.data[j]));
    if (at >= 0) return valuesDiffer(x.data[at]!, y.data[at]!);
  }
  return undefined;
}

const valuesDiffer = (x: number, y: number): string => `a constant is ${x} in one and ${y} in the other`;

function bodiesDiffer(a: TracedBody, b: TracedBody): string | undefined {
  const length = Math.min(a.equations.length, b.equations.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.equations[i]!, b.equations[i]!];
    if (x.primitive !== y.primitive)
      return `operation ${i} is ${x.primitive} in one and ${y.primitive} in the other`;
    const found = atomsDiffer(x.inputs, y.inputs) ?? (x.body && y.body && bodiesDiffer(x.body, y.body));
    if (found !== undefined) return found;
    if (!same(x.params, y.params) || !same(x.outputs, y.outputs))
      return `operation ${i}, ${x.primitive}, is ${written(x.params)} in one and ${written(y.params)} in the other`;
  }
  if (a.equations.length !== b.equations.length)
    return `one has ${a.equations.length} operations, the other ${b.equations.length}`;
  return atomsDiffer(a.outputs, b.outputs) ?? (same(a.inputs, b.inputs) ? undefined : "their inputs");
}

function atomsDiffer(a: readonly TracedAtom[], b: readonly TracedAtom[]): string | undefined {
  for (const [i, x] of a.entries()) {
    const y = b[i];
    if (y === undefined) break;
    if ("value" in x && "value" in y && !Object.is(x.value, y.value)) return valuesDiffer(x.value, y.value);
    if (!same(x, y)) return "an operation takes other values in one than in the other";
  }
  return a.length === b.length ? undefined : `one has ${a.length} values, the other ${b.length}`;
}

/** Whether plain data are the same, numbers to the bit and functions by their text. */
function same(x: unknown, y: unknown): boolean {
  if (Object.is(x, y)) return true;
  if (typeof x === "function" && typeof y === "function") return String(x) === String(y);
  if (typeof x !== "object" || typeof y !== "object" || x === null || y === null) return false;
  const [names, others] = [Object.keys(x), Object.keys(y)];
  if (names.length !== others.length) return false;
  return names.every(
    (name) => name in y && same(x[name as keyof typeof x], y[name as keyof typeof y] as unknown),
  );
}

/** Plain data as text that tells all numbers apart. */
function written(data: unknown): string {
  return JSON.stringify(data, (_name, value: unknown) => {
    if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
      return Object.is(value, -0) ? "-0" : String(value);
    if (typeof value === "bigint" || typeof value === "function") return String(value);
    return value;
  });
}
