/** What the bits of a run depend on besides its experiment, config and seed. */
import { executorRecord } from "../unroll/index.ts";
import type { Origin } from "./recipe.ts";

/** Engine and rounding of this process, and what the caller adds. */
export function originOf(given: Origin | undefined): Origin {
  return { ...executorRecord(), ...given };
}

/** The entry `steps` of a config that has one. */
export function configSteps(config: unknown): number | undefined {
  if (typeof config !== "object" || config === null) return undefined;
  const { steps } = config as { steps?: unknown };
  return typeof steps === "number" ? steps : undefined;
}

/** Entries of an origin that are the engine's: the others are the caller's, such as the experiment's file. */
const ofEngine: ReadonlySet<string> = new Set(["engine", "fma"]);

/** Names of what the caller added to engine and rounding: what the experiment's file is known by. */
export const fileNames = (origin: Origin = {}): string[] =>
  Object.keys(origin).filter((name) => !ofEngine.has(name));

/** The engine of `now` with the file of `then`, where that is known. */
export function withFileOf(then: Origin | undefined, now: Origin): Origin {
  if (then === undefined) return now;
  const engine = Object.entries(now).filter(([name]) => ofEngine.has(name));
  return Object.fromEntries([...engine, ...fileNames(then).map((name) => [name, then[name]!] as const)]);
}

/** In what the file of `now` is another than that of `then`, in words; undefined where it is the same or not known. */
export function otherFile(then: Origin | undefined, now: Origin | undefined): string | undefined {
  if (then === undefined || now === undefined) return undefined;
  const text = (value: unknown): string => (value === undefined ? "absent" : JSON.stringify(value));
  const names = new Set([...fileNames(then), ...fileNames(now)]);
  const other = [...names].filter((name) => text(then[name]) !== text(now[name]));
  if (other.length === 0) return undefined;
  return other.map((name) => `${name} was ${text(then[name])} and is ${text(now[name])}`).join("; ");
}
