/**
 * What goes through the queue for one cell: names, a config that was validated, hashes and versions, never code. It is
 * checked where it is made and where it is taken. What it computes goes through the store, not through the queue.
 */
import { createHash } from "node:crypto";
import { UnspoolError } from "unspool";

export const protocol = 1;
/** Bytes of a job. Redis keeps all of them in memory. */
const jobLimit = 64 * 1024;

/** What must be the same on both machines: for the same bits, and to find each other's checkpoints. */
export interface Capability {
  unspool: string;
  /** As `process.version`. */
  node: string;
  engine: "compiled" | "reference";
  /** Of the compiled engine: whether products and sums are fused. */
  fma: boolean;
  /** Where checkpoints are kept: the identity of a `BlobStore`. Default: on the queue's server. */
  store?: string;
}

export interface CellJob {
  protocol: typeof protocol;
  /** Name of the study. */
  study: string;
  /** The study is a sweep: of the experiment that its config names, or of the file's. */
  sweep?: true;
  /** A study from a file: its name in the folder that a worker was given, and the hash of it and what it imports. */
  file?: { name: string; hash: string };
  /** As the study's schema gave it back, encoded as in a study's folder. */
  config: unknown;
  seed: number;
  /** Id of the cell. */
  cell: string;
  /** Ids of the cells whose results it may begin with. */
  after: readonly string[];
  /** Outer steps after which it stops. Default: it has all of them. */
  until?: number;
  /** Seconds between checkpoints. Default: as `unspool run` has it. */
  checkpointEvery?: number;
  needs: Capability;
  /** First part of the names of this study's runs in the store. */
  store: string;
}

/** What a worker tells of a cell that has ended or that was left. */
export interface CellOutcome {
  status: "done" | "failed";
  error?: { code: string; message: string };
}

/** A job is not one of this version of Unspool. */
export class JobError extends UnspoolError {
  constructor(problem: string) {
    super("JOB", `the queue: ${problem}. Coordinator and workers must be of the same version of Unspool.`);
  }
}

/** The job, or `JobError` that says what is wrong in it. */
export function requireCellJob(given: unknown): CellJob {
  requireSize(given);
  const job = recordOf("a job", given, ["protocol", "study", "sweep", "file", "config", "seed", "cell", "after", "until", "checkpointEvery", "needs", "store"]); // prettier-ignore
  const { after, until, checkpointEvery } = job;
  requireCommon(job);
  need("study", typeof job["study"] === "string" && job["study"].length <= 200);
  need("sweep", job["sweep"] === undefined || job["sweep"] === true);
  need("cell", isId(job["cell"]));
  need("after", Array.isArray(after) && after.every(isId));
  need("until", until === undefined || (Number.isSafeInteger(until) && (until as number) >= 1));
  need(
    "checkpointEvery",
    checkpointEvery === undefined || (typeof checkpointEvery === "number" && checkpointEvery > 0),
  );
  need("store", typeof job["store"] === "string" && /^[0-9a-f]{16}$/.test(job["store"]));
  return given as CellJob;
}

/** What jobs of any kind say: protocol, file, config, seed and needs. */
export function requireCommon(job: Record<string, unknown>): void {
  if (job["protocol"] !== protocol)
    throw new JobError(`a job is of protocol ${JSON.stringify(job["protocol"])}, and this is ${protocol}`);
  const { file, needs, seed } = job;
  if (file !== undefined) {
    const { name, hash } = recordOf("its file", file, ["name", "hash"]);
    need("file.name", typeof name === "string" && /^[\w][\w.-]*$/.test(name));
    need("file.hash", typeof hash === "string" && /^sha256:[0-9a-f]{16}$/.test(hash));
  }
  const names = ["unspool", "node", "engine", "fma", "store"];
  const { unspool, node, engine, fma, store } = recordOf("its needs", needs, names);
  need("needs.unspool", isWord(unspool));
  need("needs.node", isWord(node));
  need("needs.engine", engine === "compiled" || engine === "reference");
  need("needs.fma", typeof fma === "boolean");
  need("needs.store", store === undefined || (typeof store === "string" && store.length <= 500));
  need("seed", Number.isSafeInteger(seed) && (seed as number) >= 0 && (seed as number) < 2 ** 32);
  need("config", job["config"] !== undefined);
}

/** Throws `JobError` for what is larger than a job may be. */
export function requireSize(given: unknown): void {
  const size = Buffer.byteLength(JSON.stringify(given) ?? "");
  if (size > jobLimit) throw new JobError(`a job takes ${size} bytes, and at most ${jobLimit} are allowed`);
}

export function recordOf(what: string, given: unknown, names: readonly string[]): Record<string, unknown> {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw new JobError(`${what} is no record`);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new JobError(`${what} has an entry ${JSON.stringify(unknown.slice(0, 80))}`);
  return given as Record<string, unknown>;
}

export function need(entry: string, holds: boolean): void {
  if (!holds) throw new JobError(`the entry ${entry} of a job is not as it must be`);
}

export const isWord = (value: unknown): boolean => typeof value === "string" && /^[\w.+-]{1,80}$/.test(value);
const isId = (value: unknown): boolean =>
  typeof value === "string" && /^[A-Za-z0-9][\w.-]*$/.test(value) && value.length <= 200;

/** Jobs of one capability wait in one queue: whoever has another one never takes them. */
export function queueOf(needs: Capability): string {
  const { unspool, node, engine, fma, store } = needs;
  const text = JSON.stringify([
    protocol,
    unspool,
    node,
    engine,
    fma,
    ...(store === undefined ? [] : [store]),
  ]);
  return `cells-${createHash("sha256").update(text).digest("hex").slice(0, 12)}`;
}

/** In what two differ, in words; empty where one can go on with what the other has begun. */
export function differences(wanted: Capability, own: Capability): string[] {
  const names = ["unspool", "node", "engine", "fma"] as const;
  const told = (value: string | boolean): string => JSON.stringify(value);
  const kept = ({ store = "the queue's server" }: Capability): string => store;
  return [
    ...names
      .filter((name) => wanted[name] !== own[name])
      .map((name) => `${name} is ${told(wanted[name])} there and ${told(own[name])} here`),
    ...(wanted.store === own.store
      ? []
      : [
          `checkpoints are kept in ${kept(wanted)} there and in ${kept(own)} here: give both the same --store`,
        ]),
  ];
}

/** Of what kind a machine is, or must be, in words. */
export function capabilityText({ unspool, node, engine, fma, store }: Capability): string {
  const rounding = fma ? "with fused multiply-adds" : "without fused multiply-adds";
  return `Unspool ${unspool}, Node ${node}, ${engine} ${rounding}${store === undefined ? "" : `, --store ${store}`}`;
}

export const storeName = (job: Pick<CellJob, "store">, cell: string): string => `${job.store}.${cell}`;
