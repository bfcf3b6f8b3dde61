/** Names of experiments as names of folders: none leaves `runs/`, and every system can hold all of them. */
import { basename, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";
import { fileName } from "./fileName.ts";
import { defaultFolder } from "./runFolder.ts";

test.each([
  ["noisy-quadratic", "noisy-quadratic"],
  ["Größe_2.5", "Größe_2.5"],
  ["../../x", "x"],
  ["/etc/passwd", "etc-passwd"],
  ["C:\\Windows\\x", "C-Windows-x"],
  ["..", "experiment"],
  [".", "experiment"],
  ["", "experiment"],
  ["   ", "experiment"],
  ["-rf", "rf"],
  [".hidden.", "hidden"],
  ["a\0b", "a-b"],
  ["a\u001B[2Jb\nc", "a-2Jb-c"],
  ["a\u202Eb", "a-b"],
  ["~", "experiment"],
  ["$(rm -rf ~)", "rm--rf"],
  ["日本語", "日本語"],
  ["😀", "experiment"],
])("%j becomes %j", (name, expected) => {
  expect(fileName(name)).toBe(expected);
});

test("a folder is below runs/ whatever the name, and its name is one that file systems hold", () => {
  const names = [
    "../../x",
    "/abs",
    "CON",
    "nul",
    "",
    "\0",
    "日".repeat(1000),
    "x".repeat(100_000),
    "a/b/../../..",
    "..\\..",
  ];
  for (const name of names) {
    const folder = defaultFolder(name, new Date(2026, 0, 2, 3, 4, 5));
    expect(relative(resolve("runs"), resolve(folder))).toBe(basename(folder));
    expect(folder).toBe(join("runs", `${fileName(name)}-20260102-030405`));
    expect(Buffer.byteLength(basename(folder))).toBeLessThan(128);
    // Reserved on Windows, with or without an ending: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
    expect(basename(folder)).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
  }
});
