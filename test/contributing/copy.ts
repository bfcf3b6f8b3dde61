/** A copy of the tree in which examples are tried. */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { manifest, packageFolders, repositoryFiles, root } from "../structure/repository.ts";

/** Inside of the tree, so that packages from elsewhere are found in the node_modules above. */
export const copy: string = join(root, ".cache", "contributing");

/** Makes the copy anew. Our own packages, and the command, are found in it, not in the tree. */
export function makeCopy(): void {
  removeCopy();
  for (const path of repositoryFiles()) cpSync(join(root, path), join(copy, path));
  for (const folder of packageFolders()) {
    const link = join(copy, "node_modules", manifest(folder).name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(copy, folder), link, "junction");
  }
  const command = join(copy, "node_modules", ".bin", "unspool");
  mkdirSync(dirname(command), { recursive: true });
  symlinkSync(join(copy, "packages", "cli", "bin", "unspool.js"), command);
}

export function removeCopy(): void {
  rmSync(copy, { recursive: true, force: true });
}

/** Writes texts by their paths from the root. */
export function writeIntoCopy(texts: ReadonlyMap<string, string>): void {
  for (const [path, text] of texts) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    writeFileSync(join(copy, path), text);
  }
}

/** Runs a line of shell in a folder of the copy; `npx` finds the tree's tools. Gives what it printed, or throws it if it did not go well. */
export async function run(command: string, folder = "."): Promise<string> {
  // A test runner inside of a test runner begins anew.
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:VITEST|NODE_ENV$|TEST$)/.test(name));
  const path = [
    join(copy, "node_modules", ".bin"),
    join(root, "node_modules", ".bin"),
    process.env["PATH"],
  ].join(":");
  const child = spawn(quiet(command.replace(/^npx /, "")), {
    cwd: join(copy, folder),
    shell: true,
    env: { ...Object.fromEntries(inherited), PATH: path, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw new Error(`in ${folder} of the copy, ${command}: exit code ${code}\n${said}`);
  return said;
}

/** Test runs print their failures only, not every test that `-t` leaves out. */
function quiet(command: string): string {
  return command.startsWith("vitest ") ? `${command} --reporter=dot` : command;
}
