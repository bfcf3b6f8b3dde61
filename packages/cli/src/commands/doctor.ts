/** `unspool doctor`: whether this machine, and a queue's server, are as runs and workers need them; with what to do. */
import { availableParallelism } from "node:os";
import { hasRelaxedSimd, hasSharedMemory } from "unspool/engine";
import type { QueueState } from "@unspool/workers";
import type { CommandLine } from "../commandLine/parse.ts";
import { exitCodes } from "../failure.ts";
import type { Reporter } from "../output/reporter.ts";
import { capability } from "./capability.ts";
import { engineSettings, useEngine } from "./engineOptions.ts";
import { queueOption } from "./queueOption.ts";
import { isStuck } from "./workers.ts";

/** "bad" ends with exit code 1. */
interface Finding {
  verdict: "good" | "note" | "bad";
  about: string;
  text: string;
}

export async function doctorCommand(line: CommandLine, reporter: Reporter): Promise<number> {
  const url = (await queueOption(line)) ?? process.env["UNSPOOL_QUEUE"];
  const has = capability(useEngine(engineSettings(line)));
  const findings: Finding[] = [
    good("versions", `Unspool ${has.unspool}, Node ${has.node}`),
    good("cores", `${availableParallelism()}`),
    hasSharedMemory()
      ? good("threads", "shared memory is there, --threads works")
      : note("threads", "no shared memory: --threads has no effect"),
    hasRelaxedSimd()
      ? good("rounding", "fused multiply-adds; --portable-bits for the bits that every machine has")
      : note(
          "rounding",
          "no fused multiply-adds: runs have the bits of --portable-bits here, and are 20 to 45 % slower",
        ),
  ];
  if (url !== undefined && url !== "") findings.push(...(await queueFindings(url)));
  const width = Math.max(...findings.map(({ about }) => about.length));
  const isBad = findings.some(({ verdict }) => verdict === "bad");
  reporter.answer(
    findings.map(({ verdict, about, text }) => `${verdict.padEnd(4)}  ${about.padEnd(width)}  ${text}`),
    { event: "doctor", findings, isWell: !isBad },
  );
  return isBad ? exitCodes.failed : exitCodes.done;
}

const good = (about: string, text: string): Finding => ({ verdict: "good", about, text });
const note = (about: string, text: string): Finding => ({ verdict: "note", about, text });
const bad = (about: string, text: string): Finding => ({ verdict: "bad", about, text });

async function queueFindings(url: string): Promise<Finding[]> {
  const { QueueError, inspectQueue } = await import("@unspool/workers");
  try {
    return findingsOf(await inspectQueue(url));
  } catch (error) {
    if (error instanceof QueueError) return [bad("queue", error.message)];
    throw error;
  }
}

/** Clocks that differ by more than this make times in reports hard to read; nothing else depends on them. */
const clockLimitMs = 2000;
/** A server this full is about to refuse checkpoints. */
const fullShare = 0.8;

/** What a queue's state means. */
export function findingsOf(state: QueueState): Finding[] {
  const { address, server, roundTripMs, clockMs, eviction, isPersistent, memory, memoryLimit } = state;
  const MB = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MB`;
  const early = state.workers.filter((worker) => Math.abs(worker.clockMs) > clockLimitMs);
  const stuck = state.cells.filter((cells) => isStuck(cells, state));
  return [
    good("queue", `${address} answers in ${roundTripMs.toFixed(1)} ms: ${server}`),
    eviction === undefined
      ? note("eviction", "the server does not tell its maxmemory-policy: it must be noeviction")
      : eviction === "noeviction"
        ? good("eviction", "noeviction")
        : bad(
            "eviction",
            `maxmemory-policy is ${eviction}: a full server would drop cells and checkpoints. Write: CONFIG SET maxmemory-policy noeviction`,
          ),
    isPersistent === undefined
      ? note("disk", "the server does not tell whether it writes to disk (appendonly)")
      : isPersistent
        ? good("disk", "appendonly: changes are written to disk")
        : note(
            "disk",
            "appendonly is no: when the server restarts, cells begin again where the study's folder is. Write: CONFIG SET appendonly yes",
          ),
    memoryLimit === undefined || memoryLimit === 0
      ? good("memory", `${MB(memory)} in use, no limit told`)
      : memory > fullShare * memoryLimit
        ? bad(
            "memory",
            `${MB(memory)} of ${MB(memoryLimit)} in use: checkpoints will be refused. Raise maxmemory`,
          )
        : good("memory", `${MB(memory)} of ${MB(memoryLimit)} in use`),
    Math.abs(clockMs) <= clockLimitMs + roundTripMs
      ? good("clock", "agrees with the server's")
      : note(
          "clock",
          `this machine is ${(clockMs / 1000).toFixed(0)} s ahead of the server: times in reports differ; results do not`,
        ),
    ...early.map(({ host, pid, clockMs: own }) =>
      note("clock", `${host}, process ${pid}, is ${(own / 1000).toFixed(0)} s ahead of the server`),
    ),
    state.workers.length === 0
      ? note("workers", "none. Start one: unspool worker --queue redis://HOST:PORT")
      : good(
          "workers",
          `${state.workers.length}, for ${state.workers.reduce((sum, { jobs }) => sum + jobs, 0)} cells at once`,
        ),
    ...stuck.map(({ needs: { unspool, node, engine, fma, store }, waiting }) =>
      bad(
        "cells",
        `there is no worker with Unspool ${unspool}, Node ${node}, ${engine}${fma ? "" : ", --portable-bits"}${store === undefined ? "" : `, --store ${store}`}, for which cells wait: ${waiting}`,
      ),
    ),
  ];
}
