/** Mistakes in the command, the config or the experiment file: told without a stack, exit code 2. */

export type FailureDetails = Readonly<Record<string, unknown>>;

/** Exit codes of the command. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  interrupted: 130,
  closedPipe: 141,
  terminated: 143,
} as const;

/**
 * A mistake that the person at the keyboard can mend. Kept apart from `UnspoolError` so that `--help` and
 * misspelt options are answered before the library is loaded.
 */
export class UsageError extends Error {
  readonly code: "USAGE" | "CONFIG" | "EXPERIMENT" | "FOLDER";
  readonly details: FailureDetails;
  constructor(
    code: UsageError["code"],
    message: string,
    details: FailureDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "UsageError";
    this.code = code;
    this.details = details;
  }
}

/** `Did you mean X?`, with a leading space, or nothing. */
export async function didYouMean(word: string, candidates: readonly string[]): Promise<string> {
  const { nearest } = await import("unspool");
  const near = nearest(word, candidates);
  return near === undefined ? "" : ` Did you mean ${near}?`;
}
