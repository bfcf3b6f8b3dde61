/** A thread of a pool of simulators: sleeps until there is a batch, and takes jobs of it. */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { UnspoolError } from "../../errors.ts";
import { type Batch, type PlayerSource, type ThreadAnswer, type ThreadPlace, word } from "./simulatorJobs.ts";
import { makePlayer, messageOf, playBatch } from "./simulatorThread.ts";

interface Given {
  source: PlayerSource;
  control: Int32Array;
  port: MessagePort;
  place: ThreadPlace;
}

const { source, control, port, place } = workerData as Given;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- A port of threads, not a window.
const tell = (to: MessagePort, answer: ThreadAnswer): void => to.postMessage(answer);

try {
  const player = await makePlayer(source, place);
  tell(parentPort!, { kind: "ready", sizes: player.sizes });
  for (let seen = 0; ;) {
    Atomics.wait(control, word.batch, seen);
    seen = Atomics.load(control, word.batch);
    const message = receiveMessageOnPort(port) as { message: Batch } | undefined;
    if (message === undefined) continue;
    const failure = playBatch(player, message.message, control);
    // Posted before it leaves, so that the caller finds it.
    if (failure !== undefined) tell(port, { kind: "failed", failure });
    Atomics.add(control, word.left, 1);
    Atomics.notify(control, word.left);
  }
} catch (error) {
  const { code, details } = error instanceof UnspoolError ? error : { code: "SIMULATOR", details: {} };
  tell(parentPort!, {
    kind: "failed",
    failure: { job: -1, code, message: messageOf(error), details: { ...details }, isTolerated: false },
  });
}
