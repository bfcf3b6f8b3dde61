/**
 * A small S3 on loopback for tests: PUT, GET, DELETE and the list of a prefix, two keys a page, in memory. It checks each
 * signature (AWS Signature Version 4) with node:crypto alone, from the published algorithm, not with the client's code.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";

export interface S3Server {
  url: string;
  /** By `/BUCKET/KEY`. */
  objects: Map<string, Buffer>;
  /** The next requests are answered so, one each. */
  failures: { status: number; code: string }[];
  /** Methods of the requests that were answered. */
  asked: string[];
  stop(): Promise<void>;
}

export const keys = { AWS_ACCESS_KEY_ID: "AKIATEST", AWS_SECRET_ACCESS_KEY: "s3cret+/key" } as const;

const pageSize = 2;
const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: string | Uint8Array, data: string): Buffer =>
  createHmac("sha256", key).update(data).digest();
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
/** As the algorithm has it: all but letters, digits, `-._~`. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** What is wrong with the signature of a request; undefined where nothing is. */
function wrongSignature({ method, url, headers }: IncomingMessage, body: Buffer): string | undefined {
  const form = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/; // prettier-ignore
  const [, id, day, region, signed, signature] = form.exec(headers.authorization ?? "") ?? [];
  if (id !== keys.AWS_ACCESS_KEY_ID) return "InvalidAccessKeyId";
  const date = String(headers["x-amz-date"]);
  const at = Date.parse(date.replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5"));
  if (!date.startsWith(day!) || !(Math.abs(at - Date.now()) < 900_000)) return "RequestTimeTooSkewed";
  const names = signed!.split(";");
  if (!["host", "x-amz-content-sha256", "x-amz-date"].every((name) => names.includes(name)))
    return "SignatureDoesNotMatch";
  if (headers["x-amz-content-sha256"] !== sha256(body)) return "XAmzContentSHA256Mismatch";
  const { pathname, searchParams } = new URL(url!, "http://x");
  const query = [...searchParams].map(([name, value]) => `${encoded(name)}=${encoded(value)}`).toSorted();
  const request = [
    method,
    pathname.split("/").map((part) => encoded(decodeURIComponent(part))).join("/"), // prettier-ignore
    query.join("&"),
    ...names.map((name) => `${name}:${String(headers[name]).trim()}`),
    "",
    signed,
    headers["x-amz-content-sha256"],
  ].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", date, scope, sha256(request)].join("\n");
  const key = [region!, "s3", "aws4_request"].reduce(hmac, hmac(`AWS4${keys.AWS_SECRET_ACCESS_KEY}`, day!));
  return timingSafeEqual(hmac(key, text), Buffer.from(signature!, "hex"))
    ? undefined
    : "SignatureDoesNotMatch";
}

function listOf(objects: Map<string, Buffer>, bucket: string, query: URLSearchParams): string {
  const [prefix = "", after = ""] = [query.get("prefix") ?? "", query.get("continuation-token") ?? ""];
  const root = `/${bucket}/`;
  const found = [...objects.keys()]
    .map((path) => path.slice(root.length))
    .filter((key) => key.startsWith(prefix) && key > after)
    .toSorted();
  const page = found.slice(0, pageSize);
  const contents = page.map((key) => `<Contents><Key>${escaped(key)}</Key></Contents>`).join("");
  const next = found.length > pageSize ? `<NextContinuationToken>${escaped(page.at(-1)!)}</NextContinuationToken>` : ""; // prettier-ignore
  return `<?xml version="1.0"?><ListBucketResult><Prefix>${escaped(prefix)}</Prefix>${contents}${next}</ListBucketResult>`;
}

/** With one bucket, `bucket`. */
export async function s3Server(): Promise<S3Server> {
  const objects = new Map<string, Buffer>();
  const failures: S3Server["failures"] = [];
  const asked: string[] = [];
  const refuse = (response: ServerResponse, status: number, code: string): void => {
    response.writeHead(status).end(`<Error><Code>${code}</Code><Message>said by the test</Message></Error>`);
  };
  const server = createServer((request, response) => {
    const parts: Uint8Array[] = [];
    request.on("data", (part: Uint8Array) => parts.push(part));
    request.on("end", () => {
      const body = Buffer.concat(parts);
      const failure = failures.shift();
      if (failure !== undefined) return refuse(response, failure.status, failure.code);
      const wrong = wrongSignature(request, body);
      if (wrong !== undefined) return refuse(response, 403, wrong);
      const { pathname, searchParams } = new URL(request.url!, "http://x");
      const path = decodeURIComponent(pathname);
      const bucket = path.split("/")[1]!;
      asked.push(request.method!);
      if (bucket !== "bucket") return refuse(response, 404, "NoSuchBucket");
      if (request.method === "GET" && searchParams.get("list-type") === "2")
        return void response.end(listOf(objects, bucket, searchParams));
      if (request.method === "PUT") {
        objects.set(path, body);
        return void response.end();
      }
      if (request.method === "DELETE") {
        objects.delete(path);
        return void response.writeHead(204).end();
      }
      const object = objects.get(path);
      if (object === undefined) refuse(response, 404, "NoSuchKey");
      else response.end(object);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    objects,
    failures,
    asked,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
