/** A worker takes a seat at a run: it has a process sit there, says that it is there, and gives the seat back if it must. */
import { randomUUID } from "node:crypto";
import { UnspoolError } from "unspool";
import { type TakenCell, acceptedJob, final, putOff } from "../takeCell.ts";
import { type SeatJob, type Told, encodeTold, requireSeatJob, shardKeys } from "./shardJob.ts";

export type SeatEnd = "done" | "stopped";

/** Has a process sit at the run until it is over, or until the signal. */
export type ServeSeat = (
  job: SeatJob,
  seat: string,
  hooks: { signal: AbortSignal; onStep(step: number): void },
) => Promise<SeatEnd>;

/** A leader does not wait longer for one that died. */
const longestHoldMs = 10_000;

/** Until the run is over, or the signal. */
export async function takeSeat(taken: TakenCell): Promise<{ status: string }> {
  const checked = await acceptedJob(taken, requireSeatJob);
  const end = await sitFor(taken, checked).catch((error: unknown) => {
    throw error instanceof UnspoolError ? final(error) : error;
  });
  return end === "done" ? { status: "done" } : putOff(taken, "given back.", 0);
}

/** What the process throws is told to the run's leader. */
async function sitFor(
  { job, client, running, lockMs, signal, serve }: TakenCell,
  checked: SeatJob,
): Promise<SeatEnd> {
  const holdMs = Math.min(lockMs, longestHoldMs);
  const keys = shardKeys(checked.run);
  const seat = randomUUID();
  const beat = (): void => void client.set(keys.seat(seat), "1", "PX", holdMs).catch(() => {});
  beat();
  const beating = setInterval(beat, holdMs / 4);
  const info = { study: checked.experiment, cell: `seat at run ${checked.run}` };
  running.set(job.id!, { ...info, step: 0, stepsPerSecond: 0 });
  let last: { step: number; ms: number } | undefined;
  const onStep = (step: number): void => {
    const now = performance.now();
    if (last !== undefined && now - last.ms < 500) return;
    const stepsPerSecond = last === undefined ? 0 : ((step - last.step) * 1000) / (now - last.ms);
    running.set(job.id!, { ...info, step, stepsPerSecond });
    last = { step, ms: now };
  };
  try {
    return await serve(checked, seat, { signal, onStep });
  } catch (error) {
    if (error instanceof UnspoolError) {
      const { code, message } = error;
      const told: Told = { type: "error", seat, code, message: message.slice(0, 5000) };
      await client.rpush(keys.told, encodeTold(told));
    }
    throw error;
  } finally {
    clearInterval(beating);
    running.delete(job.id!);
    await client.del(keys.seat(seat));
  }
}
