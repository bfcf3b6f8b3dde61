/** A run as a report shows it: everything that stands in its folder, read once. */
import { resolve } from "node:path";
import type { Evaluation, Figure, StepRecord } from "unspool/train";
import { type CommandManifest, existingRun, folderLabels } from "../runs/runFolder.ts";

export interface RunView {
  /** Tells the run apart from the others of the report. */
  label: string;
  /** Absolute path of the folder. */
  folder: string;
  manifest: CommandManifest;
  /** Of the experiment, where it could be found. */
  about: ExperimentInfo;
  metrics: readonly StepRecord[];
  evaluation: Evaluation | undefined;
  figures: readonly Figure[];
}

export interface ExperimentInfo {
  summary?: string | undefined;
  paper?: string | undefined;
}

/** Reads the runs in `dirs`. `describe` finds out about an experiment; its failure leaves the report without that. */
export async function readRuns(
  dirs: readonly string[],
  describe: (manifest: CommandManifest) => Promise<ExperimentInfo>,
): Promise<RunView[]> {
  const labels = folderLabels(dirs);
  return Promise.all(
    dirs.map(async (dir, i) => {
      const { store, manifest } = await existingRun(dir);
      return {
        label: labels[i]!,
        folder: resolve(dir),
        manifest,
        about: await describe(manifest).catch((): ExperimentInfo => ({})),
        metrics: await store.readMetrics(),
        evaluation: (await store.readArtifact("evaluation")) as Evaluation | undefined,
        figures: ((await store.readArtifact("figures")) ?? []) as Figure[],
      };
    }),
  );
}

/** Milliseconds spent on outer steps. */
export function computingTime(run: RunView): number {
  return run.metrics.reduce((sum, { durationMs }) => sum + (Number.isFinite(durationMs) ? durationMs : 0), 0);
}
