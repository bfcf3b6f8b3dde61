/**
 * The reporter of a run's thread: every call is made on the main thread, which writes. Outer steps come faster than a
 * person reads: without `isJson` most of them are left out. The run waits while the main thread cannot write.
 */
import type { MessagePort } from "node:worker_threads";
import { jsonLine } from "../output/jsonLine.ts";
import type { Reporter } from "../output/reporter.ts";
import { type ReporterCall, type ThreadData, word } from "./control.ts";

/** So many messages may wait for the main thread. */
const waitingMessages = 10_000;
const shownEveryMs = 50;

export function threadReporter(port: MessagePort, { control, isJson }: ThreadData): Reporter {
  let posted = 0;
  let postedAt = -Infinity;
  let left: ReporterCall | undefined;

  const post = (call: ReporterCall): void => {
    posted++;
    try {
      port.postMessage(call);
    } catch {
      // Something in it cannot be cloned: a config with functions, say.
      port.postMessage(JSON.parse(jsonLine(call)));
    }
    for (;;) {
      const handled = Atomics.load(control, word.handled);
      if (posted - handled < waitingMessages || Atomics.load(control, word.interrupted) !== 0) return;
      Atomics.wait(control, word.handled, handled, 100);
    }
  };
  const tell = (call: ReporterCall): void => {
    if (left !== undefined) post(left);
    left = undefined;
    post(call);
  };
  return {
    preparing: (...args) => tell({ type: "report", name: "preparing", args }),
    warning: (...args) => tell({ type: "report", name: "warning", args }),
    trainEvent(event) {
      const call: ReporterCall = { type: "report", name: "trainEvent", args: [event] };
      if (event.type !== "step") return tell(call);
      Atomics.store(control, word.step, event.record.step);
      const now = performance.now();
      if (!isJson && now - postedAt < shownEveryMs) left = call;
      else {
        left = undefined;
        postedAt = now;
        post(call);
      }
    },
    studyEvent(event) {
      const call: ReporterCall = { type: "report", name: "studyEvent", args: [event] };
      if (event.type !== "cell" || event.event.type !== "step") return tell(call);
      Atomics.store(control, word.step, event.event.record.step);
      const now = performance.now();
      // Of several cells at once, the last step of each is told by its end.
      if (!isJson && now - postedAt < shownEveryMs) return;
      postedAt = now;
      post(call);
    },
    studyFinished: (...args) => tell({ type: "report", name: "studyFinished", args }),
    queueProgress: (...args) => tell({ type: "report", name: "queueProgress", args }),
    interrupting: (...args) => tell({ type: "report", name: "interrupting", args }),
    finished: (...args) => tell({ type: "report", name: "finished", args }),
    answer: (...args) => tell({ type: "report", name: "answer", args }),
    failed: (...args) => tell({ type: "report", name: "failed", args }),
  };
}
