/**
 * Pieces of bytes in an S3-compatible store, by four requests: PUT, GET, DELETE and the list of a prefix. `aws4fetch`
 * signs them (AWS Signature Version 4), with the hash of what is sent. Who we are is told by the usual variables of the
 * environment only: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT_URL_S3.
 */
import { createHash } from "node:crypto";
import { AwsClient } from "aws4fetch";
import { OptionError, UnspoolError } from "unspool";
import { type BlobStore, BlobsAwayError, BlobsFullError } from "./blobStore.ts";

interface S3Address {
  bucket: string;
  /** Without slashes around it; may be empty. */
  prefix: string;
  region: string;
  /** Up to and without the first slash of a key. */
  base: string;
}

/** The store answers, and does not do what it is asked for. */
export class BlobsError extends UnspoolError {
  constructor(name: string, problem: string, details: Record<string, unknown> = {}) {
    super("STORE", `${name}: ${problem}`, { name, ...details });
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Tries of a request that got no answer, or that the store was too busy for. */
const tries = 5;
const firstPauseMs = 100;
/** A request of any size that takes longer is tried again. */
const patienceMs = 300_000;
/** What stores say that have no room (MinIO, Ceph, Garage). */
const fullCodes = ["XMinioStorageFull", "QuotaExceeded", "InsufficientStorage", "XAmzQuotaExceeded"];

/** Throws `OptionError` for another address, or where a variable is missing; `BlobsError` where the bucket is not ours, or nobody answers. */
export async function s3Blobs(address: string, env: Environment = process.env): Promise<BlobStore> {
  const { bucket, prefix, region, base } = s3Address(address, env);
  const [accessKeyId, secretAccessKey] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map((variable) => {
    const value = env[variable];
    if (value === undefined || value === "")
      throw new OptionError("s3Blobs", `the environment variable ${variable}`, value, "set", `${address} asks for it.`); // prettier-ignore
    return value;
  }) as [string, string];
  const sessionToken = env["AWS_SESSION_TOKEN"];
  const client = new AwsClient({
    ...{ accessKeyId, secretAccessKey, region, service: "s3" },
    ...(sessionToken !== undefined && sessionToken !== "" && { sessionToken }),
  });
  const name = `s3://${bucket}${prefix === "" ? "" : `/${prefix}`}`;
  const keyOf = (run: string, piece: string): string => [prefix, run, piece].filter((part) => part !== "").join("/"); // prettier-ignore
  const urlOf = (run: string, piece: string): string =>
    `${base}/${keyOf(run, piece).split("/").map(encodeURIComponent).join("/")}`;

  const ask = async (method: string, url: string, body?: Uint8Array): Promise<Response> => {
    const sha256 = createHash("sha256")
      .update(body ?? "")
      .digest("hex");
    for (let i = 1; ; i++) {
      const signed = await client.sign(url, {
        ...{ method, headers: { "X-Amz-Content-Sha256": sha256 } },
        ...(body && { body: Buffer.from(body) }),
      });
      const answer = await fetch(signed, { signal: AbortSignal.timeout(patienceMs) }).catch(
        (error: Error) => error,
      );
      const isBusy = answer instanceof Error || (answer.status >= 500 && answer.status !== 507) || answer.status === 429; // prettier-ignore
      if (!isBusy) return answer;
      if (i === tries) {
        if (!(answer instanceof Error)) return answer;
        const cause = answer.cause instanceof Error ? answer.cause.message : answer.message;
        throw new BlobsAwayError(`${name}: ${base} cannot be reached (${cause}). Does the store run there?`);
      }
      await new Promise((resolve) => setTimeout(resolve, firstPauseMs * 2 ** (i - 1)));
    }
  };
  const requireDone = async (answer: Response, doing: string): Promise<void> => {
    if (answer.ok) return void (await answer.arrayBuffer());
    throw await refusal(name, doing, answer);
  };
  const list = async (run: string): Promise<string[]> => {
    const within = `${keyOf(run, "")}/`;
    const found: string[] = [];
    for (let more: string | undefined = ""; more !== undefined;) {
      const query = new URLSearchParams({ "list-type": "2", prefix: within });
      if (more !== "") query.set("continuation-token", more);
      const answer = await ask("GET", `${base}/?${query}`);
      if (!answer.ok) throw await refusal(name, "listing", answer);
      const text = await answer.text();
      found.push(...entriesOf(text, "Key"));
      more = entriesOf(text, "NextContinuationToken")[0];
    }
    return found.map((key) => key.slice(within.length));
  };
  // Who may not list here, or has a clock that is wrong, hears it before the first cell.
  await list("none").catch((error: unknown) => {
    throw error instanceof BlobsAwayError ? new BlobsError(name, error.message) : error;
  });
  return {
    name,
    identity: `${name} at ${new URL(base).host}`,
    put: async (run, piece, bytes) => requireDone(await ask("PUT", urlOf(run, piece), bytes), "writing"),
    async get(run, piece) {
      const answer = await ask("GET", urlOf(run, piece));
      if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
      const error = await refusal(name, "reading", answer);
      if (error instanceof BlobsError && error.details["s3Code"] === "NoSuchKey") return undefined;
      throw error;
    },
    async remove(run, piece) {
      const answer = await ask("DELETE", urlOf(run, piece));
      if (answer.status !== 404) await requireDone(answer, "removing");
    },
    list,
  };
}

/** Throws `OptionError` for what is no such address. */
export function s3Address(address: string, env: Environment): S3Address {
  const wanted = "s3://BUCKET[/PREFIX][?endpoint=https://HOST[:PORT]&region=NAME]";
  const fail = (): never => {
    const told = address.replace(/\/\/[^/]*@/, "//…@");
    throw new OptionError("s3Blobs", "store", told, wanted, "Keys are set by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."); // prettier-ignore
  };
  const url = URL.canParse(address) ? new URL(address) : fail();
  const { hostname: bucket, searchParams, username, password } = url;
  const isKnown = [...searchParams.keys()].every((key) => ["endpoint", "region"].includes(key));
  if (!isKnown || username + password !== "" || !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) fail();
  const prefix = url.pathname.replace(/^\/+|\/+$/g, "");
  const parts = prefix === "" ? [] : prefix.split("/");
  if (parts.some((part) => !/^[\w.-]+$/.test(part) || /^\.+$/.test(part))) fail();
  const region = searchParams.get("region") ?? env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"] ?? "us-east-1";
  const endpoint = searchParams.get("endpoint") ?? env["AWS_ENDPOINT_URL_S3"] ?? env["AWS_ENDPOINT_URL"];
  if (endpoint !== undefined) {
    if (!/^https?:\/\/[^/?#@]+\/?$/.test(endpoint) || !URL.canParse(endpoint)) fail();
    return { bucket, prefix, region, base: `${endpoint.replace(/\/$/, "")}/${bucket}` };
  }
  // A bucket with dots has no certificate of its own.
  const base = bucket.includes(".")
    ? `https://s3.${region}.amazonaws.com/${bucket}`
    : `https://${bucket}.s3.${region}.amazonaws.com`;
  return { bucket, prefix, region, base };
}

async function refusal(name: string, doing: string, answer: Response): Promise<Error> {
  const text = await answer.text();
  const [s3Code = `HTTP ${answer.status}`] = entriesOf(text, "Code");
  const [said = ""] = entriesOf(text, "Message");
  if (answer.status === 507 || fullCodes.includes(s3Code)) return new BlobsFullError(`${s3Code}: ${said}`);
  const isOurs = [401, 403].includes(answer.status);
  const hint = isOurs ? " Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, the region, and this machine's clock." : ""; // prettier-ignore
  if (answer.status >= 500) return new BlobsAwayError(`${name}: ${doing} was not done (${s3Code}: ${said}).`);
  return new BlobsError(name, `${doing} was refused (${s3Code}${said === "" ? "" : `: ${said}`}).${hint}`, {
    s3Code,
    status: answer.status,
  });
}

/** What stands between `<tag>` and `</tag>`, each time. Names have no markup but the five entities. */
function entriesOf(xml: string, tag: string): string[] {
  const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return [...xml.matchAll(new RegExp(`<${tag}>([^<]*)</${tag}>`, "g"))].map(([, text]) =>
    text!.replace(/&(lt|gt|quot|apos|amp);/g, (_, entity: string) => entities[entity]!),
  );
}
