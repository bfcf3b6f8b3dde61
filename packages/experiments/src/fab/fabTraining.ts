/** One flow on one of the ready densities, by one loss: a cell of `fab-mixture` and `fab-many-well`. */
import { type Experiment, type FlowParams, type Key, defineExperiment } from "unspool";
import { z } from "zod";
import type { DensityView } from "./densityFigures.ts";
import { type TargetName, fabFields, fabRun, fabSetup } from "./fabRun.ts";

const config = z.strictObject({
  target: z.enum(["gmm9", "gmm40", "manyWell", "funnel"]).default("gmm9").describe("the density"),
  dim: z.int().min(2).default(6).describe("coordinates of manyWell and funnel"),
  ...fabFields({}),
});

type Config = z.infer<typeof config>;

/** What is drawn of each density. */
export const views: Readonly<Record<TargetName, DensityView>> = {
  gmm9: { low: -8, high: 8 },
  gmm40: { low: -45, high: 45, resolution: 121, depths: [1, 3, 6] },
  doubleWell: { low: -3.2, high: 3.2, depths: [1, 3, 6] },
  manyWell: { low: -3.2, high: 3.2, coordinates: [0, 2], labels: ["x₁", "x₃"], depths: [1, 3, 6] },
  funnel: { low: -10, high: 10, depths: [1, 3, 6] },
  dihedral: { low: -Math.PI, high: Math.PI, labels: ["φ", "ψ"], depths: [1, 3, 5, 7] },
};

/** What is drawn of a density of so many coordinates: of one well its own two, as there is no second one. */
export function viewOf(target: TargetName, dim: number | undefined): DensityView {
  return views[target === "manyWell" && dim === 2 ? "doubleWell" : target];
}

export const fabTraining: Experiment<unknown, FlowParams> = defineExperiment<Config, FlowParams>({
  name: "fab-training",
  summary: "one flow on a mixture, many wells or a funnel, by one loss",
  paper: "Midgley et al. (ICLR 2023), at CPU size",
  config,
  setup(settings: Config, key: Key) {
    const run = fabRun(settings, settings.target, settings.dim);
    return fabSetup(settings, run, viewOf(settings.target, settings.dim), key);
  },
}) as Experiment<unknown, FlowParams>;
