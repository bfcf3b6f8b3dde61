/** A run as a report shows it: everything that stands in its folder, read once. */
import { resolve } from "node:path";
import { type Evaluation, type Figure, type StepRecord, aboutExperiment } from "unspool/train";
import { namedExperiments } from "../experiments/find.ts";
import { type CommandManifest, existingRun, folderLabels } from "../runs/runFolder.ts";

export interface RunView {
  /** Tells the run apart from the others of the report. */
  label: string;
  /** Absolute path of the folder. */
  folder: string;
  manifest: CommandManifest;
  /** Of the experiment. */
  about: ExperimentInfo;
  metrics: readonly StepRecord[];
  evaluation: Evaluation | undefined;
  figures: readonly Figure[];
}

type ExperimentInfo = NonNullable<CommandManifest["about"]>;

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
        about: manifest.about ?? (await aboutNamed(manifest)),
        metrics: await store.readMetrics(),
        evaluation: (await store.readArtifact("evaluation")) as Evaluation | undefined,
        figures: ((await store.readArtifact("figures")) ?? []) as Figure[],
      };
    }),
  );
}

/** Folders of older versions say nothing about their experiment; of those that come with Unspool it is known. */
async function aboutNamed({ experiment, command }: CommandManifest): Promise<ExperimentInfo> {
  if (command?.file !== undefined) return {};
  const found = (await namedExperiments()).find(({ name }) => name === experiment);
  return found === undefined ? {} : aboutExperiment(found);
}

/** Milliseconds spent on outer steps. */
export function computingTime(run: RunView): number {
  return run.metrics.reduce((sum, { durationMs }) => sum + (Number.isFinite(durationMs) ? durationMs : 0), 0);
}
