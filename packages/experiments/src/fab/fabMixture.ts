/** Mixtures of normals in the plane: which losses find all modes, and which report success on one of them. */
import { type Study, defineStudy } from "unspool";
import { z } from "zod";
import { type FabStudyParts, fabCells, fabSummary, fabWays } from "./fabStudy.ts";

const config = z.strictObject({
  target: z.enum(["gmm9", "gmm40"]).default("gmm9").describe("nine modes, or the paper's forty"),
  ways: z
    .array(z.enum(fabWays))
    .min(1)
    .default(["fab", "fab-fresh", "rkl", "ml", "alpha2q"])
    .describe("losses; fab-fresh has no buffer"),
  seeds: z.int().min(1).default(1),
  steps: z.int().min(1).optional().describe("outer steps; default 800, of forty modes 1500"),
  samples: z.int().min(1000).default(10_000).describe("points that flows are measured by"),
  layers: z.int().min(1).optional().describe("layers of the flow; default 4, of forty modes 8"),
});

type Config = z.infer<typeof config>;

/** Proposals are as wide as in the authors' settings: 2 of nine modes, 5 of forty. */
const settingsOf = {
  gmm9: { steps: 800, layers: 4, levels: 2, stepSize: 2 },
  gmm40: { steps: 1500, layers: 8, levels: 1, stepSize: 5 },
} as const;

const partsOf = ({ target, ways, seeds, samples, ...given }: Config): FabStudyParts => ({
  ...{ target, ways, seeds },
  settings(way) {
    const { levels, stepSize, ...own } = settingsOf[target];
    const { steps = own.steps, layers = own.layers } = given;
    // A step of fab has four updates: losses without chains get as many.
    const isSingle = way === "rkl" || way === "ml" || way === "alpha2q";
    return { steps: isSingle ? 4 * steps : steps, samples, layers, levels, stepSize };
  },
});

export const fabMixture: Study = defineStudy<Config>({
  name: "fab-mixture",
  summary: "flows on mixtures of normals: annealed bootstrap, reverse and forward KL",
  paper: "Midgley et al. (ICLR 2023), the mixture of Gaussians, at CPU size",
  config,
  cells: (settings, seed) => fabCells(partsOf(settings), seed),
  summarise: (results, settings) => fabSummary(results, partsOf(settings)),
}) as Study;
