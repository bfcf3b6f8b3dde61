#!/usr/bin/env node
/** The `unspool` command. */
import { main } from "./main.ts";

// `unspool run … | head` closes the pipe: end as other commands do, without a stack.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(141);
  throw error;
});

const exitCode = await main(process.argv.slice(2));
// Ends the process even if something still listens, after what was written has been read.
process.stdout.write("", () => process.exit(exitCode));
