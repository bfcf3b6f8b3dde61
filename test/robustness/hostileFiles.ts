/** Runs experiments with one hostile field as the command does, and says what is wrong with how that ended. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { train } from "unspool/train";
import { folderStore } from "unspool/train/node";
import { told } from "../../packages/cli/src/commands/prepare.ts";
import { schemaTree } from "../../packages/cli/src/config/schemaTree.ts";
import { applySetters } from "../../packages/cli/src/config/setters.ts";
import { exportedBy } from "../../packages/cli/src/experiments/loadFile.ts";
import { describeFailure } from "../../packages/cli/src/failureReport.ts";
import { writeReport } from "../../packages/cli/src/report/writeReport.ts";
import { type Spoilt, fields } from "./hostileExperiments.ts";
import { hostileValues } from "./hostileValues.ts";

export interface Attack {
  name: string;
  spoil: Spoilt;
  value: () => unknown;
}

/** Every field with every value. */
export const attacks: readonly Attack[] = Object.entries(fields).flatMap(([field, spoil]) =>
  Object.entries(hostileValues).map(([name, value]) => ({ name: `${field}: ${name}`, spoil, value })),
);

/** What is wrong with how the attacks ended, one line each. */
export async function problemsOf(some: readonly Attack[]): Promise<string[]> {
  const root = mkdtempSync(join(tmpdir(), "unspool-hostile-"));
  const problems: string[] = [];
  try {
    for (const [i, attack] of some.entries()) {
      const dir = join(root, String(i));
      const problem = await problemOf(attack, dir).catch((error: unknown) => `not told: ${String(error)}`);
      if (problem !== undefined) problems.push(`${attack.name}: ${problem}`);
      rmSync(dir, { recursive: true, force: true });
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return problems;
}

async function problemOf({ spoil, value }: Attack, dir: string): Promise<string | undefined> {
  try {
    const found = await exportedBy("/hostile.ts", spoil(value()));
    if (!("experiment" in found)) return;
    const { experiment } = found;
    const config = await applySetters(schemaTree(experiment.config), []);
    await train(told(experiment), { config, steps: 1, store: folderStore(dir) });
    await writeReport([dir], undefined);
    return undefined;
  } catch (error) {
    const { report, exitCode } = describeFailure(error);
    if (report.code === "UNEXPECTED") return `untyped: ${report.message} ${report.trace?.split("\n")[0]}`;
    if (report.message.includes("\n    at ")) return `a stack: ${report.message}`;
    if (report.message.length > 5000) return `${report.message.length} characters`;
    if (exitCode !== 1 && exitCode !== 2) return `exit code ${exitCode}`;
    return exitCode === 2 && existsSync(dir) ? `a folder is left: ${report.message}` : undefined;
  }
}
