/** Outer steps whose errors say where in the run they happened, what of it is kept, and how to go on or to see them again. */
import { ExperimentError, NonFiniteError, UnspoolError } from "../errors.ts";
import { fileNames } from "./origin.ts";
import type { LoopStart } from "./runLoop.ts";
import { resumeLineOf } from "./store.ts";
import { type TrainState, type TrainStepsResult, trainSteps } from "./trainSteps.ts";
import { describeThrown, isInstance, ownError } from "./userCode.ts";

/** Nothing was done yet by the process that began the run. */
export const isBeforeSteps = ({ isNew, metrics }: LoopStart): boolean =>
  isNew === true && metrics.length === 0;

/** Takes up to `steps` steps. `checkpointed` is the step of the newest checkpoint. */
export function explainedSteps(
  start: LoopStart,
  state: TrainState,
  steps: number,
  checkpointed: number | undefined,
): TrainStepsResult {
  try {
    return trainSteps(start.setup, state, steps);
  } catch (error) {
    throw explained(error, start, state.step + 1, checkpointed);
  }
}

function explained(
  thrown: unknown,
  start: LoopStart,
  step: number,
  checkpointed: number | undefined,
): UnspoolError {
  const { experiment, seed, config } = start.manifest;
  const where = `outer step ${step} of "${experiment}"`;
  const own = isInstance(thrown, UnspoolError) ? thrown : ownError(where, "it", "run", thrown);
  const details: Record<string, unknown> = { ...own.details, step, checkpoint: checkpointed };
  if (!(own instanceof NonFiniteError)) {
    const text = `${where}: ${problemOf(own, [`${where}: `, `${experiment}, `, `${experiment}: `])}`;
    return retold(own, `${text}${howToGoOn(start, checkpointed)}`, details);
  }
  const problem = typeof details["problem"] === "string" ? `${details["problem"]}.` : own.message;
  const { store } = start;
  const isKept = store !== undefined && checkpointed !== undefined;
  const replay = isKept ? resumeLineOf(store) : `train with seed ${seed} and the same config`;
  const from = isKept
    ? ` It starts from the last checkpoint, of step ${checkpointed}: ${store.checkpointName(checkpointed)}.`
    : "";
  const text = `${where}: ${problem} Replay it by: ${replay}.${from}`;
  return retold(own, text, { ...details, where, replay, seed, config });
}

/** The message without what is said before it already, and with a full stop. */
function problemOf({ message }: UnspoolError, before: readonly string[]): string {
  const said = before.find((text) => message.startsWith(text)) ?? "";
  const problem = message.slice(said.length);
  return /[.!?]$/.test(problem) ? problem : `${problem}.`;
}

/** For an error in code, which is mended. */
function howToGoOn(start: LoopStart, checkpointed: number | undefined): string {
  const { store, manifest } = start;
  // Of a run that fails in its first step nothing is kept.
  if (store === undefined || checkpointed === undefined || isBeforeSteps(start)) return "";
  const isOfFile = fileNames(manifest.origin).length > 0;
  const force = isOfFile ? " --force" : "";
  const why = isOfFile ? " (--force, because the file is another then)" : "";
  return ` Once it is mended, ${resumeLineOf(store)}${force} goes on from the last checkpoint, of step ${checkpointed}${why}.`;
}

/** The same error, of the same class and from the same place, in other words. */
function retold(error: UnspoolError, message: string, details: UnspoolError["details"]): UnspoolError {
  const told = new UnspoolError(error.code, message, details);
  Object.setPrototypeOf(told, Object.getPrototypeOf(error) as object);
  told.name = error.name;
  told.cause = error instanceof ExperimentError ? (error.cause ?? error) : error;
  const frames =
    describeThrown(error)
      .stack?.split("\n")
      .filter((line) => /^\s+at /.test(line)) ?? [];
  told.stack = [`${error.name}: ${message}`, ...frames].join("\n");
  return told;
}
