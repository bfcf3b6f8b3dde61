/**
 * Counts the file-system operations of a process under `UNSPOOL_KILL_IN` and ends it by SIGKILL before the one with
 * number `UNSPOOL_KILL_AT`; a write is first done by half. Loaded by `node --require`, so also in worker threads.
 */
const fs = require("node:fs");
const { syncBuiltinESMExports } = require("node:module");
const { isMainThread } = require("node:worker_threads");

const at = Number(process.env.UNSPOOL_KILL_AT);
const folder = process.env.UNSPOOL_KILL_IN;
let count = 0;

function strike(half) {
  count++;

  if (count !== at) return;
  if (half) half();
  process.kill(process.pid, "SIGKILL");
}

// The main thread writes nothing into a run that goes on.
if (folder !== undefined && !isMainThread) {
  const inside = (path) => typeof path === "string" && path.includes(folder);
  const names = ["open", "writeFile", "appendFile", "mkdir", "rename", "link", "rm", "rmdir", "truncate"];
  for (const name of names) {
    const original = fs.promises[name];
    fs.promises[name] = async (path, ...rest) => {
      if (inside(path)) strike();
      const result = await original(path, ...rest);
      if (name === "open" && inside(path)) wrapHandle(result, path);
      return result;
    };
  }
  syncBuiltinESMExports();
}

function wrapHandle(handle, path) {
  for (const name of ["writeFile", "appendFile", "sync", "truncate"]) {
    const original = handle[name].bind(handle);
    handle[name] = async (data, ...rest) => {
      strike(name.endsWith("File") && (() => fs.appendFileSync(path, data.slice(0, data.length >> 1))));
      return original(data, ...rest);
    };
  }
}
