/** Runs and studies on disk. The only place of the library with Node imports. */
export { folderStore } from "./folderStore.ts";
export { isStudyFolder, studyFolder } from "./studyFolder.ts";
export type { StudyFolderOptions } from "./studyFolder.ts";
export { makePath } from "./makeFolder.ts";
export type { FolderStoreOptions } from "./folderStore.ts";
export { writeAtomically } from "./writeAtomically.ts";
export type { Open, OpenFile } from "./writeAtomically.ts";
export { simulatorPool } from "./simulatorPool.ts";
export type { PoolEpisodes, PoolPlayOptions, SimulatorPool, SimulatorPoolOptions } from "./simulatorPool.ts";
export type { MakeSimulatorPlayer, PlayerSizes, SimulatorPlayer } from "./simulatorJobs.ts";
export { poolLoss } from "./poolLoss.ts";
