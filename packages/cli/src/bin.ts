#!/usr/bin/env node
/** The `unspool` command. */
import { exitCodes } from "./failure.ts";
import { main } from "./main.ts";
import { exitCodeOf, stdout } from "./output/safeOutput.ts";

const exitCode = await main(process.argv.slice(2));
// Ends the process even if something still listens, after what was written has been read. A reader that has stopped
// reading does not keep a command that was told to stop.
const patience = new Promise((resolve) => setTimeout(resolve, 200));
await (exitCode >= exitCodes.interrupted ? Promise.race([stdout.flushed(), patience]) : stdout.flushed());
// Work that was done and could not be told has failed.
const failure = exitCode === exitCodes.done ? stdout.failure() : undefined;
process.exit(failure === undefined ? exitCode : exitCodeOf(failure));
