/** Reads what stands in the folders of runs, once, for a page that shows it. */
import { join, resolve } from "node:path";
import type { ExperimentInfo, RunView } from "@unspool/report";
import { type Figure, aboutExperiment, checkedEvaluation, checkedFigure } from "unspool/train";
import { namedExperiments } from "../experiments/find.ts";
import { type CommandManifest, existingRun, folderLabels } from "../runs/runFolder.ts";

/** Reads the runs in `dirs`: data only, no code of an experiment is loaded. */
export async function readRuns(dirs: readonly string[]): Promise<RunView[]> {
  const labels = folderLabels(dirs);
  return Promise.all(
    dirs.map(async (dir, i) => {
      const { store, manifest } = await existingRun(dir);
      return {
        label: labels[i]!,
        folder: resolve(dir),
        manifest,
        about: manifest.about === undefined ? await aboutNamed(manifest) : aboutExperiment(manifest.about),
        metrics: await store.readMetrics(),
        evaluation: checkedEvaluation(join(dir, "evaluation.json"), await store.readArtifact("evaluation")),
        ...readFigures(dir, await store.readArtifact("figures")),
      };
    }),
  );
}

/** A figure that was made or stored badly must not cost the rest of the report. */
function readFigures(dir: string, stored: unknown): Pick<RunView, "figures" | "figureProblems"> {
  const where = join(dir, "figures.json");
  const figures: Figure[] = [];
  const figureProblems: string[] = [];
  if (stored !== undefined && !Array.isArray(stored))
    figureProblems.push(`${where}: it is no list of figures.`);
  for (const [i, figure] of (Array.isArray(stored) ? stored : []).entries()) {
    try {
      figures.push(checkedFigure(where, `figures[${i}]`, figure));
    } catch (error) {
      figureProblems.push((error as Error).message);
    }
  }
  return { figures, figureProblems };
}

/** Folders of older versions say nothing about their experiment; of those that come with Unspool it is known. */
async function aboutNamed({ experiment, command }: CommandManifest): Promise<ExperimentInfo> {
  if (command?.file !== undefined) return {};
  const found = (await namedExperiments()).find(({ name }) => name === experiment);
  return found === undefined ? {} : aboutExperiment(found);
}
