/** What the tests of pages that are written from the sources share. */
import { expect } from "vitest";
import type { Page } from "../../scripts/page.ts";
import { read } from "./repository.ts";

/** Fails with what the sources lack, or with the first line of the page that is not as they say. */
export function expectUpToDate({ path, text, lacks }: Page, command: string): void {
  expect(lacks, `write what is missing, then run \`${command}\``).toEqual([]);
  const is = read(path).split("\n");
  const line = text.split("\n").findIndex((wanted, i) => is[i] !== wanted);
  const isWhole = read(path) === text;
  expect(isWhole, `${path} is out of date from line ${line + 1} on: run \`${command}\``).toBe(true);
}
