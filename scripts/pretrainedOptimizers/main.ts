/**
 * `npm run pretrain [NAME …]`: meta-trains the optimizers that the library ships, all or those named, and writes their
 * files. A recipe is a config of an experiment; the same machine and recipe give the same bits. The runs are in
 * `runs/pretrain-NAME`: one that was stopped goes on from its last checkpoint.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Evaluation,
  type LearnedOptimizerFile,
  type TrainEvent,
  learnedOptimizerFile,
  readRun,
  resume,
  train,
} from "unspool";
import { folderStore } from "unspool/train/node";
import { type Recipe, recipes } from "./recipes.ts";

const root = join(import.meta.dirname, "../..");

/** Outer steps between two lines of the log, and of the log that is kept in the file. */
const logEvery = 100;

async function pretrain(recipe: Recipe): Promise<LearnedOptimizerFile> {
  const { name, seed, config, experiment, until, learned } = recipe;
  const end = new AbortController();
  const onEvent = (event: TrainEvent): void => {
    if (event.type !== "step") return;
    const { step, loss } = event.record;
    if (step % logEvery === 0) console.log(`${name}  outer step ${step}  loss ${loss?.toFixed(3)}`);
    if (step === until) end.abort();
  };
  const store = folderStore(join(root, "runs", `pretrain-${name}`));
  const options = { onEvent, signal: end.signal, checkpointEvery: { seconds: 30 } };
  const [done] = await store.listCheckpoints();
  if (done === undefined) await train(experiment, { config, seed, store, ...options });
  else if (until === undefined || done < until) await resume(experiment, store, { config, ...options });
  const { theta, step } = await readRun(experiment, store);
  if (until !== undefined && step !== until) {
    throw new Error(
      `The run in ${store.name} is at step ${step}, and not at ${until}: remove it to begin anew.`,
    );
  }
  const records = (await store.readMetrics()).slice(0, step);
  const { metrics, table } = ((await store.readArtifact("evaluation")) ?? {}) as Partial<Evaluation>;
  console.log(table, metrics);
  const { architecture, options: ofLearned } = learned(experiment.config.parse(config));
  return learnedOptimizerFile(architecture, ofLearned, theta, {
    command: `npm run pretrain ${name}`,
    experiment: experiment.name,
    config,
    seed,
    ...(until !== undefined && { outerSteps: until }),
    ...(metrics !== undefined && { measured: metrics }),
    innerSteps: records.at(-1)!.innerSteps,
    meanLosses: meanLosses(records.map(({ loss }) => loss ?? NaN)),
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
