/** `--jobs`, `--cell` and `--queue`, which only studies have. */
import type { CommandLine } from "../commandLine/parse.ts";
import { UsageError } from "../failure.ts";

/** Throws `UsageError` where one of them is given for what is no study. */
export function requireNoStudy(line: CommandLine, what: string): void {
  const given = ["jobs", "cell", "queue"].find((name) => line.options.has(name));
  if (given === undefined) return;
  throw new UsageError("USAGE", `--${given} is of a study, and ${what} is a single run. Leave it out.`, {
    given,
  });
}
