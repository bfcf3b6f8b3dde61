/**
 * Runs the command in the process of the test, from its source, computing in the thread of the test: the same parsing,
 * commands, words and exit codes, without the second or two that a process takes to load. For what does not depend on
 * there being a process: that it does what this does is `command.test.ts`'s.
 */
import { configureExecutor } from "unspool/unroll";
import { vi } from "vitest";
import { performCommand } from "../../packages/cli/src/commands/performCommand.ts";
import { main } from "../../packages/cli/src/main.ts";
import { stderr, stdout } from "../../packages/cli/src/output/safeOutput.ts";
import type { Outcome } from "./command.ts";

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs `unspool ...args` in the folder `dir`. One at a time: the folder, the engine and the outputs are the process's, so the
 * next waits for one whose test has given up waiting.
 */
export function unspoolHere(dir: string, ...args: string[]): Promise<Outcome> {
  const outcome = last.then(() => runHere(dir, args));
  last = outcome.catch(() => undefined);
  return outcome;
}

async function runHere(dir: string, args: string[]): Promise<Outcome> {
  const texts = { stdout: "", stderr: "" };
  const spies = (
    [
      ["stdout", stdout],
      ["stderr", stderr],
    ] as const
  ).map(([name, output]) =>
    vi.spyOn(output, "write").mockImplementation((text) => {
      texts[name] += typeof text === "string" ? text : new TextDecoder().decode(text);
      return true;
    }),
  );
  const before = process.cwd();
  process.chdir(dir);
  // A child process of the tests has it too.
  vi.stubEnv("NO_COLOR", "1");
  try {
    const never = new AbortController().signal;
    const code = await main(args, (line, reporter) => performCommand(line, reporter, never));
    return { code, signal: null, ...texts };
  } finally {
    process.chdir(before);
    vi.unstubAllEnvs();
    configureExecutor({});
    for (const spy of spies) spy.mockRestore();
  }
}
