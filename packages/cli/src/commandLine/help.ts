/** Help texts from the table of commands. */
import { type CommandSpec, type OptionSpec, commands, commonOptions } from "./commands.ts";

/** Help of one command, or of the whole where `command` is absent. */
export function helpText(command: CommandSpec | undefined): string {
  return command === undefined ? overview() : commandHelp(command);
}

function overview(): string {
  return [
    "unspool: gradients and optimizers for computations that run in a loop",
    "",
    "Usage: unspool COMMAND [options]",
    "",
    "Commands:",
    ...columns(commands.map(({ name, summary }) => [name, summary])),
    "",
    "Options:",
    ...columns(optionRows(commonOptions)),
    "",
    "`unspool COMMAND --help` says more about one command.",
    "Exit codes: 0 done, 1 the run failed, 2 the command or the config was wrong, 130 interrupted.",
  ].join("\n");
}

function commandHelp({ name, summary, positional, options, examples }: CommandSpec): string {
  const argument =
    positional === undefined ? "" : ` ${positional.name}${positional.isRepeatable ? " …" : ""}`;
  return [
    `${summary}.`,
    "",
    `Usage: unspool ${name}${argument} [options]`,
    ...(positional === undefined ? [] : ["", ...columns([[positional.name, positional.help]])]),
    "",
    "Options:",
    ...columns(optionRows(options)),
    "",
    "Examples:",
    ...examples.map((example) => `  ${example}`),
  ].join("\n");
}

function optionRows(options: Readonly<Record<string, OptionSpec>>): [string, string][] {
  return Object.entries(options).map(([name, { value, short, help }]) => [
    `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`,
    help,
  ]);
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
