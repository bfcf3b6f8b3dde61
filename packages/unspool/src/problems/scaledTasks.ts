/**
 * A wider family out of any other: each tensor of the parameters is trained as w / s with a scale s of its own, drawn
 * log-uniformly for every run. The network computes the same, its training does not. Metz, Harrison, Freeman et al.
 * 2022 (VeLO) call it reparameterisation of tasks.
 */
import { type Key, type Tensor, type Tree, np, random, tree } from "../array/index.ts";
import { OptionError, requireKnownOptions } from "../errors.ts";
import type { TaskFamily } from "./task.ts";

export interface ScaledTasksOptions {
  /** Smallest and largest scale. Default [0.1, 10]. */
  scales?: readonly [number, number];
}

export interface ScaledConfig<Config> {
  inner: Config;
  /** One scalar per tensor of the parameters, by its path. */
  scales: Record<string, Tensor>;
}

/** The family with a scale for each tensor of the parameters, drawn anew with every task; the loss is that of the family. */
export function scaledTasks<Config, Parameters, Batch>(
  family: TaskFamily<Config, Parameters, Batch>,
  options: ScaledTasksOptions = {},
): TaskFamily<ScaledConfig<Config>, Parameters, Batch> {
  requireKnownOptions("scaledTasks", options, ["scales"]);
  const [low, high] = options.scales ?? [0.1, 10];
  if (!(low > 0 && high >= low && Number.isFinite(high))) {
    throw new OptionError("scaledTasks", "scales", options.scales, "two positive numbers, the smaller first");
  }
  const scaled = (parameters: Parameters, scales: Record<string, Tensor>, isInverse: boolean): Parameters =>
    tree.mapWithPath((path, leaf) => {
      const scale = scales[path]!.astype(leaf.dtype);
      return isInverse ? leaf.div(scale) : leaf.mul(scale);
    }, parameters);
  const drawScale = (key: Key): Tensor =>
    np.exp(random.uniform(key, [], { minval: Math.log(low), maxval: Math.log(high) }));
  return {
    name: `scaled(${family.name})`,
    sample(key) {
      const inner = family.sample(random.foldIn(key, "task"));
      const shapes = family.init(inner, random.foldIn(key, "shapes")) as Tree;
      const paths = tree.entries(shapes).map(([path]) => path);
      const scales = paths.map((path) => [path, drawScale(random.foldIn(key, path))] as const);
      return { inner, scales: Object.fromEntries(scales) };
    },
    init: ({ inner, scales }, key) => scaled(family.init(inner, key), scales, true),
    ...(family.data !== undefined && { data: (key: Key) => family.data!(key) }),
    loss: ({ inner, scales }, parameters, batch) =>
      family.loss(inner, scaled(parameters, scales, false), batch),
    ceiling: family.ceiling,
  };
}
