/** Outer steps whose errors say where in the run they happened, what of it is kept, and how to go on or to see them again. */
import { NonFiniteError, UnspoolError } from "../errors.ts";
import { fileNames } from "./origin.ts";
import type { LoopStart } from "./runLoop.ts";
import { resumeLineOf } from "./store.ts";
import type { StepRecord } from "./experiment.ts";
import type { Stepper } from "./stepper.ts";
import { isInstance, ownError, retold, sentence } from "./userCode.ts";

/** Nothing was done yet by the process that began the run. */
export const hasNoSteps = ({ isNew, metrics }: LoopStart): boolean => isNew === true && metrics.length === 0;

/** Takes up to `most` steps. `checkpointed` is the step of the newest checkpoint. */
export async function explainedSteps(
  start: LoopStart,
  stepper: Stepper,
  most: number,
  checkpointed: number | undefined,
): Promise<readonly StepRecord[]> {
  try {
    return await stepper.take(most);
  } catch (error) {
    throw explained(error, start, stepper.step + 1, checkpointed);
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
    const next = resumeFrom(start, checkpointed);
    return next === undefined
      ? retold(own, text, details)
      : retold(own, `${text} ${next.words}`, { ...details, resume: next.line });
  }
  const problem = typeof details["problem"] === "string" ? sentence(details["problem"]) : own.message;
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
  return sentence(message.slice(said.length));
}

/** How to go on once code is mended. */
function resumeFrom(
  start: LoopStart,
  checkpointed: number | undefined,
): { line: string; words: string } | undefined {
  const { store, manifest } = start;
  // Of a run that fails in its first step nothing is kept.
  if (store === undefined || checkpointed === undefined || hasNoSteps(start)) return undefined;
  const isOfFile = fileNames(manifest.origin).length > 0;
  const line = `${resumeLineOf(store)}${isOfFile ? " --force" : ""}`;
  const why = isOfFile ? " (--force, because the file is another then)" : "";
  const words = `Once it is mended, ${line} goes on from the last checkpoint, of step ${checkpointed}${why}.`;
  return { line, words };
}
