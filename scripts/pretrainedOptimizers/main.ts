/**
 * `npm run pretrain [NAME …]`: meta-trains the optimizers that the library ships, all or those named, and writes their
 * files. A recipe is a config of an experiment; the same machine and recipe give the same bits. The runs are in
 * `runs/pretrain-NAME`: one that was stopped goes on from its last checkpoint.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type LearnedOptimizerFile, type TrainEvent, learnedOptimizerFile, resume, train } from "unspool";
import { folderStore } from "unspool/train/node";
import { type Recipe, recipes } from "./recipes.ts";

const root = join(import.meta.dirname, "../..");

/** Outer steps between two lines of the log, and of the log that is kept in the file. */
const logEvery = 100;

async function pretrain({ name, seed, config, experiment, learned }: Recipe): Promise<LearnedOptimizerFile> {
  const onEvent = (event: TrainEvent): void => {
    if (event.type !== "step" || event.record.step % logEvery !== 0) return;
    console.log(`${name}  outer step ${event.record.step}  loss ${event.record.loss?.toFixed(3)}`);
  };
  const store = folderStore(join(root, "runs", `pretrain-${name}`));
  const options = { onEvent, checkpointEvery: { seconds: 30 } };
  const isBegun = (await store.readManifest()) !== undefined;
  const result = isBegun
    ? await resume(experiment, store, { config, ...options })
    : await train(experiment, { config, seed, store, ...options });
  const { architecture, options: ofLearned } = learned(experiment.config.parse(config));
  const { metrics, table } = result.evaluation!;
  console.log(table, metrics);
  return learnedOptimizerFile(architecture, ofLearned, result.theta, {
    command: `npm run pretrain ${name}`,
    experiment: experiment.name,
    config,
    seed,
    measured: metrics,
    innerSteps: result.metrics.at(-1)!.innerSteps,
    meanLosses: meanLosses(result.metrics.map(({ loss }) => loss ?? NaN)),
  });
}

/** Means over tenths of the run, of the losses of outer steps. */
function meanLosses(losses: readonly number[]): number[] {
  const parts = Math.min(10, losses.length);
  return Array.from({ length: parts }, (_, i) => {
    const part = losses.slice(
      Math.floor((i * losses.length) / parts),
      Math.floor(((i + 1) * losses.length) / parts),
    );
    return Number((part.reduce((sum, loss) => sum + loss, 0) / part.length).toPrecision(4));
  });
}

function write(name: string, file: LearnedOptimizerFile): void {
  const exported = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const path = join(root, `packages/unspool/src/optimizers/learned/pretrained/${exported}.ts`);
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
