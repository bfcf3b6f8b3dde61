/** `npm run docs:optimizers`: writes docs/optimizers.md, or says what the sources lack. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { optimizersPage, pagePath } from "./page.ts";
import { root } from "./sources.ts";

const { text, lacks } = await optimizersPage();
writeFileSync(join(root, pagePath), text);
for (const lack of lacks) console.error(lack);
if (lacks.length > 0) process.exitCode = 1;
