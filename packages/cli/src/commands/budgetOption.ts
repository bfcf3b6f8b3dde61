/** Inner steps as an option of `compare` and `diagnose`. */
import { type CommandLine, textOption } from "../commandLine/parse.ts";
import { UsageError } from "../failure.ts";

/** `--budget inner-steps=N`, or N alone. */
export function budgetOption(line: CommandLine): number | undefined {
  const text = textOption(line, "budget");
  if (text === undefined) return undefined;
  return integerOf(
    line,
    "budget",
    text.replace(/^inner-steps=/, ""),
    "inner-steps=N with an integer N of at least 1",
  );
}

/** `text`, of an option, as an integer of at least 1. */
export function integerOf(
  line: CommandLine,
  option: string,
  text: string,
  allowed = "integers of at least 1",
): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(value) && value >= 1) return value;
  throw new UsageError(
    "USAGE",
    `unspool ${line.command!.name}: --${option} must be ${allowed}, got ${JSON.stringify(text)}.`,
    { option, given: text, allowed },
  );
}
