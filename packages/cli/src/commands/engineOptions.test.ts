/** A run goes on with the engine and the rounding that it began with, or not at all. */
import { afterEach, expect, test } from "vitest";
import { ResumeError } from "unspool";
import { configureExecutor, defaultExecutor } from "unspool/unroll";
import { parseCommandLine } from "../commandLine/parse.ts";
import { engineSettings, recordedSettings, useEngine } from "./engineOptions.ts";

afterEach(() => configureExecutor({}));

const resume = (...words: string[]) => parseCommandLine(["resume", "runs/a", ...words]);

test("the options become settings, and the settings a record", async () => {
  const plain = engineSettings(await parseCommandLine(["run", "x"]));
  expect(useEngine(plain, true)).toEqual({ engine: "compiled", threads: 1, fma: true });
  const portable = engineSettings(await parseCommandLine(["run", "x", "--portable-bits"]));
  expect(useEngine(portable, true)).toEqual({ engine: "compiled", threads: 1, fma: false });
  const reference = engineSettings(await parseCommandLine(["run", "x", "--engine", "reference"]));
  expect(useEngine(reference, true)).toEqual({ engine: "reference", threads: 1 });
  expect(defaultExecutor().name).toBe("reference");
});

test("an engine that does not exist is a usage error", async () => {
  const line = await parseCommandLine(["run", "x", "--engine", "fast"]);
  expect(() => engineSettings(line)).toThrow('--engine must be compiled or reference, got "fast"');
});

test("a run is resumed with its own rounding, on any number of threads", async () => {
  const record = { engine: "compiled", threads: 2, fma: false } as const;
  expect(recordedSettings("a", record, await resume(), true)).toMatchObject({
    threads: 2,
    portableBits: true,
  });
  expect(recordedSettings("a", { ...record, fma: true }, await resume("--threads", "1"), true)).toEqual({
    engine: "compiled",
    threads: 1,
    portableBits: false,
  });
});

test("a run without a recorded engine is one of the reference executor", async () => {
  expect(recordedSettings("a", { threads: 1 }, await resume()).engine).toBe("reference");
});

test("a run with fused multiply-adds is not resumed on a host without them", async () => {
  const line = await resume();
  const go = () => recordedSettings("runs/a", { engine: "compiled", threads: 1, fma: true }, line, false);
  expect(go).toThrow(ResumeError);
  expect(go).toThrow(/runs\/a: the run was started with fused multiply-adds .* --portable-bits/);
  expect(
    recordedSettings("a", { engine: "compiled", threads: 1, fma: false }, line, false).portableBits,
  ).toBe(true);
});
