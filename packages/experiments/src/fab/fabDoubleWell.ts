/** The double well in the plane: two modes, the smaller of which a reverse-KL flow leaves out. */
import { type Experiment, type FlowParams, type Key, defineExperiment } from "unspool";
import { z } from "zod";
import { fabFields, fabRun, fabSetup } from "./fabRun.ts";
import { views } from "./fabTraining.ts";

const config = z.strictObject(
  fabFields({
    steps: 300,
    batch: 128,
    levels: 2,
    transition: "hmc",
    stepSize: 0.3,
    isTuned: true,
    layers: 3,
  }),
);

type Config = z.infer<typeof config>;

export const fabDoubleWell: Experiment<unknown, FlowParams> = defineExperiment<Config, FlowParams>({
  name: "fab-double-well",
  summary: "a flow on the double well, from its log-density alone",
  paper: "Midgley et al. (ICLR 2023), the double well of which Many Well is made",
  config,
  setup: (settings: Config, key: Key) =>
    fabSetup(settings, fabRun(settings, "doubleWell"), views.doubleWell, key),
}) as Experiment<unknown, FlowParams>;
