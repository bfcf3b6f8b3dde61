/** `unspool worker`: cells of other people's studies, each in a process of its own, until it is told to stop. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type CellEnd, type Study, type TrainEvent, decodeState, sweepName, sweepStudy } from "unspool/train";
import type { Json } from "unspool/methods";
import { studyFolder } from "unspool/train/node";
import {
  type CellJob,
  type SeatJob,
  healthAddress,
  healthServer,
  queueAddress,
  workOnCells,
  workerMetrics,
} from "@unspool/workers";
import { type CommandLine, integerOption, positiveOption, textOption } from "../commandLine/parse.ts";
import { fileOrigin } from "../experiments/fileOrigin.ts";
import { findRunnable, namedExperiments, namedStudies } from "../experiments/find.ts";
import { UsageError, exitCodes } from "../failure.ts";
import { listenForInterrupt } from "../interrupt.ts";
import type { Reporter } from "../output/reporter.ts";
import { cellProcess } from "../thread/cellProcess.ts";
import { seatProcess, seatVariable } from "../thread/seatProcess.ts";
import { capability } from "./capability.ts";
import { seatCommand } from "./seat.ts";
import { type EngineRecord, engineSettings, useEngine } from "./engineOptions.ts";
import { storeOption, wantedQueue } from "./queueOption.ts";

export async function workerCommand(line: CommandLine, reporter: Reporter): Promise<number> {
  if (process.env[seatVariable] !== undefined) return seatCommand();
  const url = await wantedQueue(line);
  const jobs = integerOption(line, "jobs", 1) ?? 1;
  const { shown } = queueAddress(url);
  const engine = useEngine(engineSettings(line));
  const blobs = await storeOption(line);
  const has = capability(engine, blobs);
  const holdSeconds = positiveOption(line, "hold") ?? 30;
  if (holdSeconds < 0.5 || holdSeconds > 3600)
    throw new UsageError("USAGE", `unspool worker: --hold must be 0.5 to 3600 seconds, got ${holdSeconds}.`, { holdSeconds }); // prettier-ignore
  const health = textOption(line, "health");
  const metrics = health === undefined ? undefined : await workerMetrics(has, jobs);
  const files = textOption(line, "files");
  const controller = new AbortController();
  listenForInterrupt(
    () => controller.abort(),
    (exitCode) => process.exit(exitCode),
  );
  const say = (message: string): void => reporter.answer([message], { event: "worker", message });
  const rounding = has.fma ? "fused multiply-adds" : "portable bits";
  const kept = blobs === undefined ? "" : `, checkpoints in ${blobs.name}`;
  const server = metrics && (await healthServer(metrics, healthAddress(health!)));
  try {
    say(
      `Works for ${shown}: ${jobs} at once, Unspool ${has.unspool}, Node ${has.node}, ${rounding}${kept}. Ctrl-C stops.`,
    );
    if (server !== undefined) say(`Tells how it is at ${server.url}/healthz and ${server.url}/metrics.`);
    await workOnCells({
      ...{ url, jobs, has, blobs, metrics, signal: controller.signal, onMessage: say },
      lockMs: Math.round(holdSeconds * 1000),
      refusal: (job) => refusalOf(job, files),
      run: (job, dir, hooks) => runJob(job, dir, hooks, { line, files, engine }),
      serve: (job, seat, hooks) => {
        const file = job.file === undefined ? undefined : resolve(files!, job.file.name);
        return seatProcess({ url, job, seat, file, engine }, hooks);
      },
    });
  } finally {
    await server?.close();
  }
  say("Stopped. What was under way is given back, from its last checkpoint on.");
  return exitCodes.done;
}

async function refusalOf(job: CellJob | SeatJob, files: string | undefined): Promise<string | undefined> {
  if (job.file !== undefined) return fileRefusal(job.file, files);
  return "experiment" in job ? experimentRefusal(job.experiment) : studyRefusal(job);
}

async function experimentRefusal(experiment: string): Promise<string | undefined> {
  const isKnown = (await namedExperiments()).some(({ name }) => name === experiment);
  return isKnown ? undefined : `there is no experiment ${JSON.stringify(experiment)} here`;
}

async function studyRefusal({ study, sweep }: CellJob): Promise<string | undefined> {
  if (sweep === true) {
    const isKnown = (await namedExperiments()).some(({ name }) => sweepName(name) === study);
    return isKnown ? undefined : `there is no experiment here whose sweep is ${JSON.stringify(study)}`;
  }
  const isKnown = (await namedStudies()).some(({ name }) => name === study);
  return isKnown ? undefined : `there is no study ${JSON.stringify(study)} here`;
}

async function fileRefusal(
  file: { name: string; hash: string },
  files: string | undefined,
): Promise<string | undefined> {
  if (files === undefined) return `it is from the file ${file.name}, and this worker was given no --files`;
  const path = join(files, file.name);
  if (!existsSync(path)) return `there is no ${file.name} in ${files}`;
  const own = (await fileOrigin(path))?.["file"];
  return own === file.hash
    ? undefined
    : `${path}, or what it imports, is another than its study was begun with`;
}

interface Serving {
  line: CommandLine;
  files: string | undefined;
  engine: EngineRecord;
}

/** In a folder of its own, as `unspool resume DIR --cell ID` finds it. */
async function runJob(
  job: CellJob,
  dir: string,
  hooks: { signal: AbortSignal; onEvent(event: TrainEvent): void },
  { line, files, engine }: Serving,
): Promise<CellEnd> {
  const file = job.file === undefined ? undefined : resolve(files!, job.file.name);
  const study = await studyOf(job, file);
  const config = study.config.parse(decodeState(job.config as Json));
  const command = { ...(file !== undefined && { file }), ...engine, ...(job.sweep && { sweep: true }) };
  await studyFolder(dir, { extra: { command } }).create({
    format: "unspool-study-1",
    study: study.name,
    config,
    seed: job.seed,
    cells: study.cells(config, job.seed).map(({ id }) => id),
    startedAt: new Date().toISOString(),
  });
  const every = job.checkpointEvery;
  const options = new Map([...line.options].filter(([name]) => name === "threads"));
  if (every !== undefined) options.set("checkpoint-every", [`${every}`]);
  return cellProcess({ dir, id: job.cell, file, line: { ...line, options } }, hooks);
}

async function studyOf({ study: name, sweep }: CellJob, file: string | undefined): Promise<Study> {
  const found = file === undefined ? undefined : await findRunnable(file);
  if (sweep === true) {
    const named = (await namedExperiments()).find((each) => sweepName(each.name) === name);
    const experiment = found === undefined ? named : "study" in found ? undefined : found.experiment;
    if (experiment !== undefined && sweepName(experiment.name) === name) return sweepStudy(experiment);
  }
  const study = found === undefined ? (await namedStudies()).find((each) => each.name === name) : "study" in found ? found.study : undefined; // prettier-ignore
  if (study?.name === name) return study;
  throw new UsageError("EXPERIMENT", `${file}: it is not the study ${JSON.stringify(name)}.`, { file });
}
