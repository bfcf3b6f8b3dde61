/** A checkpoint: the state of a run after an outer step, and which run it belongs to. */
import { Tensor, tree } from "../array/index.ts";
import { ResumeError, UnspoolError, show } from "../errors.ts";
import type { Json, Recipe } from "../methods/index.ts";
import type { Origin } from "./recipe.ts";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";
import { decodeState, encodeState } from "./stateCodec.ts";
import type { TrainState } from "./trainSteps.ts";

/** What a checkpoint must agree on with the run that is continued from it. */
export interface RunIdentity {
  experiment: string;
  config: unknown;
  seed: number;
  /** Runs of older versions have neither this nor an origin. */
  recipe?: Recipe | undefined;
  origin?: Origin | undefined;
}

const format = "unspool-checkpoint-2";
/** Format 1 knew no methods: every run was descent, and its two states stood side by side. */
const formatOfDescents = "unspool-checkpoint-1";

export async function encodeCheckpoint(state: TrainState, run: RunIdentity): Promise<Uint8Array> {
  const { structure, tensors } = encodeState(state);
  return encodeSafetensors(tensors, {
    format,
    experiment: run.experiment,
    config: canonicalJson(run.config),
    seed: String(run.seed),
    step: String(state.step),
    ...(run.recipe !== undefined && { recipe: JSON.stringify(run.recipe) }),
    ...(run.origin !== undefined && { origin: JSON.stringify(run.origin) }),
    structure: JSON.stringify(structure),
  });
}

/** The state in a checkpoint, and the run that it belongs to. `ResumeError` if it is damaged, or not one of ours. */
export async function readCheckpoint(
  bytes: Uint8Array,
  fileName: string,
): Promise<{ state: TrainState; run: RunIdentity }> {
  const { tensors, metadata } = await decodeSafetensors(bytes, fileName);
  const found = metadata["format"];
  if (found !== format && found !== formatOfDescents) throw unreadable(fileName, found);
  const parsed = (name: string): Json => {
    try {
      return JSON.parse(metadata[name]!) as Json;
    } catch {
      throw new ResumeError(fileName, `its ${name} is not JSON: it was not written by Unspool.`);
    }
  };
  const part = (name: "recipe" | "origin") =>
    Object.hasOwn(metadata, name) ? (parsed(name) as Recipe) : undefined;
  const run = {
    experiment: String(metadata["experiment"]),
    config: decoded(fileName, "config", () => decodeState(parsed("config"))),
    seed: Number(metadata["seed"]),
    recipe: part("recipe"),
    origin: part("origin"),
  };
  const kept = decoded(fileName, "state", () => decodeState(parsed("structure"), tensors));
  const state = found === formatOfDescents ? ofDescent(kept) : kept;
  requireState(fileName, state, metadata["step"]);
  return { state, run };
}

/** A file that is whole and of another version is not damaged: what it holds must not be computed again, or set aside. */
function unreadable(fileName: string, found: string | undefined): ResumeError {
  const isOtherVersion = found?.startsWith("unspool-checkpoint-") === true;
  const next = isOtherVersion
    ? "Go on with the run by the version of Unspool that wrote it: config.json of the run names it."
    : "It was not written by Unspool.";
  const problem = `its format is ${found ?? "unknown"}, expected ${format} or ${formatOfDescents}. ${next}`;
  return new ResumeError(fileName, problem, { found, isOtherVersion });
}

/** The state in a checkpoint of the run `wanted`; of another run is a `ResumeError`. */
export async function decodeCheckpoint(
  bytes: Uint8Array,
  fileName: string,
  wanted: RunIdentity,
): Promise<TrainState> {
  const { state, run } = await readCheckpoint(bytes, fileName);
  requireSameRun(fileName, wanted, run);
  return state;
}

/** A state of format 1 in the form of today. */
function ofDescent(kept: unknown): unknown {
  if (typeof kept !== "object" || kept === null) return kept;
  const { estimatorState, optimizerState, ...rest } = kept as Record<string, unknown>;
  if (estimatorState === undefined || optimizerState === undefined) return rest;
  return { ...rest, methodState: { estimator: estimatorState, optimizer: optimizerState } };
}

/** Whatever a structure is made of, it is put together or it is a `ResumeError`. */
function decoded(fileName: string, part: string, decode: () => unknown): unknown {
  try {
    return decode();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ResumeError(fileName, `its ${part} cannot be put together (${reason}).`);
  }
}

/** Throws `ResumeError` unless `state` has the entries of a `TrainState`. */
function requireState(
  fileName: string,
  state: unknown,
  step: string | undefined,
): asserts state is TrainState {
  const found = (typeof state === "object" && state !== null ? state : {}) as Partial<
    Record<keyof TrainState, unknown>
  >;
  const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  const isKey = Tensor.is(found.key) && found.key.dtype === "uint32" && found.key.size === 2;
  const problem = !isCount(found.step)
    ? `its step is ${show(found.step)}, which is not an integer of at least 0`
    : String(found.step) !== step
      ? `its step is ${show(found.step)} and its header says ${show(step)}`
      : !isKey
        ? "its key is not uint32[2]"
        : typeof found.innerSteps !== "number" || !(found.innerSteps >= 0)
          ? `its count of inner steps is ${show(found.innerSteps)}`
          : ["theta", "methodState"].find((name) => !Object.hasOwn(found, name));
  if (problem === undefined) return;
  throw new ResumeError(fileName, `it is not the state of a run: ${problem}.`);
}

/** Throws `ResumeError`, with both sides named, unless `found` is the run that is `wanted`. */
export function requireSameRun(where: string, wanted: RunIdentity, found: RunIdentity): void {
  requireSameSeed(where, wanted, found);
  const differences = runDifferences(wanted, found);
  if (differences.length === 0) return;
  throw otherRun(
    where,
    `it was computed by something else than what is here: ${differences.join("; ")}. ` +
      "Resume with what the run was begun with, start a new run, or go on knowingly, with other bits, by --force.",
    { found, wanted, differences },
  );
}

/** The part that nothing can force. */
export function requireSameSeed(where: string, wanted: RunIdentity, found: RunIdentity): void {
  if (found.experiment !== wanted.experiment) {
    throw otherRun(
      where,
      `it belongs to experiment "${found.experiment}", and "${wanted.experiment}" was to be resumed. ` +
        "Resume it with its own experiment.",
      { found: found.experiment, wanted: wanted.experiment },
    );
  }
  if (found.seed !== wanted.seed) {
    throw otherRun(where, `it has seed ${found.seed}, and seed ${wanted.seed} was to be resumed.`, {
      found: found.seed,
      wanted: wanted.seed,
    });
  }
}

/** What differs in config, recipe and origin, in words. Parts that one side does not know are not compared. */
export function runDifferences(wanted: RunIdentity, found: RunIdentity): string[] {
  const parts = ["config", "recipe", "origin"] as const;
  return parts.flatMap((part) => {
    const of = (run: RunIdentity): unknown => (part === "recipe" ? withMethod(run.recipe) : run[part]);
    const [ours, theirs] = [of(wanted), of(found)];
    if (ours === undefined || theirs === undefined || canonicalJson(ours) === canonicalJson(theirs))
      return [];
    return differences(part, theirs, ours);
  });
}

/** Recipes of format 1 name no method. */
const withMethod = (recipe: Recipe | undefined): Recipe | undefined =>
  recipe === undefined ? undefined : { method: { name: "descent" }, ...recipe };

/** True for an error that says that a checkpoint belongs to another run, not that it is damaged. */
export function isOtherRun(error: unknown): boolean {
  return error instanceof UnspoolError && error.details["isOtherRun"] === true;
}

/** True for an error that says that a checkpoint is of another version of Unspool, not that it is damaged. */
export function isOtherVersion(error: unknown): boolean {
  return error instanceof UnspoolError && error.details["isOtherVersion"] === true;
}

/** Throws `ResumeError` unless a restored theta fits the one that the experiment makes today. */
export function requireSameTheta(fileName: string, expected: unknown, found: unknown): void {
  try {
    tree.requireSame("resume", "theta", expected, found);
  } catch (error) {
    throw otherRun(
      fileName,
      `its theta does not fit the experiment: ${(error as Error).message} Has the experiment's code changed?`,
      {},
    );
  }
}

/** JSON that is the same for the same data, whatever the order of keys. */
export function canonicalJson(value: unknown): string {
  const sorted = (node: Json): Json => {
    if (node === null || typeof node !== "object") return node;
    if (Array.isArray(node)) return node.map(sorted);
    return Object.fromEntries(
      Object.keys(node)
        .toSorted()
        .map((name) => [name, sorted(node[name]!)]),
    );
  };
  return JSON.stringify(sorted(encodeState(value, "config").structure));
}

/** `path is … in the run and … here` for each entry that differs. */
function differences(part: string, found: unknown, wanted: unknown): string[] {
  const flat = (value: unknown): Map<string, string> => {
    const entries = new Map<string, string>();
    const visit = (path: string, node: unknown): void => {
      if (typeof node !== "object" || node === null) entries.set(path, String(JSON.stringify(node)));
      else for (const [name, child] of Object.entries(node)) visit(path ? `${path}.${name}` : name, child);
    };
    visit("", value);
    return entries;
  };
  const [ours, theirs] = [flat(wanted), flat(found)];
  const names = new Set([...theirs.keys(), ...ours.keys()]);
  const differing = [...names].filter((name) => ours.get(name) !== theirs.get(name));
  // A fingerprint says less than the numbers of the program, where they differ too.
  const told = differing.filter(
    (name) => !name.endsWith("program") || !differing.includes(name.replace(/program$/, "numbers")),
  );
  return told.map((name) => {
    return `${name || part} is ${theirs.get(name) ?? "absent"} in the run and ${ours.get(name) ?? "absent"} here`;
  });
}

function otherRun(where: string, problem: string, details: Record<string, unknown>): ResumeError {
  return new ResumeError(where, problem, { isOtherRun: true, ...details });
}
