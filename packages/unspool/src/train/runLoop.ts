/**
 * The outer loop shared by `train` and `resume`: step, log, checkpoint, give way; at the end evaluate and draw.
 * It knows nothing of any system and nothing of files.
 */
import { NonFiniteError, UnspoolError } from "../errors.ts";
import { encodeCheckpoint } from "./checkpoint.ts";
import type { TrainEvent } from "./events.ts";
import type { Evaluation, RunRecord, Setup, StepRecord } from "./experiment.ts";
import type { Figure } from "./figure.ts";
import { nextTurn } from "./nextTurn.ts";
import type { RunManifest, RunStatus, RunStore } from "./store.ts";
import { type TrainState, evaluatedTheta, trainStep } from "./trainStep.ts";

/** When to write a checkpoint, beside the one at the start and the one at the end. */
export type CheckpointEvery = { readonly seconds: number } | { readonly steps: number };

/** What `train` and `resume` have in common. */
export interface LoopOptions {
  /**
   * Finishes the outer step that is under way, writes a checkpoint and returns with `interrupted: true`. After the
   * last step it skips evaluation and figures, for which the run can be resumed.
   */
  signal?: AbortSignal | undefined;
  onEvent?: ((event: TrainEvent) => void) | undefined;
  /** Default: 10 seconds. */
  checkpointEvery?: CheckpointEvery | undefined;
}

/** A finished or interrupted run. Its `theta` is the one to keep: the optimizer's `evaluationTheta` if it has one. */
export interface TrainResult<Theta = unknown> extends RunRecord<Theta> {
  experiment: string;
  /** Outer steps done, and asked for. */
  step: number;
  steps: number;
  interrupted: boolean;
  figures: readonly Figure[];
  /** For `trainStep`. */
  state: TrainState;
}

/** A run that is about to go on. */
export interface LoopStart {
  manifest: RunManifest;
  setup: Setup;
  initialTheta: unknown;
  state: TrainState;
  metrics: StepRecord[];
  store: RunStore | undefined;
  /** Step of the newest checkpoint in the store. */
  checkpointed: number | undefined;
}

const defaultSecondsBetweenCheckpoints = 10;
/** Short enough for a key press and a progress bar, long enough to cost nothing. */
const turnMs = 30;
/** How often waiting lines of metrics go to the store. */
const flushMs = 500;
/** Writing checkpoints may take this part of the time. */
const checkpointShare = 0.1;

export async function runLoop(start: LoopStart, options: LoopOptions): Promise<TrainResult> {
  const { manifest, setup, store, metrics } = start;
  const emit = options.onEvent ?? (() => {});
  const log = metricsLog(store);
  const checkpoints = checkpointClock(options.checkpointEvery, start.checkpointed);
  let state = start.state;

  const checkpoint = async () => {
    if (store === undefined || checkpoints.lastStep() === state.step) return;
    const startedAt = performance.now();
    await log.flush();
    await store.writeCheckpoint(state.step, await encodeCheckpoint(state, manifest));
    checkpoints.written(state.step, performance.now() - startedAt);
    emit({ type: "checkpoint", step: state.step });
  };

  try {
    const { experiment, config, seed, steps } = manifest;
    emit({ type: "start", experiment, config, seed, step: state.step, steps, store: store?.name });
    await checkpoint();
    let turnAt = performance.now();
    while (state.step < steps && options.signal?.aborted !== true) {
      const done = trainStep(setup, state);
      state = done.state;
      metrics.push(done.record);
      log.add(done.record);
      emit({ type: "step", record: done.record, steps });
      if (checkpoints.isDue(state.step)) await checkpoint();
      if (performance.now() - turnAt < turnMs) continue;
      await log.flushIfOld();
      await nextTurn();
      turnAt = performance.now();
    }
    await checkpoint();
    await log.flush();
    const interrupted = options.signal?.aborted === true;
    if (!interrupted) emit({ type: "evaluate", step: state.step });
    const ending = interrupted ? noResults : await results(start, state);
    await setStatus(store, interrupted ? "interrupted" : "done");
    const { evaluation } = ending.record ?? {};
    emit({ type: "done", step: state.step, steps, interrupted, evaluation });
    return {
      ...recordOf(start, state, evaluation),
      experiment,
      step: state.step,
      steps,
      interrupted,
      figures: ending.figures,
      state,
    };
  } catch (error) {
    const explained = explain(error, start, state, checkpoints.lastStep());
    await keepFailure(log, store, explained).catch((second: unknown) => {
      emit({ type: "warning", message: `The end of the run could not be kept: ${String(second)}` });
    });
    throw explained;
  }
}

function recordOf(start: LoopStart, state: TrainState, evaluation: Evaluation | undefined): RunRecord {
  const { manifest, setup, metrics, initialTheta } = start;
  const theta = evaluatedTheta(setup, state);
  return { config: manifest.config, seed: manifest.seed, initialTheta, theta, metrics, evaluation };
}

interface Results {
  record: RunRecord | undefined;
  figures: readonly Figure[];
}

const noResults: Results = { record: undefined, figures: [] };

/** Evaluates the run, draws its figures, and keeps both. */
async function results(start: LoopStart, state: TrainState): Promise<Results> {
  const { setup, store, initialTheta } = start;
  const evaluation = await setup.evaluate?.(evaluatedTheta(setup, state), initialTheta);
  const record = recordOf(start, state, evaluation);
  const figures = (await setup.figures?.(record)) ?? [];
  if (evaluation !== undefined) await store?.writeArtifact("evaluation", evaluation);
  await store?.writeArtifact("figures", figures);
  return { record, figures };
}

/** Lines of metrics on their way to the store, in batches. */
function metricsLog(store: RunStore | undefined) {
  let waiting: StepRecord[] = [];
  let flushedAt = -Infinity;
  const flush = async () => {
    flushedAt = performance.now();
    if (waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    await store?.appendMetrics(batch);
  };
  return {
    add: (record: StepRecord) => void (store !== undefined && waiting.push(record)),
    flush,
    flushIfOld: async () => {
      if (performance.now() - flushedAt >= flushMs) await flush();
    },
  };
}

function checkpointClock(every: CheckpointEvery | undefined, newest: number | undefined) {
  const interval = every ?? { seconds: defaultSecondsBetweenCheckpoints };
  let lastStep = newest;
  let lastMs = performance.now();
  let costMs = 0;
  return {
    lastStep: () => lastStep,
    written(step: number, durationMs: number) {
      lastStep = step;
      lastMs = performance.now();
      costMs = durationMs;
    },
    isDue(step: number): boolean {
      if ("steps" in interval) return step % interval.steps === 0;
      return performance.now() - lastMs >= Math.max(interval.seconds * 1000, costMs / checkpointShare);
    },
  };
}

async function setStatus(
  store: RunStore | undefined,
  status: RunStatus,
  error?: UnspoolError,
): Promise<void> {
  const kept = error === undefined ? {} : { error: { code: error.code, message: error.message } };
  await store?.updateManifest({ status, updatedAt: new Date().toISOString(), ...kept });
}

async function keepFailure(
  log: { flush(): Promise<void> },
  store: RunStore | undefined,
  error: unknown,
): Promise<void> {
  await log.flush();
  const typed = error instanceof UnspoolError ? error : new UnspoolError("UNKNOWN", String(error));
  await setStatus(store, "failed", typed);
}

/** Adds to a `NonFiniteError` where in the run it happened and how to see it again. */
function explain(
  error: unknown,
  start: LoopStart,
  state: TrainState,
  checkpointed: number | undefined,
): unknown {
  if (!(error instanceof NonFiniteError)) return error;
  const { experiment, seed } = start.manifest;
  const step = state.step + 1;
  const replay = `unspool run ${experiment} --seed ${seed} --steps ${step}`;
  const checkpoint =
    start.store === undefined || checkpointed === undefined
      ? ""
      : ` The last checkpoint is of step ${checkpointed}: ${start.store.checkpointName(checkpointed)}.`;
  const explained = new NonFiniteError(
    `outer step ${step} of "${experiment}"`,
    `${error.message} Replay it, with the same config, by: ${replay}.${checkpoint}`,
    { ...error.details, step, replay, seed, config: start.manifest.config, checkpoint: checkpointed },
  );
  explained.cause = error;
  return explained;
}
