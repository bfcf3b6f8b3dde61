/**
 * The outer loop shared by `train` and `resume`: step, log, checkpoint, give way; at the end evaluate and draw.
 * It knows nothing of any system and nothing of files.
 */
import { NonFiniteError, UnspoolError } from "../errors.ts";
import { encodeCheckpoint } from "./checkpoint.ts";
import type { TrainEvent } from "./events.ts";
import { EvaluationError, type Results, evaluateRun, isStoreFailure } from "./evaluation.ts";
import type { RunRecord, Setup, StepRecord } from "./experiment.ts";
import type { Figure } from "./figure.ts";
import { measurementsOf } from "./measurements.ts";
import { nextTurn } from "./nextTurn.ts";
import type { Origin } from "./recipe.ts";
import { explainedSteps, hasNoSteps } from "./explainedSteps.ts";
import type { RunManifest, RunStatus, RunStore } from "./store.ts";
import { describeThrown, isInstance } from "./userCode.ts";
import type { CreateStepper, Stepper } from "./stepper.ts";
import { type TrainState, evaluatedTheta, trainSteps } from "./trainSteps.ts";

/** When to write a checkpoint, beside the one at the start and the one at the end. */
export type CheckpointEvery = { readonly seconds: number } | { readonly steps: number };

/** What `train` and `resume` have in common. */
export interface LoopOptions {
  /**
   * Finishes the outer step that is under way, writes a checkpoint and returns with `interrupted: true`. After the
   * last step it skips evaluation and figures, or stops them between two parts of a measurement; for them the run can
   * be resumed.
   */
  signal?: AbortSignal | undefined;
  onEvent?: ((event: TrainEvent) => void) | undefined;
  /** Default: 10 seconds, and after every step that takes more than half a second. */
  checkpointEvery?: CheckpointEvery | undefined;
  /** Who takes the outer steps, such as `shardedStepper` of `@unspool/workers`. Default: this process. */
  createStepper?: CreateStepper | undefined;
  /**
   * Outer steps after which the run stops on its way and is evaluated as at its end. Its config, and with it its schedules, are
   * those of all steps: `resume` takes it on to the bits of a run that never stopped. Default: it does not stop.
   */
  until?: number | undefined;
  /** What the bits depend on besides engine and rounding, such as a hash of the experiment's file. Compared at resume. */
  origin?: Origin | undefined;
}

/** A finished or interrupted run. Its `theta` is the one to keep: the optimizer's `evaluationTheta` if it has one. */
export interface TrainResult<Theta = unknown> extends RunRecord<Theta> {
  experiment: string;
  /** Outer steps done, and asked for. */
  step: number;
  steps: number;
  interrupted: boolean;
  figures: readonly Figure[];
  /** For `trainSteps`. */
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
  /** The run was begun by this process. */
  isNew?: boolean;
}

const defaultSecondsBetweenCheckpoints = 10;
/** A step that takes longer cannot be waited for when a run is to stop within a second. */
const slowStepMs = 500;
/** Short enough for a key press and a progress bar, long enough to cost nothing. */
const turnMs = 30;
/** How often waiting lines of metrics go to the store. */
const flushMs = 500;
/** Writing checkpoints may take this part of the time. */
const checkpointShare = 0.1;

type Emit = (event: TrainEvent) => void;

export async function runLoop(start: LoopStart, options: LoopOptions): Promise<TrainResult> {
  const { manifest, setup, store, metrics } = start;
  const { experiment, config, seed, steps } = manifest;
  const emit = options.onEvent ?? (() => {});
  const log = metricsLog(store);
  try {
    emit({ type: "start", experiment, config, seed, step: start.state.step, steps, store: store?.name });
    const state = await runSteps(start, options, log, emit);
    const { step } = state;
    const isStopped = options.signal?.aborted === true;
    if (!isStopped) emit({ type: "evaluate", step });
    const theta = evaluatedTheta(setup, state);
    const run = { config, seed, initialTheta: start.initialTheta, theta, metrics };
    const result = { ...run, experiment, step, steps, ...nothing, state };
    const { signal } = options;
    const measurements = await measurementsOf({ experiment, step, store, signal, emit });
    const made = isStopped
      ? undefined
      : await evaluateRun(setup, run, store, measurements).catch((cause: unknown) => {
          const kept = { ...result, interrupted: false };
          throw isStoreFailure(cause) ? cause : new EvaluationError(kept, store, cause);
        });
    const interrupted = made === undefined;
    const { evaluation, figures } = made ?? nothing;
    if (interrupted) await setStatus(store, "interrupted");
    else if (step >= steps) await setStatus(store, "done");
    else await setStatus(store, "interrupted", { until: step });
    emit({ type: "done", step, steps, interrupted, evaluation });
    return { ...result, interrupted, evaluation, figures };
  } catch (error) {
    // A run that fails before its first step is no run, unless it is there to be replayed.
    const isNothing = hasNoSteps(start) && steps > 0;
    const end = isNothing && !isReplayed(error) ? store?.discard() : keepFailure(log, store, error);
    await end?.catch((second: unknown) => {
      emit({ type: "warning", message: `The end of the run could not be kept: ${String(second)}` });
    });
    throw error;
  }
}

const isReplayed = (error: unknown): boolean => isInstance(error, NonFiniteError) || isStoreFailure(error);

/** Steps, logs and checkpoints until the last step or until asked to stop; all of it is kept when this returns. */
async function runSteps(
  start: LoopStart,
  options: LoopOptions,
  log: MetricsLog,
  emit: Emit,
): Promise<TrainState> {
  const { manifest, store, metrics } = start;
  const pace = stepPace();
  const clock = checkpointClock(options.checkpointEvery, start.checkpointed);
  const stepper = await stepperOf(start, options, emit);
  const checkpoint = async () => {
    if (store === undefined || clock.lastStep() === stepper.step) return;
    const startedAt = performance.now();
    await log.flush();
    const state = await stepper.state();
    await store.writeCheckpoint(state.step, await encodeCheckpoint(state, manifest));
    clock.written(state.step, performance.now() - startedAt);
    emit({ type: "checkpoint", step: state.step });
  };

  const end = Math.min(manifest.steps, options.until ?? Infinity);
  try {
    await checkpoint();
    let turnAt = performance.now();
    while (stepper.step < end && options.signal?.aborted !== true) {
      const { step } = stepper;
      const asked = Math.min(end - step, clock.stepsLeft(step), pace.steps());
      const startedAt = performance.now();
      const records = await explainedSteps(start, stepper, asked, clock.lastStep());
      if (records.length === 0) break;
      pace.took(records.length, performance.now() - startedAt);
      for (const record of records) {
        metrics.push(record);
        log.add(record);
        emit({ type: "step", record, steps: manifest.steps });
      }
      if (clock.isDue(stepper.step, pace.stepMs())) await checkpoint();
      if (performance.now() - turnAt < turnMs) continue;
      await log.flushIfOld();
      await nextTurn();
      turnAt = performance.now();
    }
    await checkpoint();
    await log.flush();
    return await stepper.state();
  } finally {
    await stepper.close();
  }
}

/** This process, unless somebody else was asked for. */
async function stepperOf(
  start: LoopStart,
  { createStepper, signal }: LoopOptions,
  emit: Emit,
): Promise<Stepper> {
  const { setup, manifest } = start;
  let { state } = start;
  if (createStepper !== undefined && state.step < manifest.steps) {
    const onMessage = (message: string): void => emit({ type: "warning", message });
    return createStepper({ setup, state, manifest, signal, onMessage });
  }
  return {
    get step() {
      return state.step;
    },
    take(most) {
      const done = trainSteps(setup, state, most);
      state = done.state;
      return done.records;
    },
    state: () => state,
    close() {},
  };
}

const nothing: Results = { evaluation: undefined, figures: [] };

/** Lines of metrics on their way to the store, in batches. */
interface MetricsLog {
  add(record: StepRecord): void;
  flush(): Promise<void>;
  flushIfOld(): Promise<void>;
}

function metricsLog(store: RunStore | undefined): MetricsLog {
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
    add: (record) => void (store !== undefined && waiting.push(record)),
    flush,
    flushIfOld: async () => {
      if (performance.now() - flushedAt >= flushMs) await flush();
    },
  };
}

/** Says when a checkpoint is due. */
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
    /** Steps that may be taken before a checkpoint is due. */
    stepsLeft: (step: number) => ("steps" in interval ? interval.steps - (step % interval.steps) : Infinity),
    isDue(step: number, stepMs: number): boolean {
      if ("steps" in interval) return step % interval.steps === 0;
      // Whoever interrupts a slow step should lose that step only.
      const waitMs = every === undefined && stepMs > slowStepMs ? 0 : interval.seconds * 1000;
      return performance.now() - lastMs >= Math.max(waitMs, costMs / checkpointShare);
    },
  };
}

async function setStatus(
  store: RunStore | undefined,
  status: RunStatus,
  { error, until }: { error?: UnspoolError; until?: number } = {},
): Promise<void> {
  const kept = error === undefined ? undefined : { code: error.code, message: error.message };
  await store?.updateManifest({
    ...{ status, updatedAt: new Date().toISOString(), error: kept },
    ...(until !== undefined && { until }),
  });
}

async function keepFailure(log: MetricsLog, store: RunStore | undefined, error: unknown): Promise<void> {
  const typed =
    error instanceof UnspoolError ? error : new UnspoolError("UNKNOWN", describeThrown(error).text);
  try {
    await log.flush();
  } finally {
    await setStatus(store, "failed", { error: typed });
  }
}

/** How many steps to ask for at once, so that a call takes about one turn of the event loop. */
function stepPace() {
  let stepMs: number | undefined;
  let latestMs = 0;
  return {
    /** Of the latest step, with compilation. */
    stepMs: () => latestMs,
    steps: () => (stepMs === undefined ? 1 : Math.max(1, Math.floor(turnMs / stepMs))),
    took(steps: number, durationMs: number) {
      latestMs = durationMs / steps;
      // The first call compiles.
      stepMs = stepMs === undefined ? turnMs : Math.max(latestMs, 0.001);
    },
  };
}
