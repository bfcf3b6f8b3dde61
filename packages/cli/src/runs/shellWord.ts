/** Text as one word of a command that a person copies into a shell. */

/** Quoted where it must be. What cannot be shown as it is (control characters) has no safe form: undefined. */
export function shellWord(text: string): string | undefined {
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)) return undefined;
  return /^[\p{L}\p{N}_@%+=:,./-]+$/u.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** How a run is continued. `experiment` is the file that it was started with, which a folder alone may not name. */
export function resumeCommand(dir: string, experiment?: string): string {
  const file = experiment === undefined ? "" : ` --experiment ${shellWord(experiment) ?? "FILE"}`;
  return `unspool resume ${shellWord(dir) ?? "DIR"}${file}`;
}

/** How an experiment or a study is started: by its name, or by its file as the person named it. */
export function startCommand(name: string): string {
  return `unspool run ${shellWord(name) ?? "NAME"}`;
}
