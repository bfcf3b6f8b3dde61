/** `unspool sweep`: the settings of an experiment over the same seeds, as a study that grows. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  type CellResults,
  type StudyManifest,
  type SweepPlan,
  checkedPlan,
  continuedPlan,
  growStudy,
  pairedDifference,
  rankSettings,
  requireSamePlan,
  runStudy,
  sweepName,
  sweepStudy,
} from "unspool/train";
import { studyFolder } from "unspool/train/node";
import { type CommandLine, integerOption, positiveOption, textOption } from "../commandLine/parse.ts";
import { fileOrigin } from "../experiments/fileOrigin.ts";
import { type FoundExperiment, findExperiment } from "../experiments/find.ts";
import { experimentOfRun } from "../experiments/ofRun.ts";
import { UsageError } from "../failure.ts";
import type { BestSetting, Reporter } from "../output/reporter.ts";
import { type CommandRecord, defaultFolder, requireCommandRecord } from "../runs/runFolder.ts";
import { resumeCommand, shellWord, startCommand } from "../runs/shellWord.ts";
import { settingConfig } from "../sweep/growth.ts";
import { planOf } from "../sweep/plan.ts";
import { engineSettings, recordedSettings, useEngine } from "./engineOptions.ts";
import { told } from "./prepare.ts";
import { type StudyOfFolder, executeStudy, newStudy } from "./study.ts";

type SweepManifest = StudyManifest & { command?: Partial<CommandRecord> };

export async function sweepCommand(
  line: CommandLine,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<number> {
  // Before anything is loaded or written.
  integerOption(line, "jobs", 1);
  positiveOption(line, "checkpoint-every");
  const settings = engineSettings(line);
  const found = await findExperiment(line.positionals[0]!);
  const { experiment, file } = found;
  const { plan, drawSeed, repeated } = await planOf(line, experiment);
  const given = file === undefined ? undefined : line.positionals[0];
  const configOf = settingConfig(experiment);
  const study = sweepStudy(told(experiment), { configOf });
  if (repeated > 0)
    reporter.warning(
      `${repeated} of the trials drew a setting again, which is run once: ${plan.settings.length} settings.`,
    );
  const executed = {
    ...{ study, file: given, origin: await fileOrigin(file) },
    best: (results: CellResults, config: unknown) => bestSetting(checkedPlan(config), results, given),
  };
  const out = textOption(line, "out");
  if (out !== undefined && existsSync(join(out, "study.json"))) {
    const store = studyFolder(out, { resumeLine: (made) => resumeCommand(made, given) });
    const manifest = (await store.readManifest()) as SweepManifest;
    requireSweep(out, manifest, found, plan, line, drawSeed);
    const config = await continuedPlan(checkedPlan(manifest.config), plan, configOf);
    const engine = useEngine(recordedSettings(out, manifest.command ?? {}, line));
    return executeStudy(line, reporter, signal, { ...executed, store, engine }, (options) =>
      growStudy(study, store, { config, ...options }),
    );
  }
  const engine = useEngine(settings);
  const command: CommandRecord = { ...(file !== undefined && { file }), ...engine, sweep: true };
  const folder = out ?? defaultFolder(sweepName(experiment.name));
  const store = newStudy(folder, out === undefined, command, given);
  return executeStudy(line, reporter, signal, { ...executed, store, engine }, (options) =>
    runStudy(study, { config: plan, seed: drawSeed, store, ...options }),
  );
}

/** Whether a folder's study is a sweep. */
export const isSweep = ({ command }: SweepManifest): boolean => command?.sweep === true;

/** The sweep of a folder, for `resume`. A file is run only if the person at the keyboard names it. */
export async function sweepOfFolder(
  dir: string,
  manifest: SweepManifest,
  given: string | undefined,
): Promise<StudyOfFolder> {
  const plan = checkedPlan(manifest.config);
  const { command } = manifest;
  const of = { experiment: plan.experiment, ...(command !== undefined && { command }) };
  const { experiment, file } = await experimentOfRun("resume", dir, of, given);
  return {
    study: sweepStudy(told(experiment), { configOf: settingConfig(experiment) }),
    ...(file !== undefined && { file }),
    best: (results, config) => bestSetting(checkedPlan(config), results, given),
  };
}

/** Throws unless the folder holds this sweep, or a smaller one of it. */
function requireSweep(
  dir: string,
  manifest: SweepManifest,
  { file }: FoundExperiment,
  plan: SweepPlan,
  line: CommandLine,
  drawSeed: number,
): void {
  requireCommandRecord(join(dir, "study.json"), manifest.command);
  const refused = (problem: string): UsageError =>
    new UsageError("FOLDER", `${dir}: ${problem} Give another folder with --out.`, { dir });
  if (!isSweep(manifest))
    throw refused(`it holds the study ${JSON.stringify(manifest.study)}, and no sweep.`);
  const { engine, fma, file: before } = manifest.command!;
  requireSamePlan(dir, checkedPlan(manifest.config), plan);
  if ((before === undefined) !== (file === undefined))
    throw refused(
      before === undefined
        ? `its runs are of the ${plan.experiment} that comes with Unspool, and not of a file.`
        : `its runs are of the file ${JSON.stringify(before)}, and not of the ${plan.experiment} that comes with Unspool.`,
    );
  if (manifest.seed !== drawSeed) throw refused(`its settings were drawn by --draw-seed ${manifest.seed}.`);
  const asked = textOption(line, "engine");
  if (asked !== undefined && engine !== undefined && asked !== engine)
    throw refused(`its runs are of --engine ${engine}, and would not be comparable.`);
  if (line.options.has("portable-bits") && fma === true)
    throw refused("its runs are not of --portable-bits, and would not be comparable bit by bit.");
}

/** The best setting and the command that runs it alone; undefined while there is none. */
function bestSetting(
  plan: SweepPlan,
  results: CellResults,
  file: string | undefined,
): BestSetting | undefined {
  if (results.size === 0) return undefined;
  const { settings } = rankSettings(results, plan);
  const [first] = settings;
  // Those that came as far as any.
  const last = settings.filter(({ rung }) => rung === first?.rung);
  // One that lacks a run is the best only where all do.
  const best = last.find((one) => one.failed === 0 && one.results.length === plan.seeds.length) ?? first;
  const others = last.filter((one) => one !== best);
  if (best === undefined || !Number.isFinite(best.interval.mean)) return undefined;
  const setters = [...plan.fixed, ...plan.fields.map((field, i) => `${field}=${best.setting.values[i]}`)];
  const words = setters.map((text) => `--set ${shellWord(text) ?? "…"}`);
  const steps = plan.steps === null ? [] : [`--steps ${plan.steps}`];
  return {
    setting: best.label,
    value: best.interval.mean,
    by: plan.by,
    notToldApart: others.filter(({ values }) => {
      const { low, high } = pairedDifference(values, best.values);
      return !(low > 0 || high < 0);
    }).length,
    command: [startCommand(file ?? plan.experiment), ...words, ...steps, `--seed ${plan.seeds[0]}`].join(" "),
  };
}
