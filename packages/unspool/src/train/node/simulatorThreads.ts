/** What runs the batches of a pool of simulators: worker threads, or the caller's. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { MessageChannel, type MessagePort, Worker, receiveMessageOnPort } from "node:worker_threads";
import { SimulatorError, UnspoolError } from "../../errors.ts";
import {
  type Batch,
  type JobFailure,
  type PlayerSizes,
  type PlayerSource,
  type ThreadAnswer,
  type ThreadPlace,
  failed,
  word,
} from "./simulatorJobs.ts";
import { makePlayer, playBatch } from "./simulatorThread.ts";

const where = "simulatorPool";

/** What runs a batch: threads, or the caller. */
export interface Machine {
  sizes: PlayerSizes;
  /**
   * Returns when all jobs are done, with the failure of the first episode that has broken down, where the batch goes on
   * without it; throws what the first job that has failed threw, where it does not.
   */
  run(batch: Batch): JobFailure | undefined;
  close(): Promise<void>;
}

/** Without threads. */
export async function inThisThread(source: PlayerSource): Promise<Machine> {
  const player = await makePlayer(source, { thread: 0, threads: 1 });
  return {
    sizes: player.sizes,
    run(batch) {
      const failure = playBatch(player, batch, new Int32Array(word.words));
      return failure && toleratedOf([failure]);
    },
    close() {
      for (const { instance } of [player, ...player.slots.values()]) instance.close?.();
      return Promise.resolve();
    },
  };
}

export async function overThreads(source: PlayerSource, threads: number): Promise<Machine> {
  const control = new Int32Array(new SharedArrayBuffer(4 * word.words));
  const started = Array.from({ length: threads }, (_, thread) =>
    startWorker(source, control, { thread, threads }),
  );
  const close = async (): Promise<void> => {
    await Promise.all(started.map(({ worker }) => worker.terminate()));
  };
  try {
    const sizes = await Promise.all(started.map(({ worker }) => ready(worker)));
    for (const { worker } of started) worker.unref();
    const ports = started.map(({ port }) => port);
    return { sizes: sizes[0]!, run: (batch) => runBatch(ports, control, batch), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Started {
  worker: Worker;
  /** For batches and failures: what comes through it can be received without the event loop. */
  port: MessagePort;
}

function startWorker(source: PlayerSource, control: Int32Array, place: ThreadPlace): Started {
  const [built, plain] = ["./simulatorWorker.js", "./simulatorWorker.ts"].map(
    (path) => new URL(path, import.meta.url),
  );
  const file = existsSync(built!) ? built! : plain!;
  const isTypeScript = [file.href, source.module].some((address) => /\.[cm]?ts$/.test(address));
  const { port1: port, port2 } = new MessageChannel();
  port.unref();
  const worker = new Worker(file, {
    workerData: { source, control, port: port2, place },
    transferList: [port2],
    name: "unspool simulator",
    execArgv: isTypeScript ? loaderOf(source.module, file === plain) : [],
  });
  return { worker, port };
}

/** What Node needs to load TypeScript: jiti, of the module's project or of the command. */
function loaderOf(module: string, isFromSources: boolean): string[] {
  const from = [module, pathToFileURL(process.argv[1] ?? "/").href, import.meta.url];
  for (const address of from) {
    try {
      const loader = createRequire(fileURLToPath(address)).resolve("jiti/package.json");
      const register = new URL("./lib/jiti-register.mjs", pathToFileURL(loader));
      return [...(isFromSources ? ["--conditions=unspool-source"] : []), "--import", register.href];
    } catch {
      // Not from there.
    }
  }
  throw new SimulatorError(
    where,
    `${module} is TypeScript, and threads cannot load it. Install jiti, give a JavaScript module, or use one thread.`,
    { module },
  );
}

function ready(worker: Worker): Promise<PlayerSizes> {
  return new Promise((resolve, reject) => {
    worker.once("message", (answer: ThreadAnswer) => {
      if (answer.kind === "ready") resolve(answer.sizes);
      else reject(errorOf([answer.failure]));
    });
    worker.once("error", (error) =>
      reject(new SimulatorError(where, `a thread has ended: ${error.message}.`)),
    );
    worker.once("exit", () => reject(new SimulatorError(where, "a thread has ended before it was ready.")));
  });
}

function runBatch(ports: readonly MessagePort[], control: Int32Array, batch: Batch): JobFailure | undefined {
  for (const at of [word.next, word.left, word.failed]) Atomics.store(control, at, 0);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A worker thread, not a window.
  for (const port of ports) port.postMessage(batch);
  Atomics.add(control, word.batch, 1);
  Atomics.notify(control, word.batch);
  for (let left = 0; left < ports.length; left = Atomics.load(control, word.left))
    Atomics.wait(control, word.left, left);
  if (Atomics.load(control, word.failed) === failed.none) return undefined;
  return toleratedOf(
    ports.flatMap((port) => {
      const answer = receiveMessageOnPort(port) as { message: ThreadAnswer } | undefined;
      return answer?.message.kind === "failed" ? [answer.message.failure] : [];
    }),
  );
}

/** The first failure: which that is depends on no thread, for jobs are taken in order. One that is not tolerated is thrown. */
function toleratedOf(failures: readonly JobFailure[]): JobFailure {
  const thrown = failures.filter(({ isTolerated }) => !isTolerated);
  if (thrown.length > 0) throw errorOf(thrown);
  return firstOf(failures);
}

const firstOf = (failures: readonly JobFailure[]): JobFailure =>
  failures.reduce((a, b) => (b.job < a.job ? b : a));

/** The error of the first job that has failed. */
export function errorOf(failures: readonly JobFailure[]): UnspoolError {
  const { job, code, message, details } = firstOf(failures);
  return new UnspoolError(code, message, job < 0 ? details : { ...details, job });
}
