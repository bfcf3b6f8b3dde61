/** `npm run docs:array`: writes docs/array.md, or says what the sources lack. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { arrayPage, pagePath, root } from "./page.ts";

const { text, lacks } = arrayPage();
writeFileSync(join(root, pagePath), text);
for (const lack of lacks) console.error(lack);
if (lacks.length > 0) process.exitCode = 1;
