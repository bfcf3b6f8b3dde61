/** bin/unspool.js, which stands in a clone before anything is built, and what npm would publish of its package. */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";

const cli = fileURLToPath(new URL("../../packages/cli", import.meta.url));
const manifest = JSON.parse(readFileSync(join(cli, "package.json"), "utf8")) as {
  bin: Record<string, string>;
  files: string[];
};

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

/** The command's package as a clone has it: what is committed, without dist. Gives the path of the command. */
function unbuilt(): { folder: string; command: string } {
  const folder = mkdtempSync(join(tmpdir(), "unspool-shim-"));
  folders.push(folder);
  const command = join(folder, manifest.bin["unspool"]!);
  mkdirSync(join(command, ".."), { recursive: true });
  copyFileSync(join(cli, manifest.bin["unspool"]!), command);
  copyFileSync(join(cli, "package.json"), join(folder, "package.json"));
  return { folder, command };
}

function run(command: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [command, ...args], { encoding: "utf8" });
}

test("before a build it says in one line what to type, with exit code 2", () => {
  const { status, stdout, stderr } = run(unbuilt().command, "run", "mnist-schedule");
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^unspool: [^\n]+\. Run: npm run build\n$/);
  expect(status).toBe(2);
});

test("after a build it is dist/bin.js: same arguments, same exit code", () => {
  const { folder, command } = unbuilt();
  mkdirSync(join(folder, "dist"));
  const built = "console.log(process.argv.slice(2).join()); process.exit(await Promise.resolve(7));";
  writeFileSync(join(folder, "dist/bin.js"), built);
  expect(run(command, "list", "--json")).toMatchObject({ status: 7, stdout: "list,--json\n", stderr: "" });
});

test("an error inside of the command is not taken for a missing build", () => {
  const { folder, command } = unbuilt();
  mkdirSync(join(folder, "dist"));
  writeFileSync(join(folder, "dist/bin.js"), 'await import("./lost.js");');
  const { status, stderr } = run(command);
  expect(stderr).toContain("lost.js");
  expect(stderr).not.toContain("npm run build");
  expect(status).toBe(1);
});

test("npm links it, can start it, and publishes it with what it imports", () => {
  const command = join(cli, manifest.bin["unspool"]!);
  expect(readFileSync(command, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  // Symbolic links of npm start the file itself.
  if (process.platform !== "win32") expect(statSync(command).mode & 0o111).toBe(0o111);
  const published = ["bin/unspool.js", "dist/bin.js"];
  for (const path of published) {
    expect(existsSync(join(cli, path)), path).toBe(true);
    expect(manifest.files).toContain(path.split("/")[0]);
  }
});
