/** Random settings of all experiments, in and out of range, as `--set` would give them: parsed and set up. */
import { random } from "unspool";
import { setUp } from "unspool/train";
import { experiments } from "@unspool/experiments";
import { parseConfig } from "../../packages/cli/src/config/parseConfig.ts";
import { type SchemaTree, listPaths, schemaTree } from "../../packages/cli/src/config/schemaTree.ts";
import { applySetters, parseSetter } from "../../packages/cli/src/config/setters.ts";
import { describeFailure } from "../../packages/cli/src/failureReport.ts";
import { dice } from "./folders.ts";

type Roll = (sides: number) => number;

const odd = [
  "",
  "null",
  "true",
  "[]",
  "{}",
  "NaN",
  "Infinity",
  "-1",
  "0",
  "1.5",
  "1e308",
  "text",
  '"5"',
  "[1,2]",
  "\u0000",
];
/** Small ones: what is asked for is set up. */
const fair = ["1", "2", "3", "8", "0.1", "0.5", "0.01"];

function settingOf(tree: SchemaTree, paths: readonly string[], roll: Roll): string {
  const path = paths[roll(paths.length)]!.replaceAll(/\b(?:N|NAME)\b/g, () => String(roll(3)));
  const nodes = path
    .split(".")
    .reduce((at, name) => at.flatMap((node) => tree.children(node, name)), [tree.root]);
  const words = nodes.flatMap((node) => tree.alternatives(node)).flatMap(({ enum: values }) => values ?? []);
  const choice = roll(3);
  if (choice === 0 && words.length > 0) return `${path}=${String(words[roll(words.length)])}`;
  const values = choice === 1 ? odd : fair;
  return `${path}=${values[roll(values.length)]!}`;
}

/** Tries `count` configs; `isSetUp` also sets up what parses. What ended badly, one line each. */
export async function badConfigs(seed: number, count: number, isSetUp: boolean): Promise<string[]> {
  const problems: string[] = [];
  for (let i = 0; i < count; i++) {
    const roll = dice(seed * 7919 + i);
    const experiment = experiments[i % experiments.length]!;
    const tree = schemaTree(experiment.config)!;
    const paths = listPaths(tree);
    const settings = Array.from({ length: 1 + roll(3) }, () => settingOf(tree, paths, roll));
    try {
      const config = await applySetters(tree, settings.map(parseSetter));
      const parsed = parseConfig(experiment.config, config);
      if (isSetUp) await setUp(experiment, parsed, random.key(0));
    } catch (error) {
      const { report } = describeFailure(error);
      if (
        report.code === "UNEXPECTED" ||
        report.message.includes("\n    at ") ||
        /\bthrew\b/.test(report.message)
      )
        problems.push(
          `${experiment.name} ${settings.join(" ")}: ${report.message} ${report.trace?.split("\n")[0]}`,
        );
    }
  }
  return problems;
}
