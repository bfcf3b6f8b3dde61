/**
 * Fair turns: every contestant in a process of its own, one works while the others sleep, in several rounds whose
 * order rotates, so that what disturbs the machine disturbs all of them. Medians of rates are compared.
 */
import type { ChildProcess } from "node:child_process";
import { loadavg } from "node:os";
import { createInterface } from "node:readline";
import type { Peak } from "../packages/unspool/src/engine/peak.ts";
import type { Contestant } from "./contestants.ts";
import type { ChunkResult, Ready, Request } from "./protocol.ts";
import type { Workload } from "./workloads/table.ts";

export interface MeasureOptions {
  rounds: number;
  /** Length of one turn. */
  seconds: number;
  peak(): Peak;
}

/** One way of one contestant to do one workload. */
export interface Entry {
  side: Contestant["side"];
  threads: number;
  /** "" where there is one way only. */
  form: string;
  firstCallMs: number;
  /** Units per second of wall time, one per round. */
  rates: number[];
  /** Units per second of processor time. */
  cpuRates: number[];
}

export interface Measurement {
  workload: Workload;
  entries: Entry[];
  /** Why somebody is missing. */
  absent: string[];
  peak: Peak;
  /** Load average of one minute before and after. */
  load: [before: number, after: number];
}

/** A contestant must be ready after this time. */
const startLimitMs = 180_000;

export async function measure(
  workload: Workload,
  contestants: readonly Contestant[],
  options: MeasureOptions,
): Promise<Measurement> {
  const loadBefore = loadavg()[0]!;
  const lines: Line[] = [];
  const turns: { entry: Entry; line: Line }[] = [];
  const absent: string[] = [];
  const peaks: Peak[] = [];
  try {
    // One after the other: first calls are timed.
    for (const contestant of contestants) {
      const line = new Line(contestant.start(workload));
      lines.push(line);
      const ready = await line.read<Ready>(startLimitMs).catch((error: Error): Ready => ({
        ready: false,
        reason: `${contestant.side} at ${workload.name}: ${error.message}`,
      }));
      if (!ready.ready) {
        absent.push(ready.reason);
        continue;
      }
      const { side, threads } = contestant;
      for (const form of ready.forms) {
        const entry = { side, threads, form, firstCallMs: ready.firstCallMs, rates: [], cpuRates: [] };
        turns.push({ entry, line });
        // A chunk that does not count: compilers and allocators settle.
        await line.ask<ChunkResult>({ seconds: options.seconds, form });
      }
    }
    for (let round = 0; round < options.rounds; round++) {
      peaks.push(options.peak());
      for (let i = 0; i < turns.length; i++) {
        const { entry, line } = turns[(i + round) % turns.length]!;
        const chunk = await line.ask<ChunkResult>({ seconds: options.seconds, form: entry.form });
        entry.rates.push(chunk.units / chunk.seconds);
        entry.cpuRates.push(chunk.units / chunk.cpuSeconds);
      }
    }
  } finally {
    for (const line of lines) line.close();
  }
  const best = peaks.reduce((most, peak) => (peak.gflops > most.gflops ? peak : most));
  return {
    workload,
    entries: turns.map(({ entry }) => entry),
    absent,
    peak: best,
    load: [loadBefore, loadavg()[0]!],
  };
}

/** JSON lines to and from a child process. */
class Line {
  readonly #child: ChildProcess;
  readonly #messages: AsyncIterator<string>;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#messages = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    // Writing to a process that has failed: `read` tells.
    child.stdin!.on("error", () => {});
  }

  async read<Message>(limitMs: number): Promise<Message> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer in ${limitMs / 1000} s`)), limitMs);
    });
    try {
      const { done, value } = await Promise.race([this.#messages.next(), limit]);
      if (done === true) throw new Error("it ended without an answer");
      return JSON.parse(value) as Message;
    } finally {
      clearTimeout(timer);
    }
  }

  ask<Message>(request: Request): Promise<Message> {
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    return this.read(startLimitMs);
  }

  close(): void {
    this.#child.kill();
  }
}
