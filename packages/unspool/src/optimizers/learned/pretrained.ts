/** Learned optimizers that are ready for use: made by `npm run pretrain`, which writes the files in `pretrained/`. */
import { requireOneOf } from "../../errors.ts";
import type { Optimizer } from "../optimizer.ts";
import { type LearnedOptimizerFile, loadLearnedOptimizer } from "./learnedFile.ts";
import { starMnist } from "./pretrained/starMnist.ts";
import { starPool } from "./pretrained/starPool.ts";

const files: Readonly<Record<string, LearnedOptimizerFile>> = {
  "star-mnist": starMnist,
  "star-pool": starPool,
};

/** Names of all pretrained optimizers. */
export const pretrainedOptimizerNames: readonly string[] = Object.keys(files);

/**
 * A learned optimizer with the parameters of a finished meta-training. It has no learning rate to set.
 *
 * "star-mnist": `star`, trained through runs of 100 steps of small networks that classify 7x7 images of MNIST. It is
 * good for standardised images of 7x7 and up to two hidden layers, and not for 784 inputs, pixels in [0, 1] or spirals.
 * A step takes 5 to 7 times as long as Adam's.
 *
 * "star-pool": `star` with steps that are relative to the parameters and do not depend on the scale of the loss, trained
 * on a pool of tasks of many sizes. It is the one for networks of other kinds; what it wins and loses is in
 * docs/results.md, "The optimizers that ship".
 *
 * Throws `OptionError` for an unknown name, with the nearest one.
 *
 * @example
 * const optimizer = pretrainedOptimizer("star-mnist");
 */
export function pretrainedOptimizer(name: string): Optimizer {
  return loadLearnedOptimizer(pretrainedOptimizerFile(name)).optimizer;
}

/** Its file: options, parameters, the command and the seed that made it, and what was measured. */
export function pretrainedOptimizerFile(name: string): LearnedOptimizerFile {
  requireOneOf("pretrainedOptimizer", "name", name, pretrainedOptimizerNames);
  return files[name]!;
}
