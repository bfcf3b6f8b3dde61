/** Figures and pages from records: what a run or a study left behind, as one self-contained HTML file. */
export { compareFigures } from "./compareFigures.ts";
export { diagnosisStudy, finalTable, trialTable } from "./diagnosisStudy.ts";
export type { TitledTable } from "./diagnosisStudy.ts";
export type { PennedFigure } from "./drawing.ts";
export { reportPage } from "./page.ts";
export type { ExperimentInfo, RunView, ViewedManifest } from "./runView.ts";
export { studyPage } from "./study.ts";
export type { Study, StudySection, StudyTable } from "./study.ts";
export type { Cell } from "./tables.ts";
