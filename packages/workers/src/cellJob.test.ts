import { expect, test } from "vitest";
import { type CellJob, JobError, differences, queueOf, requireCellJob } from "./cellJob.ts";
import { queueUrl } from "./queueUrl.ts";

const needs = { unspool: "0.1.0", node: "v20.20.2", engine: "compiled", fma: true } as const;
const job: CellJob = {
  protocol: 1,
  study: "neuron-descent",
  config: { learningRate: 0.1 },
  seed: 3,
  cell: "rate-0.1",
  after: ["first"],
  needs,
  store: "0123456789abcdef",
};

test("a job goes through JSON as it is", () => {
  const file = { name: "study.ts", hash: "sha256:0123456789abcdef" };
  for (const each of [job, { ...job, file, checkpointEvery: 0.5, until: 3 }])
    expect(requireCellJob(JSON.parse(JSON.stringify(each)))).toEqual(each);
});

test.each([
  ["no record", 3],
  ["nothing", undefined],
  ["another protocol", { ...job, protocol: 2 }],
  ["an entry that nobody knows", { ...job, code: "process.exit()" }],
  ["a file outside of its folder", { ...job, file: { name: "../x.ts", hash: "sha256:0123456789abcdef" } }],
  ["a file without its hash", { ...job, file: { name: "x.ts" } }],
  ["a cell whose name leaves the folder", { ...job, cell: "../x" }],
  ["a seed that is none", { ...job, seed: 0.5 }],
  ["cells before it that are none", { ...job, after: [".."] }],
  ["a place to stop at that is none", { ...job, until: 0 }],
  ["another engine", { ...job, needs: { ...needs, engine: "mine" } }],
  ["a store of somebody else", { ...job, store: "*" }],
  ["no config", { ...job, config: undefined }],
  ["too much", { ...job, config: { text: "x".repeat(70_000) } }],
])("%s is refused", (_, given) => {
  expect(() => requireCellJob(given)).toThrow(JobError);
});

test("whoever differs has another queue, and is told in what", () => {
  const other = { ...needs, node: "v22.1.0", fma: false };
  expect(queueOf(other)).not.toBe(queueOf(needs));
  expect(queueOf({ ...needs })).toBe(queueOf(needs));
  expect(differences(needs, other)).toEqual([
    'node is "v20.20.2" there and "v22.1.0" here',
    "fma is true there and false here",
  ]);
});

test("checkpoints that are kept elsewhere make another queue, and are told in words", () => {
  const store = "s3://bucket at 10.0.0.1:9000";
  const elsewhere = { ...needs, store };
  expect(requireCellJob({ ...job, needs: elsewhere }).needs.store).toBe(store);
  expect(queueOf(elsewhere)).not.toBe(queueOf(needs));
  expect(queueOf({ ...needs, store: "folder 1" })).not.toBe(queueOf(elsewhere));
  expect(differences(elsewhere, needs)).toEqual([
    `checkpoints are kept in ${store} there and in the queue's server here: give both the same --store`,
  ]);
  expect(differences(elsewhere, { ...elsewhere })).toEqual([]);
});

test("an address in the environment is asked for by name, and missed by name", () => {
  const environment = { UNSPOOL_QUEUE: "redis://:s3cret@10.0.0.1" };
  expect(queueUrl("env", environment)).toBe(environment.UNSPOOL_QUEUE);
  expect(queueUrl("redis://x", environment)).toBe("redis://x");
  expect(queueUrl(undefined, environment)).toBeUndefined();
  expect(() => queueUrl("env", {})).toThrow(/UNSPOOL_QUEUE must be set/);
});
