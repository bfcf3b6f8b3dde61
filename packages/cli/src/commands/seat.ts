/** What a process of `unspool worker` does that has a seat at a run: it sets the experiment up and computes some of its units. */
import { UnspoolError, random } from "unspool";
import { decodeState, initTraining, setUp, shardedRun } from "unspool/train";
import type { Json } from "unspool/methods";
import { sitAt } from "@unspool/workers";
import { findRunnable } from "../experiments/find.ts";
import { UsageError, exitCodes } from "../failure.ts";
import type { SeatNews, SeatOrder } from "../thread/seatProcess.ts";
import { useEngine } from "./engineOptions.ts";

export async function seatCommand(): Promise<number> {
  const controller = new AbortController();
  const tell = (news: SeatNews): void => void (process.connected && process.send!(news));
  // Whoever started it is gone, or says so: the window under way is given up.
  process.on("disconnect", () => process.exit(exitCodes.interrupted));
  // A terminal tells all its processes; the parent decides.
  process.on("SIGINT", () => {});
  const order = await new Promise<SeatOrder>((resolve) => {
    process.on("message", (message: SeatOrder | "stop") => {
      if (message === "stop") controller.abort();
      else resolve(message);
    });
  });
  try {
    const end = await sit(order, controller.signal, (step) => tell({ step }));
    tell({ end: end ? "done" : "stopped" });
    return exitCodes.done;
  } catch (error) {
    if (!(error instanceof UnspoolError)) throw error;
    const { code, message, details } = error;
    tell({ error: { code, message, details } });
    return exitCodes.failed;
  } finally {
    process.disconnect?.();
  }
}

async function sit(
  { url, job, seat, file, engine }: SeatOrder,
  signal: AbortSignal,
  onStep: (step: number) => void,
): Promise<boolean> {
  const { engine: name, fma } = engine;
  useEngine({ engine: name, threads: 1, portableBits: fma === false });
  const found = await findRunnable(file ?? job.experiment);
  if ("study" in found || found.experiment.name !== job.experiment)
    throw new UsageError("EXPERIMENT", `${file ?? job.experiment}: it is not the experiment ${JSON.stringify(job.experiment)}.`); // prettier-ignore
  const { experiment } = found;
  const key = random.key(job.seed);
  const config = experiment.config.parse(decodeState(job.config as Json));
  const setup = await setUp(experiment, config, random.foldIn(key, "setup"));
  const { runner } = shardedRun(setup, initTraining(setup, key));
  return sitAt({ url, job, seat, runner, signal, onStep });
}
