/**
 * A fixed list of tasks drawn from the kinds of the pool: widths from 4 to 512, batches of 1 to 256 and horizons of 50
 * to 2000 log-uniform, 0 to 4 hidden layers, inputs and losses of several scales. The list is finite, so that each shape
 * is compiled once; tasks are drawn again until a training step of them costs less than a limit.
 */
import { type Key, random, scaledTasks } from "unspool";
import { type JudgedTask, rescaled } from "./judgedTask.ts";
import {
  type DenseShape,
  type ImageShape,
  charactersTask,
  checkersTask,
  imagesTask,
  mapsTask,
  moonsTask,
  teacherTask,
} from "./poolFamilies.ts";

export interface PoolTask extends JudgedTask {
  /** About the multiplications of a training step by a learned optimizer. */
  cost: number;
}

export interface PoolOptions {
  /** Of the tasks in turn; one that is named twice is twice as frequent. */
  kinds: readonly PoolKind[];
  /** Tasks in the list. */
  tasks: number;
  /** Largest horizon. */
  longest: number;
  /** Most that a training step may cost. */
  dearest: number;
}

export const poolKinds = ["images", "moons", "teacher", "characters", "checkers", "maps"] as const;
export type PoolKind = (typeof poolKinds)[number];

/** Those that optimizers are trained on, in turn; the others are left for choosing between recipes. */
export const trainedKinds: readonly PoolKind[] = ["images", "images", "moons", "teacher", "characters"];

/** Multiplications per parameter of the optimizer, about. */
const perParameter = 600;

export function poolTasks(key: Key, { kinds, tasks, longest, dearest }: PoolOptions): PoolTask[] {
  return Array.from({ length: tasks }, (_, i) => {
    const kind = kinds[i % kinds.length]!;
    for (let attempt = 0; ; attempt++) {
      const task = drawTask(random.foldIn(random.foldIn(key, i), attempt), i, kind, longest);
      if (task.cost <= dearest) return task;
    }
  });
}

function drawTask(key: Key, index: number, kind: PoolKind, longest: number): PoolTask {
  const uniform = (name: string): number => random.uniform(random.foldIn(key, name), []).item();
  const from = <T>(name: string, list: readonly T[]): T => list[Math.floor(uniform(name) * list.length)]!;
  const logUniform = (name: string, low: number, high: number): number =>
    Math.round(low * (high / low) ** uniform(name));
  const depth = Math.floor(uniform("depth") * 5);
  const shape: DenseShape = {
    hidden: Array.from({ length: depth }, (_, layer) => logUniform(`width ${layer}`, 4, 512)),
    activation: from("activation", ["relu", "tanh"] as const),
    batchSize: logUniform("batch", 1, 256),
  };
  const image: ImageShape = {
    ...shape,
    pool: from("pool", [1, 2, 4, 4, 7] as const),
    inputs: from("inputs", ["standardised", "unit", "shifted"] as const),
  };
  const lossScale = 10 ** (Math.floor(uniform("loss") * 7) - 3);
  const isReparameterised = uniform("reparameterised") < 0.25;
  const { inputs, outputs, unit, make } = {
    images: {
      inputs: (28 / image.pool) ** 2,
      outputs: 10,
      unit: Math.log(10),
      make: () => imagesTask(image),
    },
    moons: { inputs: 2, outputs: 2, unit: Math.log(2), make: () => moonsTask(shape) },
    checkers: { inputs: 2, outputs: 2, unit: Math.log(2), make: () => checkersTask(shape) },
    maps: { inputs: 8, outputs: 4, unit: 2, make: () => mapsTask(shape) },
    teacher: { inputs: 8, outputs: 1, unit: 2, make: () => teacherTask(shape) },
    characters: { inputs: 24, outputs: 27, unit: Math.log(27), make: () => charactersTask(shape) },
  }[kind];
  const sizes = [inputs, ...shape.hidden, outputs];
  const parameters = sizes.slice(1).reduce((sum, size, i) => sum + size * (sizes[i]! + 1), 0);
  return {
    name: `pool-${index}`,
    words: `${kind} ${sizes.join("-")}, batches of ${shape.batchSize}, loss times ${lossScale}`,
    horizon: logUniform("horizon", Math.min(50, longest), longest),
    unit: unit * lossScale,
    cost: parameters * (perParameter + 3 * shape.batchSize),
    family() {
      const plain = rescaled(make(), lossScale);
      return isReparameterised ? (scaledTasks(plain, { scales: [0.3, 3] }) as typeof plain) : plain;
    },
  };
}
