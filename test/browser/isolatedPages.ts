/**
 * Cross-origin-isolated pages in Chromium (path in CHROMIUM, default /usr/bin/chromium): shared memory and workers are
 * allowed there. The built library is found under its name.
 */
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { type Browser, type Page, chromium } from "playwright-core";
import ts from "typescript";
import { afterAll, beforeAll } from "vitest";

export const root: string = join(import.meta.dirname, "../..");

const empty = `<!doctype html><link rel="icon" href="data:,"><script type="importmap">{"imports":{
  "unspool": "/packages/unspool/dist/index.js",
  "unspool/engine": "/packages/unspool/dist/engine/index.js",
  "@jax-js/jax": "/node_modules/@jax-js/jax/dist/index.js"
}}</script>`;

/** A source file with its types stripped. */
export async function plainScript(path: string): Promise<string> {
  const { outputText } = ts.transpileModule(await readFile(path, "utf8"), {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2023,
      verbatimModuleSyntax: true,
    },
  });
  return outputText;
}

async function answer(path: string): Promise<{ body: string | Uint8Array; type: string }> {
  if (path === "/") return { body: empty, type: "text/html" };
  if (extname(path) === ".ts") return { body: await plainScript(join(root, path)), type: "text/javascript" };
  const type = extname(path) === ".js" ? "text/javascript" : "application/octet-stream";
  return { body: await readFile(join(root, path)), type };
}

/** For the tests of the calling file: opens an empty page, which may import all files of the repository. */
export function isolatedPages(): () => Promise<Page> {
  const server = createServer((request, response) => {
    answer(new URL(request.url!, "http://localhost").pathname).then(
      ({ body, type }) => {
        response.writeHead(200, {
          "content-type": type,
          "cross-origin-opener-policy": "same-origin",
          "cross-origin-embedder-policy": "require-corp",
        });
        response.end(body);
      },
      () => response.writeHead(404).end(),
    );
  });
  let browser: Browser;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    browser = await chromium.launch({
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
    });
  });
  afterAll(async () => {
    await browser?.close();
    server.close();
  });
  return async () => {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    return page;
  };
}
