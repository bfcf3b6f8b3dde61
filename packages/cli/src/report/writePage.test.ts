/** Where a page cannot be written, that is said before the work and after it alike, and nothing is left. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UsageError } from "../failure.ts";
import { requirePage, writePage } from "./writePage.ts";

let dir: string;
beforeAll(() => void (dir = mkdtempSync(join(tmpdir(), "unspool-page-"))));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test("a page in folders that are not there yet: asked for they are not made, written they are", async () => {
  const path = join(dir, "a", "b", "page.html");
  await requirePage(path);
  expect(readdirSync(dir)).toEqual([]);
  await writePage(path, '<meta name="generator" content="unspool">');
  await writePage(path, '<meta name="generator" content="unspool"> again');
  expect(readdirSync(join(dir, "a", "b"))).toEqual(["page.html"]);
});

test.each([
  ["a folder", "folder", "it is a folder"],
  ["below a file", "file/page.html", "it cannot be written (ENOTDIR)"],
  ["a file of somebody else", "file", "it is there already, and not a page of Unspool"],
])("%s is a UsageError", async (_name, name, why) => {
  mkdirSync(join(dir, "folder"), { recursive: true });
  writeFileSync(join(dir, "file"), "mine");
  for (const ask of [requirePage, (path: string) => writePage(path, "page")]) {
    await expect(ask(join(dir, name))).rejects.toThrow(UsageError);
    await expect(ask(join(dir, name))).rejects.toThrow(why);
  }
});

test.runIf(existsSync("/proc/self"))("where the system makes no files", async () => {
  await expect(requirePage("/proc/page.html")).rejects.toThrow("/proc/page.html: it cannot be written");
  await expect(requirePage("/proc/a/b/page.html")).rejects.toThrow("it cannot be written");
});
