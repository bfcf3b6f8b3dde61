/** `unspool workers`: who works for a queue, at what and how fast, and what waits for whom. */
import {
  type QueueState,
  type WaitingCells,
  capabilityText,
  differences,
  inspectQueue,
} from "@unspool/workers";
import type { CommandLine } from "../commandLine/parse.ts";
import { exitCodes } from "../failure.ts";
import type { Reporter } from "../output/reporter.ts";
import { wantedQueue } from "./queueOption.ts";

export async function workersCommand(line: CommandLine, reporter: Reporter): Promise<number> {
  const state = await inspectQueue(await wantedQueue(line));
  const { address, workers, cells } = state;
  reporter.answer([`${address}, ${state.server}`, "", ...workerLines(state), "", ...cellLines(state)], {
    ...{ event: "workers", address, workers, cells },
  });
  return exitCodes.done;
}

function workerLines({ workers }: QueueState): string[] {
  if (workers.length === 0)
    return ["No worker. Start one: unspool worker --queue redis://HOST:PORT --jobs N"];
  return workers.flatMap(({ host, pid, jobs, has, cells, ended }) => [
    `${host}, process ${pid}: ${cells.length} of ${jobs} at work, ${ended} done; ${capabilityText(has)}`,
    ...cells.map(({ study, cell, step, stepsPerSecond }) => `  ${study}  ${cell}  step ${step}${stepsPerSecond === 0 ? "" : `, ${stepsPerSecond.toPrecision(3)} steps/s`}`), // prettier-ignore
  ]);
}

function cellLines({ workers, cells }: QueueState): string[] {
  const open = cells.filter(({ waiting, running }) => waiting + running > 0);
  if (open.length === 0) return ["No cell waits."];
  return open.flatMap(({ needs, waiting, running }) => {
    const able = workers.filter(({ has }) => differences(needs, has).length === 0);
    return [
      `Cells for ${capabilityText(needs)}: ${waiting} wait, ${running} run.`,
      ...(able.length > 0 ? [] : ["  No worker here can take them: start one of that kind."]),
    ];
  });
}

/** Whether something waits that no worker takes. */
export const isStuck = ({ needs, waiting }: WaitingCells, { workers }: QueueState): boolean =>
  waiting > 0 && !workers.some(({ has }) => differences(needs, has).length === 0);
