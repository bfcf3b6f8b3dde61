/**
 * `npm run test:numpy -- [--seeds 1,2,3] [--cases 10000] [--jobs 2] [--only NAME] [--case I]`: random functions, dtypes,
 * shapes, axes and small graphs, judged by NumPy. Exit 1 if anything is wrong. `--seed S --case I` replays one case; `--only NAME` takes one function alone;
 * `--record 200` writes the cases of `recorded.test.ts`.
 */
import { parseArgs } from "node:util";
import { record } from "./record.ts";
import { replay } from "./replay.ts";
import { run } from "./run.ts";
import { findPython } from "./python.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1,2,3" },
    seed: { type: "string" },
    cases: { type: "string", default: "10000" },
    from: { type: "string", default: "0" },
    case: { type: "string" },
    jobs: { type: "string", default: "2" },
    record: { type: "string" },
    only: { type: "string" },
    shrink: { type: "string", default: "6" },
    json: { type: "string" },
  },
});

const python = findPython();
if (python === undefined) {
  console.error(
    "test:numpy: no Python with NumPy was found. Install Debian's python3-numpy, or set PYTHON to an interpreter that has it.",
  );
  process.exitCode = 2;
} else if (values.record !== undefined) {
  console.log(`${await record(python, Number(values.seed ?? 1), Number(values.record))} cases recorded`);
} else if (values.case !== undefined) {
  process.exitCode = (await replay(python, Number(values.seed ?? 1), Number(values.case), values.only))
    ? 0
    : 1;
} else {
  const seeds = (values.seed ?? values.seeds).split(",").map(Number);
  const failures = await run(python, seeds, {
    from: Number(values.from),
    cases: Number(values.cases),
    jobs: Number(values.jobs),
    only: values.only,
    shrink: values.shrink,
    json: values.json,
  });
  process.exitCode = failures === 0 ? 0 : 1;
}
