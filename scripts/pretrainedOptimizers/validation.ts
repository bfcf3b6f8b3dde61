/**
 * `npm run pretrain:validate [NAME | RUN …]`: optimizers that ship, and runs of `npm run pretrain` by their folders, on a
 * second draw of the pool and two kinds more that nothing was trained on, against Adam with its best of ten rates. Recipes are chosen by
 * this, so that the held-out kinds are left for judging. About a minute of CPU for the first, and less for each other one
 * of the same options.
 */
import { resolve } from "node:path";
import {
  type LearnedOptimizer,
  type TaskFamily,
  createLearnedOptimizer,
  learnableAdam,
  loadLearnedOptimizer,
  metaTraining,
  pretrainedOptimizerFile,
  pretrainedOptimizerNames,
  random,
  readRun,
  unroll,
} from "unspool";
import { folderStore } from "unspool/train/node";
import { adamRates } from "../../packages/experiments/src/learnedOptimizer/learnedOptimizerStudy.ts";
import { median } from "../../packages/experiments/src/learnedPool/heldOutFigures.ts";
import {
  type PoolKind,
  type PoolTask,
  poolTasks,
  trainedKinds,
} from "../../packages/experiments/src/learnedPool/poolTasks.ts";
import { mean } from "../../packages/experiments/src/shared/series.ts";
import { type LearnedChoice, recipes } from "./recipes.ts";

const kinds: readonly PoolKind[] = [...trainedKinds, "checkers", "maps"];
const tasks = poolTasks(random.key(4242), { kinds, tasks: 21, longest: 500, dearest: 2.5e6 });
/** Training runs of each task. */
const runs = 3;

interface Candidate {
  learned: LearnedOptimizer;
  meta: unknown;
}

async function candidate(name: string): Promise<Candidate> {
  if (pretrainedOptimizerNames.some((known) => known === name)) {
    return loadLearnedOptimizer(pretrainedOptimizerFile(name));
  }
  const recipe = recipes.find((one) => name.includes(`pretrain-${one.name}`));
  if (recipe === undefined)
    throw new Error(`${name} is neither an optimizer that ships nor a run of a recipe.`);
  const store = folderStore(resolve(name));
  const { theta, manifest } = await readRun(recipe.experiment, store);
  const { architecture, options }: LearnedChoice = recipe.learned(
    recipe.experiment.config.parse(manifest.config),
  );
  return { learned: createLearnedOptimizer(architecture, options), meta: theta };
}

/** Mean loss over the runs, in units of the task's. */
function meanLoss(task: PoolTask, family: TaskFamily, { learned, meta }: Candidate): number {
  const problem = metaTraining(learned, family, { horizon: task.horizon });
  const { losses } = unroll(problem, meta, { key: random.key(99), particles: runs });
  return mean([...losses.data]) / task.unit;
}

const adam = learnableAdam() as LearnedOptimizer;
const adams = adamRates.map((learningRate): Candidate => ({
  learned: adam,
  meta: learnableAdam({ learningRate }).init(random.key(0)),
}));
const named = process.argv.slice(2);
const names = named.length > 0 ? named : [...pretrainedOptimizerNames];
const candidates = await Promise.all(names.map(candidate));
const ratios = names.map((): number[] => []);
for (const task of tasks) {
  const family = task.family();
  const losses = adams.map((one) => meanLoss(task, family, one));
  const best = Math.min(...losses);
  const rate = adamRates[losses.indexOf(best)]!;
  candidates.forEach((one, i) => ratios[i]!.push(meanLoss(task, family, one) / best));
  const told = ratios.map((of) => of.at(-1)!.toFixed(3).padStart(8)).join("");
  console.log(`${told}  ${task.words}, ${task.horizon} steps, Adam's best ${rate}`);
}
names.forEach((name, i) => {
  const of = ratios[i]!;
  const geometric = Math.exp(mean(of.map(Math.log)));
  const better = of.filter((ratio) => ratio < 1).length;
  console.log(
    `${name}: geometric mean ${geometric.toFixed(3)}, median ${median(of).toFixed(3)}, better on ${better} of ${of.length}`,
  );
});
