/** Optimizers of the field that a learned one is judged against, each with what is tried of it. */
import {
  type Key,
  type LearnedOptimizer,
  type Optimizer,
  type Tensor,
  createOptimizer,
  learnableAdam,
  np,
  optList,
  optimizers,
} from "unspool";
import { adamRates } from "./learnedOptimizerStudy.ts";

/** The first so many settings of the optimizer list. */
const listed = 10;
/** Learning rates of rules other than Adam: {1, 3} times powers of ten, as the paper's grid has them. */
const rates: readonly number[] = [1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1];

/** The optimizer list, and the rules with a learning rate that is a number. */
export const rivalNames: readonly string[] = [
  "optList",
  ...optimizers
    .filter(({ isWrapper, defaults }) => !isWrapper && typeof defaults["learningRate"] === "number")
    .map(({ name }) => name),
];

/** What is tried of an optimizer. */
export interface Candidates {
  /** Of learning rates, or places in the optimizer list. */
  word: "learning rate" | "setting";
  values: readonly number[];
  /** Parameters of each, from which `learned` makes it. */
  metas: readonly unknown[];
  /** The same object for all that are one program. */
  learned(index: number): LearnedOptimizer;
  /** One of them, to count its costs. */
  example: Optimizer;
}

/** Candidates for training runs of so many steps. */
export function candidatesOf(name: string, steps: number, key: Key): Candidates {
  if (name === "adam") {
    const adam = learnableAdam() as LearnedOptimizer;
    const metas = adamRates.map((learningRate) => learnableAdam({ learningRate }).init(key));
    return {
      word: "learning rate",
      values: adamRates,
      metas,
      learned: () => adam,
      example: createOptimizer(name),
    };
  }
  if (name === "optList") {
    const settings = Array.from({ length: listed }, (_, index) => optList({ index, steps }));
    const fixed = settings.map((optimizer): LearnedOptimizer => ({
      name,
      init: () => ({ none: np.zeros([]) }),
      optimizer: () => optimizer,
    }));
    return {
      word: "setting",
      values: settings.map((_, index) => index),
      metas: fixed.map((one) => one.init(key)),
      learned: (index) => fixed[index]!,
      example: settings[0]!,
    };
  }
  const rated: LearnedOptimizer<{ learningRate: Tensor }> = {
    name,
    init: () => ({ learningRate: np.array(rates[0]!) }),
    optimizer: ({ learningRate }) => createOptimizer(name, { learningRate }),
  };
  return {
    word: "learning rate",
    values: rates,
    metas: rates.map((rate) => ({ learningRate: np.array(rate) })),
    learned: () => rated as LearnedOptimizer,
    example: createOptimizer(name),
  };
}
