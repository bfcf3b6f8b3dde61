/** `--jobs`, `--cell`, `--queue` and `--store`, which only studies have, and `--shards`, which only runs have. */
import type { CommandLine } from "../commandLine/parse.ts";
import { UsageError } from "../failure.ts";

/** Throws `UsageError` where one of them is given for what is no study. */
export function requireNoStudy(line: CommandLine, what: string): void {
  const given = ["jobs", "cell", "queue", "store"].find((name) => line.options.has(name));
  const isSharded = (given === "queue" || given === "store") && line.options.has("shards");
  if (given === undefined || isSharded) return;
  if (given === "queue")
    throw new UsageError(
      "USAGE",
      `--queue takes the cells of a study, and ${what} is a single run. Add --shards N, and workers compute its units, or leave --queue out.`,
      { given },
    );
  throw new UsageError("USAGE", `--${given} is of a study, and ${what} is a single run. Leave it out.`, {
    given,
  });
}

/** Throws `UsageError` for `--shards` of a study. */
export function requireNoShards(line: CommandLine, what: string): void {
  if (!line.options.has("shards")) return;
  throw new UsageError("USAGE", `--shards divides the units of a single run, and ${what} is a study: its cells go to workers by --queue alone.`); // prettier-ignore
}
