/**
 * A seat at a run of many machines, in a process of its own: `unspool worker` again, which finds in its environment that it is
 * one and is told the rest by its parent, so that no address with a password is in the list of processes.
 */
import { spawn } from "node:child_process";
import { UnspoolError } from "unspool";
import type { SeatEnd, SeatJob, ServeSeat } from "@unspool/workers";
import type { EngineRecord } from "../commands/engineOptions.ts";

/** Set in the environment of such a process. */
export const seatVariable = "UNSPOOL_SEAT";

export interface SeatOrder {
  url: string;
  job: SeatJob;
  seat: string;
  /** The experiment's file here, where it is one. */
  file: string | undefined;
  engine: EngineRecord;
}

export type SeatNews =
  { step: number } | { end: SeatEnd } | { error: { code: string; message: string; details?: object } };

/** A process that was asked to stop may take so long for its window. */
const graceMs = 5000;

export function seatProcess(
  order: SeatOrder,
  { signal, onStep }: Parameters<ServeSeat>[2],
): Promise<SeatEnd> {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, "worker"], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    env: { ...process.env, [seatVariable]: "1" },
  });
  let said = "";
  child.stderr!.on("data", (bytes: Uint8Array) => {
    said = `${said}${new TextDecoder().decode(bytes)}`.slice(-2000);
  });
  let end: SeatEnd | undefined;
  let failure: UnspoolError | undefined;
  child.on("message", (news: SeatNews) => {
    if ("step" in news) onStep(news.step);
    else if ("end" in news) end = news.end;
    else failure = new UnspoolError(news.error.code, news.error.message, { ...news.error.details });
  });
  let kill: NodeJS.Timeout | undefined;
  const stop = (): void => {
    if (child.connected) child.send("stop", () => {});
    kill = setTimeout(() => child.kill("SIGKILL"), graceMs);
  };
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(error));
    child.on("spawn", () => {
      child.send(order, () => {});
      if (signal.aborted) stop();
      signal.addEventListener("abort", stop, { once: true });
    });
    child.on("close", (code, killedBy) => {
      clearTimeout(kill);
      signal.removeEventListener("abort", stop);
      if (failure !== undefined) reject(failure);
      else if (end !== undefined) resolve(end);
      else if (signal.aborted) resolve("stopped");
      else {
        const how = killedBy === null ? `exit code ${code}` : killedBy;
        reject(new Error(`The process of a seat ended (${how}). ${said}`));
      }
    });
  });
}
