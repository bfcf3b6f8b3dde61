/** `--queue URL` of a study: its cells through the queue, to workers and back into the study's folder. */
import { basename } from "node:path";
import { encodeState } from "unspool/train";
import type { CellHooks, CellEnd, Origin, Study, StudyStore } from "unspool/train";
import { type CommandLine, positiveOption } from "../commandLine/parse.ts";
import { UsageError } from "../failure.ts";
import type { QueueLeft, Reporter } from "../output/reporter.ts";
import { capability } from "./capability.ts";
import type { EngineRecord } from "./engineOptions.ts";
import { queueOption, storeOption } from "./queueOption.ts";

/** Cells that wait at once. */
export const mostQueued = 1000;

interface Queued {
  study: Study;
  store: StudyStore;
  file: string | undefined;
  origin: Origin | undefined;
  engine: EngineRecord;
  /** Only a sweep has one. */
  best?: unknown;
}

export interface QueuedCells {
  run(id: string, hooks: CellHooks): Promise<CellEnd>;
  /** The study has grown: its cells are told of anew. */
  renew(): void;
  /** With `isWhole`, nothing of the study is left at the queue. Otherwise: what is. */
  close(isWhole: boolean): Promise<QueueLeft | undefined>;
}

/** Undefined without `--queue`. The queue is asked for the first cell: the study's folder is there by then. */
export function queuedCells(line: CommandLine, queued: Queued, reporter: Reporter): QueuedCells | undefined {
  if (!line.options.has("queue")) {
    if (!line.options.has("store")) return undefined;
    throw new UsageError("USAGE", "--store is where workers keep checkpoints: write it with --queue URL, or leave it out."); // prettier-ignore
  }
  for (const option of ["jobs", "force"])
    if (line.options.has(option))
      throw new UsageError("USAGE", `--${option} is of cells on this machine, and --queue hands them to workers. Leave one of them out.`); // prettier-ignore
  let opened: ReturnType<typeof open> | undefined;
  let closing: Promise<unknown> = Promise.resolve();
  const close = async (one: typeof opened, isWhole: boolean): Promise<QueueLeft | undefined> => {
    const { queue, ids } = (await one?.catch(() => undefined)) ?? {};
    if (isWhole) await queue?.forget(ids!);
    await queue?.close();
    return queue?.left();
  };
  return {
    async run(id, hooks) {
      opened ??= open(line, queued, reporter);
      const { queue, cellOf } = await opened;
      return queue.run(id, cellOf(id), hooks);
    },
    renew() {
      closing = Promise.allSettled([closing, close(opened, true)]);
      opened = undefined;
    },
    async close(isWhole) {
      await closing;
      return close(opened, isWhole);
    },
  };
}

async function open(line: CommandLine, queued: Queued, reporter: Reporter) {
  const { study, store, file, origin, engine, best } = queued;
  const { cellQueue } = await import("@unspool/workers");
  const blobs = await storeOption(line);
  const { config, seed } = (await store.readManifest())!;
  const cells = new Map(study.cells(study.config.parse(config), seed).map((cell) => [cell.id, cell]));
  const needed = new Set([...cells.values()].flatMap(({ after }) => after ?? []));
  const seconds = positiveOption(line, "checkpoint-every");
  const hash = origin?.["file"];
  const queue = await cellQueue({
    url: (await queueOption(line))!,
    store,
    blobs,
    isNeeded: (id) => needed.has(id),
    onProgress: (told) => reporter.queueProgress(told),
    onMessage: (message) => reporter.warning(message),
    job: {
      study: study.name,
      ...(best !== undefined && { sweep: true as const }),
      ...(file !== undefined && { file: { name: basename(file), hash: String(hash) } }),
      // Of a search a worker needs what it has asked for, and not the state by which it did.
      config: encodeState(best === undefined ? config : { ...(config as object), search: null }, "config")
        .structure,
      seed,
      ...(seconds !== undefined && { checkpointEvery: seconds }),
      needs: capability(engine, blobs),
    },
  });
  /** With those that they come after. */
  const afterOf = (id: string): string[] => {
    const direct = cells.get(id)?.after ?? [];
    return [...new Set(direct.flatMap((each) => [...afterOf(each), each]))];
  };
  const cellOf = (id: string) => ({ after: afterOf(id), until: cells.get(id)?.until });
  return { queue, cellOf, ids: [...cells.keys()] };
}
