/** Runs on disk. The only place of the library with Node imports. */
export { folderStore } from "./folderStore.ts";
export { makePath } from "./makeFolder.ts";
export type { FolderStoreOptions } from "./folderStore.ts";
export type { Open, OpenFile } from "./writeAtomically.ts";
