/** Many Well: copies of the double well, whose 2^(d/2) modes have unequal shares. */
import { type Study, defineStudy } from "unspool";
import { z } from "zod";
import { type FabStudyParts, fabCells, fabSummary, fabWays } from "./fabStudy.ts";

const config = z.strictObject({
  dim: z.int().min(2).multipleOf(2).default(6).describe("coordinates, two to each well"),
  ways: z.array(z.enum(fabWays)).min(1).default(["fab", "rkl"]).describe("losses; fab-fresh has no buffer"),
  seeds: z.int().min(1).default(1),
  steps: z.int().min(1).default(500).describe("outer steps"),
  samples: z.int().min(1000).default(10_000).describe("points that flows are measured by"),
  layers: z.int().min(1).default(4).describe("layers of the flow"),
});

type Config = z.infer<typeof config>;

const partsOf = ({ dim, ways, seeds, steps, samples, layers }: Config): FabStudyParts => ({
  ...{ target: "manyWell", dim, ways, seeds },
  settings: (way) => ({
    // A step of fab has four updates: the others get as many.
    steps: way === "fab" ? steps : 4 * steps,
    ...{ samples, layers, learningRate: 5e-4 },
    ...{ levels: 4, transition: "hmc", stepSize: 0.3, isTuned: true },
  }),
});

export const fabManyWell: Study = defineStudy<Config>({
  name: "fab-many-well",
  summary: "flows on Many Well: annealed bootstrap and reverse KL",
  paper: "Midgley et al. (ICLR 2023), Many Well, in 6 of 32 dimensions",
  config,
  cells: (settings, seed) => fabCells(partsOf(settings), seed),
  summarise: (results, settings) => fabSummary(results, partsOf(settings)),
}) as Study;
