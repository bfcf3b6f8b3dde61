/** Prints `N passed, N failed` from vitest's JSON report. A test file that does not load counts as one failure. */
import { existsSync, readFileSync } from "node:fs";

const [path] = process.argv.slice(2);
if (!existsSync(path)) {
  console.log("The tests did not run.");
  console.log("0 passed, 1 failed");
  process.exit(1);
}
const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(path, "utf8"));
const broken = testResults.filter(
  ({ status, assertionResults }) =>
    status === "failed" && !assertionResults.some((test) => test.status === "failed"),
);
for (const { name, message } of broken) console.log(`did not load: ${name}: ${message}`);
const failed = numFailedTests + broken.length;
console.log(`${numPassedTests} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
