/**
 * `npm run typecheck`: the sources, and beside them the TypeScript in README and the how-to pages, which exists in memory only.
 * One program of both: what the pages import is checked once. (CONTRIBUTING's examples change files: `npm run
 * test:contributing` checks them in a copy of the tree.)
 */
import { dirname, join } from "node:path";
import ts from "typescript";
import { codeBlocks, pagesWithCode } from "../test/structure/markdown.ts";
import { root } from "../test/structure/repository.ts";

/** The code of the pages by the path that it would have. */
function documented(): Map<string, string> {
  const blocks = pagesWithCode.flatMap((page) =>
    codeBlocks(page).map(({ path, code }, i): [string, string] => [
      join(root, path ?? join("test", `${page.replace(/\W/g, "-")}-${i}.ts`)),
      // A script with imports only is a module, which top-level await wants.
      `${code}\nexport {};\n`,
    ]),
  );
  return new Map(blocks);
}

/** A host that has these files beside those of the disk. */
function hostWith(files: ReadonlyMap<string, string>, options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const { directoryExists, fileExists, readFile, getSourceFile } = host;
  const folders = new Set([...files.keys()].map(dirname));
  host.directoryExists = (path) => folders.has(path) || directoryExists!(path);
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path) ?? readFile(path);
  host.getSourceFile = (path, target, ...rest) => {
    const text = files.get(path);
    return text === undefined
      ? getSourceFile(path, target, ...rest)
      : ts.createSourceFile(path, text, target);
  };
  return host;
}

const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
const { options, fileNames, errors } = ts.parseJsonConfigFileContent(config, ts.sys, root);
const files = documented();
if (files.size === 0) throw new Error("no page has code");
const host = hostWith(files, options);
const program = ts.createProgram([...new Set([...fileNames, ...files.keys()])], options, host);
// Whoever reads a page makes no declaration files: what those want is asked of the sources only.
const isAsked = ({ file, code }: ts.Diagnostic): boolean =>
  file === undefined || !files.has(file.fileName) || code < 9000 || code > 9999;
const diagnostics = [...errors, ...ts.getPreEmitDiagnostics(program)].filter(isAsked);
const format = process.stdout.isTTY ? ts.formatDiagnosticsWithColorAndContext : ts.formatDiagnostics;
process.stdout.write(format(diagnostics, host));
if (diagnostics.length > 0) process.exitCode = 1;
