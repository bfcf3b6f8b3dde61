/** What the main thread and the thread of a run share: three words of memory, and messages. */
import type { CommandLine } from "../commandLine/parse.ts";
import type { Reporter } from "../output/reporter.ts";

/** Words of the control block. */
export const word = { interrupted: 0, step: 1, handled: 2 } as const;

export type Control = Int32Array<SharedArrayBuffer>;

export const makeControl = (): Control => new Int32Array(new SharedArrayBuffer(4 * 3));

/** What the thread of a run is given. */
export interface ThreadData {
  /** The file that Node was started with: for further processes of the command. */
  script: string;
  line: CommandLine;
  control: Control;
  isJson: boolean;
}

/** A call of the reporter, made on the main thread. */
export type ReporterCall = {
  [Name in keyof Reporter]: { type: "report"; name: Name; args: Parameters<Reporter[Name]> };
}[keyof Reporter];

export type ThreadMessage =
  | ReporterCall
  /** The run has heard the interrupt and keeps what is done; waiting for it loses nothing. */
  | { type: "stopping" }
  | { type: "end"; exitCode: number };
