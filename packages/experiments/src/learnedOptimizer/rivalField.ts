/** The table of all optimizers on the task of the training: how well, how fast in steps of Adam, and at what cost. */
import {
  type CellResults,
  type LearnedOptimizer,
  type Optimizer,
  type Table,
  createLearnedOptimizer,
  createOptimizer,
  learnedOptimizerCost,
  random,
  speedupOverAdam,
} from "unspool";
import { doneOf } from "../shared/records.ts";
import { learnedOptions } from "./learnedOptimizer.ts";
import { type Runs, type Rivals, bestOf, candidateRuns, otherId } from "./rivalRuns.ts";
import { candidatesOf } from "./rivalOptimizers.ts";

interface Settings {
  architecture: string;
  options: Record<string, unknown>;
  hidden: readonly (readonly number[])[];
  horizon: number;
  pool: number;
  evaluationRuns: number;
  rivals: readonly string[];
}

/** Rivals without Adam, which is judged on every task, each once. */
export function others(rivals: readonly string[]): string[] {
  return [...new Set(rivals)].filter((name) => name !== "adam");
}

/**
 * Steps of Adam per step, for runs of so many steps, by their final loss. Curves of the longer runs are means over windows
 * and runs already, so that they are not smoothed once more.
 */
export function adamScale({ adams }: Rivals): (runs: Runs, steps: number) => number {
  const scale = speedupOverAdam({
    curves: adams.map(({ curve }) => curve.y),
    // The loss at x = 1 is that before the first step.
    steps: adams[0]!.curve.x.map((x) => x - 1),
    smoothing: 0,
  });
  // The final loss is a mean over the last of the steps: that at their middle.
  return ({ final, finalSteps }, steps) =>
    scale.speedup({ loss: final, steps: steps - (finalSteps + 1) / 2 });
}

/** One row for each optimizer; the speed-up only where the longer runs of Adam are done. */
export function fieldTable(
  results: CellResults,
  settings: Settings,
  { learned, adam, learningRate, steps }: Rivals,
  longer: Rivals | undefined,
): Table {
  const speed = longer && adamScale(longer);
  const widths = [(28 / settings.pool) ** 2, ...settings.hidden[0]!, 10];
  const shapes = widths.slice(1).flatMap((outputs, i) => [[widths[i]!, outputs], [outputs]]);
  const row = (
    name: string,
    chosen: string,
    runs: Runs,
    by: LearnedOptimizer | Optimizer,
  ): (string | number)[] => {
    const { state, multiplications, work, parameters } = learnedOptimizerCost(by, shapes);
    const speedup = speed ? [speed(runs, steps)] : [];
    return [name, chosen, runs.mean, runs.final, ...speedup, state, multiplications, work, parameters];
  };
  const rest = others(settings.rivals).flatMap((name) => {
    const records = doneOf(results, otherId(name))?.metrics;
    if (records === undefined) return [];
    const { word, values, example } = candidatesOf(name, settings.horizon, random.key(0));
    const candidates = candidateRuns(records, values.length, settings.evaluationRuns);
    const best = bestOf(candidates);
    return [row(name, `${word} ${values[best]!}`, candidates[best]!, example)];
  });
  return {
    title: `All optimizers on its own task, ${steps} steps`,
    columns: [
      "optimizer",
      "best",
      "mean loss",
      "final loss",
      ...(speed ? ["steps of Adam per step"] : []),
      "numbers of state per parameter",
      "multiplications per parameter",
      "elements computed per parameter",
      "numbers to be learned",
    ],
    rows: [
      row(
        settings.architecture,
        "as trained",
        learned,
        createLearnedOptimizer(settings.architecture, learnedOptions(settings)),
      ),
      row("adam", `learning rate ${learningRate}`, adam, createOptimizer("adam")),
      ...rest,
    ],
  };
}
