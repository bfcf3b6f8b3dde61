/** A checkpoint: the state of a run after an outer step, and which run it belongs to. */
import { tree } from "../array/index.ts";
import { ResumeError, UnspoolError } from "../errors.ts";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";
import { type Json, decodeState, encodeState } from "./stateCodec.ts";
import type { TrainState } from "./trainStep.ts";

/** What a checkpoint must agree on with the run that is continued from it. */
export interface RunIdentity {
  experiment: string;
  config: unknown;
  seed: number;
}

const format = "unspool-checkpoint-1";

export async function encodeCheckpoint(state: TrainState, run: RunIdentity): Promise<Uint8Array> {
  const { structure, tensors } = encodeState(state);
  return encodeSafetensors(tensors, {
    format,
    experiment: run.experiment,
    config: canonicalJson(run.config),
    seed: String(run.seed),
    step: String(state.step),
    structure: JSON.stringify(structure),
  });
}

/** The state in a checkpoint of the same run. `ResumeError` if it is damaged, or belongs to another run. */
export async function decodeCheckpoint(
  bytes: Uint8Array,
  fileName: string,
  run: RunIdentity,
): Promise<TrainState> {
  const { tensors, metadata } = await decodeSafetensors(bytes, fileName);
  if (metadata["format"] !== format) {
    throw new ResumeError(fileName, `its format is ${metadata["format"] ?? "unknown"}, expected ${format}.`);
  }
  requireSameRun(fileName, run, {
    experiment: metadata["experiment"]!,
    config: decodeState(JSON.parse(metadata["config"]!) as Json),
    seed: Number(metadata["seed"]),
  });
  return decodeState(JSON.parse(metadata["structure"]!) as Json, tensors) as TrainState;
}

/** Throws `ResumeError`, with both sides named, unless `found` is the run that is `wanted`. */
export function requireSameRun(where: string, wanted: RunIdentity, found: RunIdentity): void {
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
  if (canonicalJson(found.config) !== canonicalJson(wanted.config)) {
    const differences = configDifferences(found.config, wanted.config);
    throw otherRun(
      where,
      `it belongs to another config: ${differences.join("; ")}. ` +
        "Resume with the config of the run, or start a new run.",
      { found: found.config, wanted: wanted.config },
    );
  }
}

/** True for an error that says that a checkpoint belongs to another run, not that it is damaged. */
export function isOtherRun(error: unknown): boolean {
  return error instanceof UnspoolError && error.details["isOtherRun"] === true;
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

/** `path: found (run), wanted (given)` for each entry that differs. */
function configDifferences(found: unknown, wanted: unknown): string[] {
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
  return differing.map((name) => {
    return `${name || "config"} is ${theirs.get(name) ?? "absent"} in the run and ${ours.get(name) ?? "absent"} here`;
  });
}

function otherRun(where: string, problem: string, details: Record<string, unknown>): ResumeError {
  return new ResumeError(where, problem, { isOtherRun: true, ...details });
}
