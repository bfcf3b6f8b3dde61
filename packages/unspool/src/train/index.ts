/** The outer loop: experiments, runs, metrics, checkpoints, resume. Portable: no Node imports. */
export { defineExperiment, innerOf, innerProblem, requireDescent } from "./experiment.ts";
export { registrationFigure } from "./registrationFigure.ts";
export type {
  DescentParts,
  DescentSetup,
  Evaluation,
  Experiment,
  InnerProblem,
  LearnedSubject,
  MethodPart,
  OuterLearningRate,
  RunRecord,
  Schema,
  Setup,
  SetupParts,
  StepRecord,
} from "./experiment.ts";
export { EvaluationError } from "./evaluation.ts";
export type { Measure } from "./measurements.ts";
export type { Origin } from "./recipe.ts";
export type { Axis, Figure, FigureBar, FigureFrame, Heatmap, Reference, Series } from "./figure.ts";
export type {
  CheckpointEvent,
  DoneEvent,
  EvaluateEvent,
  MeasureEvent,
  StartEvent,
  StepEvent,
  TrainEvent,
  WarningEvent,
} from "./events.ts";
export { checkedEvaluation, checkedFigure, checkedFigures, checkedTable } from "./checkedResults.ts";
export { setUp } from "./setUp.ts";
export { aboutExperiment, called, calledAsync, describeThrown } from "./userCode.ts";
export { train } from "./train.ts";
export type { TrainOptions } from "./train.ts";
export { readRun } from "./readRun.ts";
export type { ReadRun } from "./readRun.ts";
export { resume } from "./resume.ts";
export type { ResumeOptions } from "./resume.ts";
export type { CheckpointEvery, LoopOptions, TrainResult } from "./runLoop.ts";
export type { CreateStepper, Stepper, StepperStart } from "./stepper.ts";
export { shardedRun } from "./shardedSteps.ts";
export type { ShardRunner, Sharded, ShardedSteps } from "./shardedSteps.ts";
export { initTraining, trainSteps } from "./trainSteps.ts";
export type { TrainState, TrainStepsResult } from "./trainSteps.ts";
export { defineStudy } from "./study/study.ts";
export type {
  Cell,
  CellResult,
  CellResults,
  Study,
  StudyGrowth,
  StudySummary,
  Table,
} from "./study/study.ts";
export type { BlockedCell } from "./study/blockedCells.ts";
export { CellError } from "./study/cellError.ts";
export { growStudy, resumeStudy, runStudy } from "./study/runStudy.ts";
export type { GrowOptions, StudyLoopOptions, StudyOptions, StudyResult } from "./study/runStudy.ts";
export { hasEnded } from "./study/runCell.ts";
export type { CellEnd, CellHooks } from "./study/runCell.ts";
export type {
  CellEndEvent,
  CellEvent,
  CellStatus,
  StudyEndEvent,
  StudyEvent,
  StudyGrowEvent,
  StudyStartEvent,
  StudyWarningEvent,
} from "./study/studyEvents.ts";
export { memoryStudyStore } from "./study/studyStore.ts";
export type { KeptSummary, StudyManifest, StudyStore } from "./study/studyStore.ts";
export { sweepName, sweepStudy } from "./sweep/sweepStudy.ts";
export type { SweepStudyOptions } from "./sweep/sweepStudy.ts";
export { halving } from "./sweep/halving.ts";
export type { HalvingOptions, RungDecision, SweepHalving } from "./sweep/halving.ts";
export { continuedPlan, requireSamePlan } from "./sweep/samePlan.ts";
export { valueInRange } from "./sweep/searchSpace.ts";
export type { SearchField } from "./sweep/searchSpace.ts";
export { beginSearch } from "./sweep/sweepSearch.ts";
export type { ConfigOf, SweepSearch, SweepSearchOptions } from "./sweep/sweepSearch.ts";
export { settingLabel } from "./sweep/settingNames.ts";
export { checkedPlan } from "./sweep/sweepPlan.ts";
export type { SweepPlan, SweepSetting } from "./sweep/sweepPlan.ts";
export { pairedDifference, rankSettings } from "./sweep/rankSettings.ts";
export type { RankedSetting, SettingRanking } from "./sweep/rankSettings.ts";
export { StoreError } from "./store.ts";
export type { ArtifactName, RunManifest, RunStatus, RunStore, StoreFailure } from "./store.ts";
export { memoryStore } from "./memoryStore.ts";
export { decodeState, encodeState } from "./stateCodec.ts";
export type { EncodedState } from "./stateCodec.ts";
export { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";
export type { SafetensorsFile } from "./safetensors.ts";
