/**
 * `npm run pretrain [NAME …]`: meta-trains the optimizers that the library ships, all or those named, and writes their
 * files. A recipe is a config of the experiment learned-optimizer; the same machine and recipe give the same bits.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { learnedOptimizer, learnedOptions } from "@unspool/experiments";
import { type LearnedOptimizerFile, learnedOptimizerFile, train } from "unspool";

interface Recipe {
  name: string;
  seed: number;
  config: Record<string, unknown>;
}

const recipes: readonly Recipe[] = [
  {
    name: "star-mnist",
    seed: 0,
    config: {
      steps: 2000,
      hidden: [[16], [32], []],
      pairs: 4,
    },
  },
];

interface Learned {
  architecture: string;
  options: Record<string, unknown>;
}

async function pretrain({ name, seed, config }: Recipe): Promise<LearnedOptimizerFile> {
  const onEvent = (event: { type: string; record?: { step: number; loss: number } }): void => {
    if (event.type !== "step" || event.record!.step % 100 !== 0) return;
    console.log(`${name}  outer step ${event.record!.step}  loss ${event.record!.loss.toFixed(3)}`);
  };
  const result = await train(learnedOptimizer, { config, seed, onEvent: onEvent as never });
  const learned = learnedOptimizer.config.parse(config) as Learned;
  const { architecture } = learned;
  const options = learnedOptions(learned);
  const { metrics, table } = result.evaluation!;
  console.log(table, metrics);
  return learnedOptimizerFile(architecture, options, result.theta, {
    command: `npm run pretrain ${name}`,
    experiment: learnedOptimizer.name,
    config,
    seed,
    measured: metrics,
  });
}

function write(name: string, file: LearnedOptimizerFile): void {
  const exported = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const path = join(
    import.meta.dirname,
    `../../packages/unspool/src/optimizers/learned/pretrained/${exported}.ts`,
  );
  const text = `/** Written by \`npm run pretrain ${name}\`; do not edit. */
import type { LearnedOptimizerFile } from "../learnedFile.ts";

// prettier-ignore
export const ${exported}: LearnedOptimizerFile = ${JSON.stringify(file)};
`;
  writeFileSync(path, text);
  execFileSync("npx", ["prettier", "--check", path], { stdio: "inherit" });
}

const wanted = process.argv.slice(2);
for (const recipe of recipes.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  write(recipe.name, await pretrain(recipe));
}
