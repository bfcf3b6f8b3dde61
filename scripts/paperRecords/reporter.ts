/** A reporter of vitest: what each test of a file said, and how it ended, as JSON at the path in UNSPOOL_PAPER_SAID. */
import { writeFileSync } from "node:fs";
import type { UserConsoleLog } from "vitest";
import type { Reporter, TestCase } from "vitest/node";
import type { TestSaid } from "./figures.ts";

export default class SaidReporter implements Reporter {
  readonly #said = new Map<string, string>();
  readonly #tests: TestSaid[] = [];

  onUserConsoleLog({ taskId, content, type }: UserConsoleLog): void {
    if (taskId === undefined || type !== "stdout") return;
    this.#said.set(taskId, (this.#said.get(taskId) ?? "") + content);
  }

  onTestCaseResult(test: TestCase): void {
    const { state, errors } = test.result();
    const seconds = Math.round((test.diagnostic()?.duration ?? 0) / 1000);
    const said = (this.#said.get(test.id) ?? "").trimEnd();
    const message = errors?.[0]?.message;
    this.#tests.push({
      ...{ name: test.fullName, state, seconds, said: said === "" ? [] : said.split("\n") },
      ...(message === undefined ? {} : { message }),
    });
  }

  onTestRunEnd(): void {
    writeFileSync(process.env["UNSPOOL_PAPER_SAID"]!, JSON.stringify(this.#tests));
  }
}
