/**
 * What takes long after the last outer step, in parts: each is logged, kept in the store and left out when the run is
 * gone on with, and between two of them the run can be stopped.
 */
import { ExperimentError, requireInteger, show } from "../errors.ts";
import type { TrainEvent } from "./events.ts";
import { nextTurn } from "./nextTurn.ts";
import type { RunStore } from "./store.ts";

/**
 * Measures `parts` parts under a name and resolves to their numbers, in order. `part(i)` depends on the run and on i
 * alone, and takes less than a second: that long a stop waits. A name stands once in `evaluate` and once in `figures`, where
 * it gives what `evaluate` measured under it.
 *
 * @example
 * figures: async (run, measure) => {
 *   const rows = await measure("surface", y.length, (i) => lossesAt(x, y[i]!));
 *   …
 * }
 */
export type Measure = (
  name: string,
  parts: number,
  part: (i: number) => ArrayLike<number> | PromiseLike<ArrayLike<number>>,
) => Promise<number[][]>;

/** As JSON holds them: numbers that it does not know are their names. */
type Kept = readonly (number | string)[];

/** `measurements.json` of a run. */
interface KeptMeasurements {
  /** Outer steps of the run that they are of. */
  step: number;
  measured: Record<string, Kept[]>;
}

/** How often what was measured goes to the store, in milliseconds: what a run that is killed may lose. */
const keepMs = 500;
/** Short enough for a key press, long enough to cost nothing. */
const turnMs = 30;

export interface Measurements {
  /** `measure` for `evaluate`, and again for `figures`. */
  measureIn(where: "evaluate" | "figures"): Measure;
  /** Whether a part was not measured because of the signal: whatever was made without it is not to be kept. */
  isStopped(): boolean;
  /** Keeps what has been measured. */
  keep(): Promise<void>;
  /**
   * Ends what is still being measured. Throws `ExperimentError` for a measurement that nobody waits for, and after a
   * `where` that did not fail also for one that is not done.
   */
  requireAwaited(where: "evaluate" | "figures", failure?: { cause: unknown }): void;
}

/** One call of `measure`. */
interface Call {
  name: string;
  /** Somebody waits for its numbers. */
  isAwaited: boolean;
  isSettled: boolean;
}

export interface MeasurementsOptions {
  experiment: string;
  /** Outer steps of the run. */
  step: number;
  store: RunStore | undefined;
  signal: AbortSignal | undefined;
  emit(event: TrainEvent): void;
}

/** Goes on with the measurements that the store has of this step. */
export async function measurementsOf(options: MeasurementsOptions): Promise<Measurements> {
  const { experiment, step, store, signal, emit } = options;
  const warn = (message: string): void => emit({ type: "warning", message });
  const measured = store === undefined ? new Map<string, number[][]>() : await readKept(store, step, warn);
  let [isStopped, isChanged, keptAt, turnAt] = [false, false, performance.now(), performance.now()];
  const keep = async (): Promise<void> => {
    keptAt = performance.now();
    if (!isChanged || store === undefined) return;
    isChanged = false;
    const entries = [...measured].map(([name, rows]) => [name, rows.map((row) => row.map(plain))] as const);
    await store.writeArtifact("measurements", { step, measured: Object.fromEntries(entries) });
  };
  const placeOf = (name: string): string => `${experiment}, measurement "${name}"`;
  let isLeft = false;
  const measure: Measure = async (name, parts, part) => {
    const where = placeOf(name);
    requireInteger(where, "parts", parts, 0);
    const rows = measured.get(name) ?? [];
    measured.set(name, rows);
    while (rows.length < parts) {
      if (isLeft) break;
      if (signal?.aborted === true) {
        isStopped = true;
        await keep();
        throw new ExperimentError(where, `it was stopped after ${rows.length} of ${parts} parts.`, {
          during: "run",
        });
      }
      const startedAt = performance.now();
      rows.push(numbersOf(where, await part(rows.length)));
      isChanged = true;
      const durationMs = performance.now() - startedAt;
      emit({ type: "measure", name, part: rows.length, parts, durationMs });
      if (performance.now() - keptAt >= keepMs) await keep();
      if (performance.now() - turnAt < turnMs) continue;
      await nextTurn();
      turnAt = performance.now();
    }
    return rows.slice(0, parts).map((row) => [...row]);
  };
  const calls: Call[] = [];
  const measureIn = (phase: string): Measure => {
    const named = new Set<string>();
    const checked: Measure = (name, parts, part) => {
      if (named.has(name)) {
        const problem = `${phase} measures under this name twice. Give each measurement a name of its own.`;
        return Promise.reject(new ExperimentError(placeOf(name), problem, { during: "run" }));
      }
      named.add(name);
      return measure(name, parts, part);
    };
    return (name, parts, part) => watched(calls, name, checked(name, parts, part));
  };
  const requireAwaited = (where: string, failure?: { cause: unknown }): void => {
    const left = calls.find((call) => !call.isAwaited || (failure === undefined && !call.isSettled));
    isLeft ||= failure !== undefined || left !== undefined;
    calls.length = 0;
    if (left === undefined) return;
    throw new ExperimentError(
      placeOf(left.name),
      `${where} did not wait for it. Write: const rows = await measure(${JSON.stringify(left.name)}, …), in an async ${where}.`,
      { during: "run" },
      failure,
    );
  };
  return { measureIn, isStopped: () => isStopped, keep, requireAwaited };
}

/** `measured` for whoever called `measure`: that it is waited for is seen. */
function watched<T>(calls: Call[], name: string, measured: Promise<T>): Promise<T> {
  const call: Call = { name, isAwaited: false, isSettled: false };
  calls.push(call);
  const settle = (): void => void (call.isSettled = true);
  // Of one that nobody waits for `requireAwaited` tells.
  measured.then(settle, settle);
  const waiting = (): Promise<T> => {
    call.isAwaited = true;
    return measured;
  };
  // `await` looks past the methods of a promise that is Node's own.
  return {
    // oxlint-disable-next-line unicorn/no-thenable -- It stands for a promise.
    then: (...given) => waiting().then(...given),
    catch: (...given) => waiting().catch(...given),
    finally: (...given) => waiting().finally(...given),
    [Symbol.toStringTag]: "Promise",
  };
}

/** What the store has of this step; nothing, with a warning, where that cannot be understood. */
async function readKept(
  store: RunStore,
  step: number,
  warn: (message: string) => void,
): Promise<Map<string, number[][]>> {
  try {
    const found = (await store.readArtifact("measurements")) as KeptMeasurements | undefined;
    if (found?.step !== step) return new Map();
    return new Map(Object.entries(found.measured).map(([name, rows]) => [name, rows.map(readRow)]));
  } catch (error) {
    warn(`${store.name}: what was measured cannot be read and is measured again. ${String(error)}`);
    return new Map();
  }
}

function readRow(row: Kept): number[] {
  return row.map((value) => {
    const number = Number(value);
    if (typeof value !== "number" && plain(number) !== value)
      throw new TypeError(`${show(value)} is no number.`);
    return number;
  });
}

/** Of a run that was ended, or whose code may be another now: it is measured anew. */
export async function forgetMeasurements(store: RunStore): Promise<void> {
  const found: unknown = await store.readArtifact("measurements").catch(() => "damaged");
  if (found === undefined) return;
  const none: KeptMeasurements = { step: -1, measured: {} };
  await store.writeArtifact("measurements", none);
}

function numbersOf(where: string, given: ArrayLike<number>): number[] {
  const isList = typeof given === "object" && given !== null && typeof given.length === "number";
  const numbers: unknown[] = isList ? Array.from(given) : [];
  if (isList && numbers.every((value) => typeof value === "number")) return numbers as number[];
  throw new ExperimentError(where, `a part must be a list of numbers, got ${show(given)}.`, {
    during: "run",
  });
}

/** JSON has no NaN, no infinities and no -0: they are kept by name. */
function plain(value: number): number | string {
  if (Object.is(value, -0)) return "-0";
  return Number.isFinite(value) ? value : String(value);
}
