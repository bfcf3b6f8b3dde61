/** Tells the file of an experiment from the name of one. */
export function isFileName(nameOrFile: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(nameOrFile) || nameOrFile.includes("/") || nameOrFile.includes("\\");
}
