/**
 * Command-line parsing on `node:util`'s tokenizer. A declarative parser (citty 0.2) was tried and not taken: it keeps
 * only the last of a repeated `--set`, accepts unknown options silently and drops everything that starts with `--no-`.
 */
import { parseArgs } from "node:util";
import { UsageError, didYouMean } from "../failure.ts";
import { type CommandSpec, type OptionSpec, commands, commonOptions } from "./commands.ts";

export interface CommandLine {
  /** Absent where only `--help` or `--version` was given. */
  command?: CommandSpec;
  positionals: string[];
  /** Values by option name: one string per time it was given. A flag holds one empty string. */
  options: ReadonlyMap<string, readonly string[]>;
}

/** Parses what follows `unspool`. Throws `UsageError` with the nearest right word. */
export async function parseCommandLine(argv: readonly string[]): Promise<CommandLine> {
  const [first, ...rest] = argv;
  if (first === undefined) return { positionals: [], options: new Map([["help", [""]]]) };
  if (first.startsWith("-")) {
    return { positionals: [], options: await readOptions("unspool", commonOptions, argv, []) };
  }
  if (first === "help") return parseCommandLine(rest[0] === undefined ? ["--help"] : [rest[0], "--help"]);
  const command = commands.find(({ name }) => name === first);
  if (command === undefined) {
    const names = commands.map(({ name }) => name);
    const hint = await didYouMean(first, names);
    throw new UsageError(
      "USAGE",
      `unspool: there is no command ${JSON.stringify(first)}.${hint} Commands are ${names.join(", ")}.`,
      { given: first, allowed: names },
    );
  }
  const positionals: string[] = [];
  const options = await readOptions(`unspool ${command.name}`, command.options, rest, positionals);
  if (!options.has("help") && !options.has("version")) requirePositionals(command, positionals);
  return { command, positionals, options };
}

/** The value of an option that is an integer of at least `least`. */
export function integerOption(line: CommandLine, name: string, least: number): number | undefined {
  const isRight = (value: number): boolean => Number.isSafeInteger(value) && value >= least;
  return numericOption(line, name, isRight, `an integer of at least ${least}`);
}

/** The value of an option that is a finite number above 0. */
export function positiveOption(line: CommandLine, name: string): number | undefined {
  return numericOption(line, name, (value) => Number.isFinite(value) && value > 0, "a number above 0");
}

function numericOption(
  line: CommandLine,
  name: string,
  isRight: (value: number) => boolean,
  allowed: string,
): number | undefined {
  const text = textOption(line, name);
  if (text === undefined) return undefined;
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (isRight(value)) return value;
  throw new UsageError(
    "USAGE",
    `unspool ${line.command?.name ?? ""}: --${name} must be ${allowed}, got ${JSON.stringify(text)}.`,
    { option: name, given: text, allowed },
  );
}

/** The value of an option that is one of a few words. */
export function choiceOption<Word extends string>(
  line: CommandLine,
  name: string,
  allowed: readonly Word[],
): Word | undefined {
  const text = textOption(line, name);
  if (text === undefined || (allowed as readonly string[]).includes(text)) return text as Word | undefined;
  throw new UsageError(
    "USAGE",
    `unspool ${line.command?.name ?? ""}: --${name} must be ${allowed.join(" or ")}, got ${JSON.stringify(text)}.`,
    { option: name, given: text, allowed },
  );
}

/** The value of an option; the last one where it was given several times. */
export function textOption(line: CommandLine, name: string): string | undefined {
  return line.options.get(name)?.at(-1);
}

async function readOptions(
  where: string,
  specs: Readonly<Record<string, OptionSpec>>,
  argv: readonly string[],
  positionals: string[],
): Promise<Map<string, string[]>> {
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(specs).map(([name, { value, short }]) => [
        name,
        { type: value === undefined ? "boolean" : "string", ...(short === undefined ? {} : { short }) },
      ]),
    ),
  });
  const found = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const spec = Object.hasOwn(specs, token.name) ? specs[token.name] : undefined;
    if (spec === undefined) throw await unknownOption(where, token.rawName, Object.keys(specs));
    const values = found.get(token.name) ?? [];
    if (values.length > 0 && spec.isRepeatable !== true && spec.value !== undefined) {
      throw new UsageError("USAGE", `${where}: --${token.name} was given more than once.`, {
        option: token.name,
      });
    }
    found.set(token.name, [...values, optionValue(where, token.name, spec, token.value, token.inlineValue)]);
  }
  return found;
}

function optionValue(
  where: string,
  name: string,
  spec: OptionSpec,
  value: string | undefined,
  isInline: boolean | undefined,
): string {
  if (spec.value === undefined) {
    if (value === undefined) return "";
    throw new UsageError("USAGE", `${where}: --${name} takes no value, got ${JSON.stringify(value)}.`, {
      option: name,
    });
  }
  if (value === undefined || (value.startsWith("--") && isInline !== true)) {
    throw new UsageError("USAGE", `${where}: --${name} needs a value: --${name} ${spec.value}.`, {
      option: name,
    });
  }
  if (value.trim() === "" && ["DIR", "FILE"].includes(spec.value)) {
    throw new UsageError("USAGE", `${where}: --${name} must be a path, got ${JSON.stringify(value)}.`, {
      option: name,
      given: value,
    });
  }
  return value;
}

async function unknownOption(where: string, given: string, names: readonly string[]): Promise<UsageError> {
  const allowed = names.map((name) => `--${name}`);
  const hint = await didYouMean(given, allowed);
  return new UsageError(
    "USAGE",
    `${where}: there is no option ${given}.${hint} Options are ${allowed.join(", ")}.`,
    {
      given,
      allowed,
    },
  );
}

function requirePositionals(command: CommandSpec, positionals: readonly string[]): void {
  const { name, positional } = command;
  const most = positional === undefined ? 0 : positional.isRepeatable === true ? Infinity : 1;
  if (positional !== undefined && positionals.length === 0) {
    throw new UsageError(
      "USAGE",
      `unspool ${name}: ${positional.name} is missing (${positional.help}). For example: ${command.examples[0]}`,
      { missing: positional.name },
    );
  }
  if (positionals.length > most) {
    const extra = positionals[most]!;
    throw new UsageError("USAGE", `unspool ${name}: unexpected argument ${JSON.stringify(extra)}.`, {
      given: extra,
    });
  }
}
