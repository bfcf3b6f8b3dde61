/** Folder and S3: alike, whole or not at all, and what they say where they refuse. */
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type S3Server, keys, s3Server } from "../testing/s3Server.ts";
import { type BlobStore, BlobsFullError, blobStore } from "./blobStore.ts";
import { s3Address, s3Blobs } from "./s3Blobs.ts";

const root = mkdtempSync(join(tmpdir(), "unspool-blobs-"));
let server: S3Server;
beforeAll(async () => void (server = await s3Server()));
afterAll(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});
const s3 = (secret: string = keys.AWS_SECRET_ACCESS_KEY): Promise<BlobStore> =>
  s3Blobs(`s3://bucket/some/prefix?endpoint=${server.url}`, { ...keys, AWS_SECRET_ACCESS_KEY: secret });
const kinds: [string, () => Promise<BlobStore>][] = [
  ["a folder", () => blobStore(join(root, "a", "b"))],
  ["S3", () => s3()],
];

describe.each(kinds)("%s", (_, open) => {
  test("gives back what it was given, lists it by run, and forgets it", async () => {
    const store = await open();
    const bytes = Uint8Array.from({ length: 70_000 }, (__, i) => (i * 7919) >> 3);
    const names = ["a.1", "b.2", "c.3", "d.4", "e.5"];
    for (const name of names) await store.put("run.cell-1", name, bytes.subarray(name.charCodeAt(0)));
    await store.put("run.cell-10", "f.6", new Uint8Array());
    const other = await open();
    expect(other.identity).toBe(store.identity);
    expect((await other.list("run.cell-1")).toSorted()).toEqual(names);
    expect(Buffer.from((await other.get("run.cell-1", "c.3"))!).equals(bytes.subarray(99))).toBe(true);
    expect(await other.get("run.cell-10", "f.6")).toHaveLength(0);
    expect(await other.get("run.cell-1", "f.6")).toBeUndefined();
    expect(await other.list("run")).toEqual([]);
    for (const name of [...names, "never"]) await store.remove("run.cell-1", name);
    await store.remove("run.cell-10", "f.6");
    expect([...(await store.list("run.cell-1")), ...(await store.list("run.cell-10"))]).toEqual([]);
  });
});

test("a folder is the same by another path, and leaves nothing but its id", async () => {
  const dir = join(root, "shared");
  const [first, second] = await Promise.all([blobStore(dir), blobStore(dir)]);
  symlinkSync(dir, join(root, "mounted"));
  const mounted = await blobStore(join(root, "mounted"));
  expect([second.identity, mounted.identity]).toEqual([first.identity, first.identity]);
  expect((await blobStore(join(root, "other"))).identity).not.toBe(first.identity);
  await first.put("run", "a.1", new Uint8Array(10));
  await first.remove("run", "a.1");
  expect(readdirSync(dir)).toEqual(["unspool-store.id"]);
  expect(existsSync(join(dir, "run"))).toBe(false);
});

test("S3 has keys with the prefix, signs what it sends, and is asked again while it is busy", async () => {
  const store = await s3();
  server.failures.push({ status: 503, code: "SlowDown" }, { status: 500, code: "InternalError" });
  await store.put("run", "a.1", new Uint8Array([1, 2, 3]));
  expect([...server.objects.keys()]).toEqual(["/bucket/some/prefix/run/a.1"]);
  await store.remove("run", "a.1");
});

test("S3 that refuses says why, and what to look at; a full one says that it is full", async () => {
  await expect(s3("another")).rejects.toThrow(
    /listing was refused \(SignatureDoesNotMatch.*AWS_SECRET_ACCESS_KEY/,
  );
  await expect(s3Blobs(`s3://elsewhere?endpoint=${server.url}`, keys)).rejects.toThrow(/NoSuchBucket/);
  const store = await s3();
  server.failures.push({ status: 507, code: "XMinioStorageFull" });
  await expect(store.put("run", "a.1", new Uint8Array(1))).rejects.toThrow(BlobsFullError);
  // A missing bucket is no missing checkpoint.
  server.failures.push({ status: 404, code: "NoSuchBucket" });
  await expect(store.get("run", "a.1")).rejects.toThrow(/reading was refused \(NoSuchBucket/);
});

test("an address is a bucket and a prefix, at AWS or at an endpoint", () => {
  const base = (address: string, env = {}): string => s3Address(address, env).base;
  expect(base("s3://my-bucket/x", { AWS_REGION: "eu-north-1" })).toBe("https://my-bucket.s3.eu-north-1.amazonaws.com"); // prettier-ignore
  expect(base("s3://my.bucket")).toBe("https://s3.us-east-1.amazonaws.com/my.bucket");
  expect(base("s3://bucket", { AWS_ENDPOINT_URL_S3: "http://10.0.0.1:9000/" })).toBe(
    "http://10.0.0.1:9000/bucket",
  );
  expect(s3Address("s3://bucket/a/b/", {}).prefix).toBe("a/b");
});

test.each([
  "s3://",
  "s3://bucket?region=x&other=1",
  "s3://key:secret@bucket",
  "s3://bucket/a//b",
  "s3://bucket?endpoint=ftp://x",
  "gs://bucket",
  " ",
])("%j is none", async (address) => {
  await expect(blobStore(address)).rejects.toThrow(/store must be .*s3:\/\/BUCKET/);
});

test("a secret in an address is not told", async () => {
  await expect(blobStore("s3://key:secret@bucket")).rejects.toThrow(/^(?!.*secret).*s3:/s);
});

test("without its keys S3 says which variable is missing", async () => {
  await expect(s3Blobs("s3://bucket", { AWS_ACCESS_KEY_ID: "x" })).rejects.toThrow(/AWS_SECRET_ACCESS_KEY must be set/); // prettier-ignore
});
