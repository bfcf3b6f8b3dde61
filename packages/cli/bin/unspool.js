#!/usr/bin/env node
/**
 * The `unspool` command as npm links it. It stands in the repository, so that `npx unspool` exists in a clone right
 * after `npm ci`, before dist/ does; `npm run build` makes dist/bin.js last, after all that it imports.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const command = new URL("../dist/bin.js", import.meta.url);

if (existsSync(fileURLToPath(command))) {
  await import(command.href);
} else {
  console.error(
    "unspool: the command is not built, dist/bin.js of its package is missing. Run: npm run build",
  );
  // As for a command line that cannot be understood: nothing was done.
  process.exitCode = 2;
}
