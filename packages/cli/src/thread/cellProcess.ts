/**
 * A cell of a study in a process of its own: `unspool resume DIR --cell ID --json`, whose events are read and handed on.
 * It ends with this process: where the channel between them closes, or says so, it stops as by Ctrl-C.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { workerData } from "node:worker_threads";
import { UnspoolError } from "unspool";
import type { CellEnd, CellHooks, TrainEvent } from "unspool/train";
import type { CommandLine } from "../commandLine/parse.ts";
import { exitCodes } from "../failure.ts";
import type { ThreadData } from "./control.ts";

export interface CellPlace {
  /** The study's folder. */
  dir: string;
  id: string;
  /** The study's file, where it is one. */
  file: string | undefined;
  line: CommandLine;
}

/** A process that was asked to stop may take so long, a little more than it takes to give up its outer step. */
const graceMs = 750;
/** Says to a process that its cells are a part of what another one runs, which makes the summary. */
export const partVariable = "UNSPOOL_PART";
/** Options that its cells have from the study's command line. */
const passedOn = ["threads", "checkpoint-every"];

export function cellProcess(
  { dir, id, file, line }: CellPlace,
  { signal, onEvent }: CellHooks,
): Promise<CellEnd> {
  const options = passedOn.flatMap((name) =>
    (line.options.get(name) ?? []).map((value) => `--${name}=${value}`),
  );
  const own = file === undefined ? [] : [`--experiment=${file}`];
  const force = line.options.has("force") ? ["--force"] : [];
  // In the thread of a run, or, of a worker of a queue, in the process itself.
  const script = (workerData as ThreadData | null)?.script ?? process.argv[1]!;
  const args = ["resume", dir, `--cell=${id}`, "--json", ...own, ...force, ...options];
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, [partVariable]: "1" },
  });
  let hasBegun = false;
  let end: CellEnd | undefined;
  let failure: UnspoolError | undefined;
  let said = "";
  createInterface({ input: child.stdout! }).on("line", (text) => {
    hasBegun = true;
    const event = parsed(text);
    if (event?.["event"] === "error")
      failure = new UnspoolError(String(event["code"]), String(event["message"]), {
        ...(event["details"] as object | undefined),
        cell: id,
      });
    if (event?.["event"] === "cell-end" && event["cell"] === id) end = endOf(event);
    const told = event?.["cell"] === id ? trainEventOf(event) : undefined;
    if (told !== undefined) onEvent(told);
  });
  child.stderr!.on("data", (bytes: Uint8Array) => {
    said = `${said}${new TextDecoder().decode(bytes)}`.slice(-2000);
  });
  let kill: NodeJS.Timeout | undefined;
  const stop = (): void => {
    if (!hasBegun) return void child.kill("SIGKILL");
    // Not by SIGINT: a terminal has sent it that already, and a second one would end it without a checkpoint.
    if (child.connected) child.send("stop", () => {});
    kill = setTimeout(() => child.kill("SIGKILL"), graceMs);
  };
  if (signal?.aborted === true) stop();
  signal?.addEventListener("abort", stop, { once: true });
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(error));
    child.on("close", (code, killedBy) => {
      clearTimeout(kill);
      signal?.removeEventListener("abort", stop);
      if (failure !== undefined) reject(failure);
      else if (end !== undefined) resolve(end);
      else if (signal?.aborted === true || code === exitCodes.interrupted) resolve({ status: "interrupted" });
      else {
        const how = killedBy === null ? `exit code ${code}` : killedBy;
        onEvent({
          type: "warning",
          message: `The process of cell ${id} ended (${how}); resume goes on with it. ${said}`,
        });
        resolve({ status: "interrupted" });
      }
    });
  });
}

type JsonEvent = Record<string, unknown>;

function parsed(text: string): JsonEvent | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as JsonEvent) : undefined;
  } catch {
    return undefined;
  }
}

function endOf({ status, error }: JsonEvent): CellEnd {
  return {
    status: status as CellEnd["status"],
    ...(error !== undefined && { error: error as { code: string; message: string } }),
  };
}

/** An event of the run in the cell, as the JSON reporter wrote it. */
function trainEventOf(told: JsonEvent): TrainEvent | undefined {
  const { event, ...rest } = told;
  delete rest["cell"];
  if (event === "start") return { type: "start", ...rest, store: rest["run"] } as TrainEvent;
  if (event === "step") {
    const { steps, ...record } = rest;
    return { type: "step", record, steps } as TrainEvent;
  }
  const isKnown =
    event === "checkpoint" || event === "evaluate" || event === "measure" || event === "warning";
  return isKnown ? ({ type: event, ...rest } as TrainEvent) : undefined;
}
