/** Figures and pages from records: what a run or a study left behind, as one self-contained HTML file. */
export { compareFigures } from "./compareFigures.ts";
export { diagnosisPage, finalTable, trialTable } from "./diagnosisPage.ts";
export type { TitledTable } from "./diagnosisPage.ts";
export type { PennedFigure } from "./drawing.ts";
export { progressFigure, progressTable } from "./progressFigure.ts";
export { reportPage } from "./page.ts";
export type { ExperimentInfo, RunView, ViewedManifest } from "./runView.ts";
export { studyReport } from "./studyReport.ts";
export type { CellView, StudyView } from "./studyReport.ts";
export { sectionedPage } from "./sectionedPage.ts";
export type { SectionedPage, PageSection, PageTable } from "./sectionedPage.ts";
export type { Cell } from "./tables.ts";
