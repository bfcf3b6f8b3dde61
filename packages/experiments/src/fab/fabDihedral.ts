/**
 * Two dihedral angles with five basins, in place of alanine dipeptide, which needs a molecular-dynamics package: circular
 * spline couplings on a uniform base, as in the paper, and the two basins with φ > 0 that are easily missed.
 */
import { type Experiment, type FlowParams, type Key, defineExperiment } from "unspool";
import { z } from "zod";
import { fabFields, fabRun, fabSetup } from "./fabRun.ts";
import { views } from "./fabTraining.ts";

const config = z.strictObject(
  fabFields({ steps: 250, batch: 128, levels: 2, transition: "hmc", stepSize: 0.2, isTuned: true, layers: 2, hidden: [32, 32] }), // prettier-ignore
);

type Config = z.infer<typeof config>;

export const fabDihedral: Experiment<unknown, FlowParams> = defineExperiment<Config, FlowParams>({
  name: "fab-dihedral",
  summary: "a flow on a torus: two dihedral angles with five basins",
  paper: "Midgley et al. (ICLR 2023), a stand-in for alanine dipeptide",
  config,
  setup: (settings: Config, key: Key) =>
    fabSetup(settings, fabRun(settings, "dihedral"), views.dihedral, key),
}) as Experiment<unknown, FlowParams>;
