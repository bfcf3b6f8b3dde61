/** Optimizers of the field, tuned by grid search on the same tasks: what a learned optimizer has to beat. */
import {
  type Key,
  type LearnedOptimizer,
  type Measure,
  type TaskFamily,
  type Tensor,
  learnableAdam,
  learnableMomentum,
  metaTraining,
  np,
  rmsprop,
  unroll,
} from "unspool";
import { measureEach } from "../shared/measureInParts.ts";

export interface Scored {
  name: string;
  /** Mean over tasks and steps of the loss over that of the first step. */
  score: number;
  /** The same per task. */
  scores: Float64Array;
  /** Means over tasks, per step. */
  curve: number[];
}

export interface TunedBaseline extends Scored {
  /** What was tuned. */
  settings: Readonly<Record<string, number>>;
}

export interface ScoreOptions {
  horizon: number;
  tasks: number;
  key: Key;
}

/** Relative losses of an optimizer with parameters `meta` on tasks of a family. */
export function scorer<Meta>(
  learned: LearnedOptimizer<Meta>,
  family: TaskFamily,
  { horizon, tasks, key }: ScoreOptions,
): (meta: Meta, name?: string) => Scored {
  const problem = metaTraining(learned, family, { horizon, objective: "relative" });
  return (meta, name = learned.name) => {
    const { losses } = unroll(problem, meta, { key, particles: tasks });
    const scores = Float64Array.from(losses.mean(0).data);
    return {
      name,
      score: scores.reduce((sum, x) => sum + x, 0) / tasks,
      scores,
      curve: Array.from(losses.mean(1).data),
    };
  };
}

export interface BaselineGrid {
  learningRates: readonly number[];
  /** Decays of heavy ball. */
  momenta: readonly number[];
}

/** Training runs that have not been made yet. */
export interface Run {
  name: string;
  run(): Scored;
}

/** A part of the measurement `name` for each. */
export async function measureScores(name: string, measure: Measure, runs: readonly Run[]): Promise<Scored[]> {
  const rows = await measureEach(measure, name, runs, ({ run }) => {
    const { score, scores, curve } = run();
    return [scores.length, score, ...scores, ...curve];
  });
  return rows.map(([tasks, score, ...rest], i) => ({
    name: runs[i]!.name,
    score: score!,
    scores: Float64Array.from(rest.slice(0, tasks)),
    curve: rest.slice(tasks),
  }));
}

interface Setting {
  settings: Readonly<Record<string, number>>;
  run(): Scored;
}

/** The best momentum, RMSProp and Adam of their grids. */
export function tunedBaselines(
  family: TaskFamily,
  { learningRates, momenta }: BaselineGrid,
  options: ScoreOptions,
): (measure: Measure) => Promise<TunedBaseline[]> {
  const heavyBall = scorer(learnableMomentum(), family, options);
  const rootMeanSquare = scorer(learnableRmsprop, family, options);
  const adam = scorer(learnableAdam(), family, options);
  const log = (x: number): Tensor => np.array(Math.log(x));
  const adamMeta = learnableAdam().init(options.key);
  const grids: Record<string, Setting[]> = {
    momentum: learningRates.flatMap((learningRate) =>
      momenta.map((momentum) => ({
        settings: { learningRate, momentum },
        run: () =>
          heavyBall(
            { logLearningRate: log(learningRate), logOneMinusMomentum: log(1 - momentum) },
            "momentum",
          ),
      })),
    ),
    rmsprop: learningRates.map((learningRate) => ({
      settings: { learningRate },
      run: () => rootMeanSquare({ logLearningRate: log(learningRate) }, "rmsprop"),
    })),
    adam: learningRates.map((learningRate) => ({
      settings: { learningRate },
      run: () => adam({ ...adamMeta, logLearningRate: log(learningRate) }, "adam"),
    })),
  };
  return async (measure) => {
    const best: (Setting & Run)[] = [];
    for (const [name, all] of Object.entries(grids)) {
      const scores = await measureEach(measure, name, all, ({ run }) => [run().score]);
      best.push({ name, ...all[bestOf(scores.flat())]! });
    }
    const scored = await measureScores("the best", measure, best);
    return scored.map((one, i) => ({ ...one, settings: best[i]!.settings }));
  };
}

const learnableRmsprop: LearnedOptimizer<{ logLearningRate: Tensor }> = {
  name: "rmsprop",
  init: () => ({ logLearningRate: np.array(0) }),
  optimizer: ({ logLearningRate }) => rmsprop({ learningRate: np.exp(logLearningRate) }),
};

/** Which score is lowest. Settings under which some task diverged count last. */
function bestOf(scores: readonly number[]): number {
  const rank = (score: number): number => (Number.isFinite(score) ? score : Infinity);
  return scores.reduce((best, score, i) => (rank(score) < rank(scores[best]!) ? i : best), 0);
}
