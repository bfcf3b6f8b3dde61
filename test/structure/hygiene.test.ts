/** Small files, no traces of the machine that wrote them. */
import { expect, test } from "vitest";
import { read, repositoryFiles } from "./repository.ts";

const lines = (path: string): number => read(path).trimEnd().split("\n").length;

test("no source file is longer than 400 lines, unless its first comment says `Long because …`", () => {
  const long = repositoryFiles()
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => ({ path, lines: lines(path) }))
    .filter((file) => file.lines > 300);
  const show = (files: typeof long): string[] => files.map((file) => `${file.path}: ${file.lines} lines`);
  const tooLong = long.filter((file) => file.lines > 400 && !hasReason(file.path));
  expect(show(tooLong), `over 300 lines, worth cutting: ${show(long).join(", ") || "none"}`).toEqual([]);
});

function hasReason(path: string): boolean {
  return /^\/\*\*(?:(?!\*\/).)*Long because/s.test(read(path));
}

test("a test that puts something else in the place of a module is named *.long.test.ts", () => {
  // Tests of a worker share their modules, where another file has loaded one a mock has no effect; but not these
  // (vitest.config.ts).
  const mocks = /\bvi\.(?:mock|doMock|resetModules)\(/;
  const files = repositoryFiles().filter((path) => path.startsWith("packages/") && path.endsWith(".test.ts"));
  expect(files.filter((path) => mocks.test(read(path)) && !path.endsWith(".long.test.ts"))).toEqual([]);
});

test("no file names a path of somebody's machine", () => {
  const machinePath =
    /(?:^|[\s"'`(=:])(?:\/work|\/root|\/home|\/Users|\/tmp\/[a-z])\/?[\w.-]*|[A-Z]:\\Users/m;
  expect(offenders(machinePath)).toEqual([]);
});

test("no file names a package registry; the lock file is free of addresses", () => {
  // A lock file without addresses works with every registry; the integrity hashes stay.
  expect(offenders(/registry\.[a-z]+\.(?:org|com)|npm\.pkg\.github|^registry\s*=/m)).toEqual([]);
  expect(read("package-lock.json")).not.toMatch(/"resolved": "[a-z+]+:/);
});

function offenders(pattern: RegExp): string[] {
  return repositoryFiles()
    .filter(
      (path) =>
        path !== "test/structure/hygiene.test.ts" &&
        /\.(?:[cm]?[jt]sx?|json|md|ya?ml)$|\/[^.]+$|rc$/.test(path),
    )
    .flatMap((path) => {
      const found = pattern.exec(read(path));
      return found === null ? [] : [`${path}: ${found[0].trim()}`];
    });
}
