/**
 * Prints `N passed, N failed` from vitest's JSON report. A test file that does not load, or whose process died, counts as
 * one failure. A second report, of those files run again, stands for what they have in the first.
 *
 *     node .ci/totals.js REPORT [AGAIN]      the totals
 *     node .ci/totals.js --lost REPORT       files whose process died, if that is all that is wrong; a line each
 */
import { existsSync, readFileSync } from "node:fs";

const asksLost = process.argv[2] === "--lost";
const [path, again] = process.argv.slice(asksLost ? 3 : 2);
if (!existsSync(path)) {
  if (asksLost) process.exit(0);
  console.log("The tests did not run.");
  console.log("0 passed, 1 failed");
  process.exit(1);
}
const resultsIn = (file) => JSON.parse(readFileSync(file, "utf8")).testResults;
// A test that has neither passed nor failed, and was not left out.
const isLost = ({ assertionResults }) => assertionResults.some(({ status }) => status === "pending");
const isBroken = ({ status, assertionResults }) =>
  status === "failed" && !assertionResults.some((test) => test.status === "failed");
const count = (results, wanted) =>
  results.reduce(
    (sum, { assertionResults }) => sum + assertionResults.filter(({ status }) => status === wanted).length,
    0,
  );

const first = resultsIn(path);
const lost = first.filter(isLost);
if (asksLost) {
  const isElse = count(first, "failed") > 0 || first.some(isBroken);
  if (!isElse) for (const { name } of lost) console.log(name);
  process.exit(0);
}
for (const { name } of lost) console.log(`its process died: ${name}`);
const results =
  again === undefined || !existsSync(again)
    ? first
    : [...first.filter((file) => !isLost(file)), ...resultsIn(again)];
const broken = results.filter(isBroken);
for (const { name, message } of broken) console.log(`did not load: ${name}: ${message}`);
const failed = count(results, "failed") + broken.length + results.filter(isLost).length;
console.log(`${count(results, "passed")} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
